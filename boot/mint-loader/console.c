// SPDX-License-Identifier: GPL-2.0
/*
 * mint console: connect the terminal with a node's console until the user
 * leaves or the node ends. The terminal is in raw mode meanwhile, and there is
 * one way out of the loop, signals included, on which it is set back.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "mint.h"

#define ESCAPE		0x1d	/* Ctrl-] */
#define LEAVE		'q'
#define IDLE_MS		250	/* a node that hangs tells nothing: look */
#define FULL_MS		10	/* its input is full, or it is being fenced: try again */
#define FENCE_MS	1000	/* a fence takes no longer, a load may */

/**
 * struct session - one connection
 * @fd: the device, as the console of @node
 * @node: the node
 * @terminal: standard input is a terminal, so the escape is looked for
 * @saved: how the terminal was
 * @stdin_open: standard input is read, and has not ended
 * @escaped: the last byte typed was the escape
 * @leave: the user typed the escape and LEAVE
 * @nr_pending: bytes of @pending that the node has not taken
 * @pending: bytes on their way to the node
 */
struct session {
	int fd;
	const struct node_view *node;
	bool terminal;
	struct termios saved;
	bool stdin_open;
	bool escaped;
	bool leave;
	size_t nr_pending;
	char pending[512];
};

/* Written by the signal handler alone. */
static int stopped_by;

static void on_signal(int number)
{
	mint_store(&stopped_by, number);
}

/* Blocked except inside ppoll(), so that none is missed before it waits. */
static void catch_signals(sigset_t *while_waiting)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;
	unsigned int i;

	sigemptyset(&block);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&block, numbers[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &block, while_waiting);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		sigdelset(while_waiting, numbers[i]);
}

static void terminal_raw(struct session *session)
{
	struct termios raw;

	session->terminal = !tcgetattr(STDIN_FILENO, &session->saved);
	if (!session->terminal)
		return;
	raw = session->saved;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void terminal_restore(const struct session *session)
{
	if (session->terminal)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &session->saved);
}

/* Passes a typed byte on, but for the escape; twice is the byte itself. */
static void take_typed(struct session *session, char typed)
{
	if (!session->escaped && session->terminal && typed == ESCAPE) {
		session->escaped = true;
		return;
	}
	if (session->escaped && typed == LEAVE) {
		session->leave = true;
		return;
	}
	if (session->escaped && typed != ESCAPE)
		session->pending[session->nr_pending++] = ESCAPE;
	session->escaped = false;
	session->pending[session->nr_pending++] = typed;
}

static bool more_typed(void)
{
	struct pollfd typed = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&typed, 1, 0) > 0;
}

/* Byte by byte: what follows the escape is for whoever reads the terminal next. */
static void read_typed(struct session *session)
{
	do {
		char typed;
		ssize_t n = read(STDIN_FILENO, &typed, 1);

		if (n > 0)
			take_typed(session, typed);
		else if (!n || errno != EINTR)
			session->stdin_open = false;
		/* A byte after an escape may become two. */
	} while (session->stdin_open && !session->leave && more_typed() &&
		 session->nr_pending + 2 <= sizeof(session->pending));
}

static void send_pending(struct session *session)
{
	ssize_t n = write(session->fd, session->pending, session->nr_pending);

	if (n > 0) {
		session->nr_pending -= n;
		memmove(session->pending, session->pending + n, session->nr_pending);
	} else if (errno != EAGAIN && errno != EBUSY && errno != EINTR) {
		/* The node has ended: read() will say so. */
		session->nr_pending = 0;
	}
}

static bool write_out(const char *text, size_t n)
{
	while (n) {
		ssize_t put = write(STDOUT_FILENO, text, n);

		if (put < 0 && errno == EINTR && !mint_load(&stopped_by))
			continue;
		if (put <= 0)
			return false;
		text += put;
		n -= put;
	}
	return true;
}

