// SPDX-License-Identifier: GPL-2.0
/*
 * Where the user looks at a text that changes. A terminal shows the last one, drawn
 * over the one before; to anything else they are written one after the other. On a
 * terminal nothing waits but terminal_wait(): keys and signals are served however
 * slow it is. There is one display.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "display.h"
#include "report.h"
#include "terminal.h"
#include "timing.h"
#include "util.h"

#define LEAVE		'q'
#define HOME		"\033[H"
#define CLEAR_LINE	"\033[K"
#define CLEAR_REST	"\033[J"

/*
 * What is shown, whether it is drawn on a terminal, whether the user has keys there,
 * whether he wants no more, and the errno of an output that failed.
 */
static char *shown;
static bool drawn;
static bool keys;
static bool over;
static int error;

/**
 * display_open() - begin to show
 *
 * display_close() is due.
 */
void display_open(void)
{
	drawn = isatty(STDOUT_FILENO);
	if (drawn)
		keys = terminal_take(true);
}

/**
 * display_draws() - is it a terminal, where a text replaces the last one?
 */
bool display_draws(void)
{
	return drawn;
}

/**
 * display_is_over() - is there nobody to show more to?
 *
 * Return: true after the key q, a signal that ends the command, or a failure.
 */
bool display_is_over(void)
{
	return over || error || terminal_signal();
}

static void read_key(void)
{
	ssize_t n;
	char key;

	limit_waits(true);
	n = read(STDIN_FILENO, &key, 1);
	limit_waits(false);
	if (n > 0 ? key == LEAVE : !n || (errno != EINTR && errno != EAGAIN))
		over = true;
}

/* Waits for room on the terminal if @writes, and for keys. Returns whether there is room. */
static bool wait_terminal(bool writes, unsigned int timeout_ms)
{
	struct pollfd files[] = {
		{ .fd = writes ? STDOUT_FILENO : -1, .events = POLLOUT },
		{ .fd = keys ? STDIN_FILENO : -1, .events = POLLIN },
	};

	terminal_wait(files, ARRAY_SIZE(files), timeout_ms);
	if (files[1].revents)
		read_key();
	return files[0].revents;
}

static void write_out(const char *text, size_t bytes)
{
	while (bytes && !display_is_over()) {
		ssize_t n;

		if (!wait_terminal(true, HANG_LOOK_MS))
			continue;
		limit_waits(true);
		n = write(STDOUT_FILENO, text, bytes);
		limit_waits(false);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			error = errno;
		if (n > 0) {
			text += n;
			bytes -= n;
		}
	}
}

/* What has no room on the terminal is cut off: a line that wraps would scroll it. */
static void print_cut(FILE *to, const char *text)
{
	struct winsize size = { 0 };
	unsigned int line;

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	fputs(HOME, to);
	for (line = 1; *text && (!size.ws_row || line < size.ws_row); line++) {
		int bytes = strcspn(text, "\n");
		int columns = size.ws_col && bytes > size.ws_col ? size.ws_col : bytes;

		fprintf(to, "%.*s" CLEAR_LINE "\n", columns, text);
		text += bytes + (text[bytes] == '\n');
	}
	fputs(CLEAR_REST, to);
}

static void draw(void)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (to) {
		print_cut(to, shown);
		fclose(to);
	}
	if (text)
		write_out(text, bytes);
	free(text);
}

/**
 * display_show() - show a text in place of the last one
 * @text: lines; freed when it is shown no more
 */
void display_show(char *text)
{
	free(shown);
	shown = text;
	if (drawn) {
		terminal_resized();	/* what comes is drawn for its present size */
		draw();
		return;
	}
	fputs(text, stdout);
	if (fflush(stdout))
		error = errno;
}

/**
 * display_wait() - leave the user with what is shown
 * @until_ms: until now_ms() is so much, or display_is_over()
 */
void display_wait(__u64 until_ms)
{
	__u64 now = now_ms();

	while (now < until_ms && !display_is_over()) {
		wait_terminal(false, until_ms - now);
		if (drawn && shown && terminal_resized())
			draw();
		now = now_ms();
	}
}

/**
 * display_close() - end the display, and set the terminal back
 *
 * Return: an enum mint_exit. A reader that has seen enough is no error.
 */
int display_close(void)
{
	if (drawn)
		terminal_give_back(false);
	free(shown);
	shown = NULL;
	if (error && error != EPIPE)
		return fail(MINT_EXIT_FAILED, "the result could not be written: %s",
			    strerror(error));
	return terminal_signal() ? MINT_EXIT_FAILED : MINT_EXIT_OK;
}
