// SPDX-License-Identifier: GPL-2.0
/*
 * The user's terminal while the command has it: raw for a console, or with keys that
 * come one by one and unseen; and set back whatever ends or stops the command. Signals
 * are let in by terminal_wait(), so that none is missed just before it waits, and where
 * the shell may stop us, so that they can end a stopped command. What was ignored from
 * the start stays ignored.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <mint/atomic.h>
#include "signals.h"
#include "terminal.h"
#include "timing.h"
#include "util.h"

#define QUIET_MS	50	/* a paste has ended when nothing comes for this long */
#define DISCARD_MS	2000	/* the longest that one is discarded */

static bool is_terminal;
static bool keys_only;
static struct termios saved;
static sigset_t while_waiting;

/* Set by the signal handler. */
static int ended_by;
static int stopped;
static int continued;
/* At first its size is news. */
static int resized = 1;

static void on_signal(int number)
{
	if (number == SIGTSTP)
		mint_store(&stopped, 1);
	else if (number == SIGCONT)
		mint_store(&continued, 1);
	else if (number == SIGWINCH)
		mint_store(&resized, 1);
	else
		mint_store(&ended_by, number);
}

static void catch_signals(void)
{
	static const int numbers[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH,
	};
	sigset_t block;
	unsigned int i;

	sigemptyset(&block);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		signal_catch(numbers[i], on_signal);
		sigaddset(&block, numbers[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &block, &while_waiting);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		sigdelset(&while_waiting, numbers[i]);
}

/*
 * Nothing here waits for the output to drain: the line may be slow, or stand
 * still. In the background tcsetattr() stops us until the shell brings us to the
 * foreground; a signal that ends the command ends the attempt.
 */
static void set_raw(void)
{
	struct termios raw = saved;
	sigset_t blocked;

	if (!is_terminal)
		return;
	if (keys_only)
		raw.c_lflag &= ~(ICANON | ECHO);
	else
		cfmakeraw(&raw);
	sigprocmask(SIG_SETMASK, &while_waiting, &blocked);
	while (!mint_load(&ended_by) && tcsetattr(STDIN_FILENO, TCSANOW, &raw) && errno == EINTR)
		continue;
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/* The terminal is somebody else's then, who has set it as he likes. */
static bool in_background(void)
{
	pid_t foreground = tcgetpgrp(STDIN_FILENO);

	return foreground > 0 && foreground != getpgrp();
}

/**
 * terminal_take() - take the terminal, and the signals
 * @keys: only for keys, which come one by one and unseen: signals and output are
 *	made by the terminal as before; false: for all bytes
 *
 * Return: whether standard input is a terminal at all.
 */
bool terminal_take(bool keys)
{
	keys_only = keys;
	catch_signals();
	is_terminal = !tcgetattr(STDIN_FILENO, &saved);
	set_raw();
	return is_terminal;
}

/* Not all of it need be there yet: the rest of a paste may be on its way. */
static void discard_input(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	__u64 deadline = now_ms() + DISCARD_MS;

	do {
		tcflush(STDIN_FILENO, TCIFLUSH);
	} while (poll(&input, 1, QUIET_MS) > 0 && input.revents == POLLIN && now_ms() < deadline);
}

/**
 * terminal_give_back() - set the terminal back
 * @discard: drop what was typed and not read, and what is being typed, unseen
 */
void terminal_give_back(bool discard)
{
	if (!is_terminal || in_background())
		return;
	if (discard)
		discard_input();
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

/* Whoever reads the terminal while we are stopped finds it as it was. */
static void stop_here(void)
{
	sigset_t stop;

	terminal_give_back(false);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	signal(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	signal_catch(SIGTSTP, on_signal);
	set_raw();
}

/* ppoll() lets none in while a file is ready. */
static void look_for_signals(void)
{
	sigset_t blocked;

	sigprocmask(SIG_SETMASK, &while_waiting, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/**
 * terminal_wait() - wait for files or for a signal
 * @files: as for poll()
 * @nr: how many
 * @timeout_ms: how long
 *
 * Return: what poll() returned, or 0 once a signal has ended the command;
 * @files' revents are 0 unless it is positive.
 */
int terminal_wait(struct pollfd *files, unsigned int nr, unsigned int timeout_ms)
{
	const struct timespec wait = span_of_ms(timeout_ms);
	int got = ppoll(files, nr, &wait, &while_waiting);
	unsigned int i;

	look_for_signals();
	if (mint_load(&stopped)) {
		mint_store(&stopped, 0);
		stop_here();
	}
	/*
	 * SIGSTOP, of which no program is told, may have left the terminal to
	 * somebody else; and in the background no SIGWINCH comes.
	 */
	if (mint_load(&continued)) {
		mint_store(&continued, 0);
		set_raw();
		mint_store(&resized, 1);
	}
	/* The terminal may be somebody else's by now: to read it would stop us again. */
	if (mint_load(&ended_by))
		got = 0;
	for (i = 0; got <= 0 && i < nr; i++)
		files[i].revents = 0;
	return got;
}

/**
 * terminal_signal() - has a signal come that ends the command?
 *
 * Return: its number, or 0.
 */
int terminal_signal(void)
{
	return mint_load(&ended_by);
}

/**
 * terminal_resized() - is the terminal's size news?
 *
 * Return: true at first, and once after each change or stop.
 */
bool terminal_resized(void)
{
	if (!mint_load(&resized))
		return false;
	mint_store(&resized, 0);
	return true;
}