/* Prints what there is. Returns false at the end of node or terminal. */
static bool print_output(struct session *session, int *code)
{
	char text[1024];
	ssize_t n;

	while ((n = read(session->fd, text, sizeof(text))) > 0) {
		if (!write_out(text, n)) {
			*code = MINT_EXIT_FAILED;
			return false;
		}
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	*code = n ? MINT_EXIT_FAILED : MINT_EXIT_OK;
	return false;
}

static int connect_both(struct session *session)
{
	sigset_t while_waiting;
	int code = MINT_EXIT_OK;

	catch_signals(&while_waiting);
	winsize_catch(&while_waiting);
	while (!session->leave && !mint_load(&stopped_by) && print_output(session, &code)) {
		bool typing = session->stdin_open && !session->nr_pending;
		const struct timespec wait = {
			.tv_nsec = (session->nr_pending ? FULL_MS : IDLE_MS) * 1000000,
		};
		struct pollfd files[] = {
			{ .fd = session->fd, .events = POLLIN },
			{ .fd = typing ? STDIN_FILENO : -1, .events = POLLIN },
		};

		winsize_send(session->fd);
		if (ppoll(files, ARRAY_SIZE(files), &wait, &while_waiting) > 0 &&
		    files[1].revents)
			read_typed(session);
		if (session->nr_pending)
			send_pending(session);
	}
	return mint_load(&stopped_by) ? MINT_EXIT_FAILED : code;
}

/* What ends a node fences it first: some 10 ms for each CPU. */
static void look_behind_the_fence(const struct region *region, __u32 node,
				  struct node_view *now)
{
	__u64 deadline = now_ms() + FENCE_MS;

	tables_node(region, node, now);
	while (now->life.life == MINT_LIFE_LOADING && now_ms() < deadline) {
		pause_ms(FULL_MS);
		tables_node(region, node, now);
	}
}

static void say_goodbye(const struct region *region, const struct session *session)
{
	const struct node_view *node = session->node;
	struct node_view now = *node;

	if (session->leave || mint_load(&stopped_by)) {
		fprintf(stderr, "\nmint: left the console of node '%s'\n", node->life.name);
		return;
	}
	look_behind_the_fence(region, node->id, &now);
	fprintf(stderr, "\nmint: node '%s' has ended: %s. Try: mint log %s\n", node->life.name,
		now.life.generation == node->life.generation ? node_state(&now) : "started again",
		node->life.name);
}

static void say_hello(const struct node_view *node, bool input)
{
	const char *how = "to leave it: Ctrl-] then q";

	if (!isatty(STDIN_FILENO))
		how = input ? "typing what standard input has" :
			"standard input is no terminal and not read. Try: --input";
	fprintf(stderr, "mint: console of node '%s' (%u); %s\n", node->life.name, node->id, how);
}

static int run_session(const struct region *region, const struct node_view *node, bool input)
{
	struct session session = { .fd = region->fd, .node = node };
	int code;

	code = device_node(region, MINT_IOC_CONSOLE, node, NULL);
	if (code)
		return code;
	if (fcntl(session.fd, F_SETFL, fcntl(session.fd, F_GETFL) | O_NONBLOCK))
		return fail(MINT_EXIT_FAILED, MINT_DEVICE ": %m");
	say_hello(node, input);
	terminal_raw(&session);
	session.stdin_open = session.terminal || input;
	code = connect_both(&session);
	terminal_restore(&session);
	say_goodbye(region, &session);
	return code;
}

static int print_history(const struct region *region, const struct node_view *node)
{
	const struct mint_stream *stream;
	struct stream_look look;
	struct buffer text;
	size_t room;
	int code;

	stream = stream_find(region, MINT_SECTION_CONSOLES, node->id, &room);
	if (!stream || !stream_look(stream, room, &look))
		return stream_failed(stream);
	code = stream_copy(stream, &look, look.start, look.head, &text);
	if (code)
		return code;
	if (isatty(STDOUT_FILENO))
		text_defuse((char *)text.data, text.bytes);
	fwrite(text.data, 1, text.bytes, stdout);
	free(text.data);
	stream_age(node);
	return finish_output();
}

static int console(const struct request *request, struct target *target)
{
	const struct node_view *node = target->node;

	if (request->history)
		return print_history(&target->region, node);
	if (!node->life.generation || node->life.life == MINT_LIFE_CREATED)
		return fail(MINT_EXIT_STATE, "it was never started. Try: mint start %s",
			    node->life.name);
	return run_session(&target->region, node, request->input);
}

/**
 * cmd_console() - the verb "console"
 * @request: the call
 */
int cmd_console(const struct request *request)
{
	fail_context("cannot open the console of node '%s'", request->operand);
	return with_node(request, console);
}
