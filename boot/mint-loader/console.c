// SPDX-License-Identifier: GPL-2.0
/*
 * mint console: connect the terminal with a node's console until the user
 * leaves or the node ends. Whatever the node prints and however slow the
 * terminal is, keyboard and signals are looked at: no file is waited for but
 * in terminal_wait(), and what was read is kept until it can be written.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <mint/dev.h>
#include "device.h"
#include "file.h"
#include "paths.h"
#include "plain.h"
#include "region.h"
#include "report.h"
#include "stream.h"
#include "tables.h"
#include "target.h"
#include "terminal.h"
#include "timing.h"
#include "util.h"
#include "verb.h"
#include "winsize.h"

#define ESCAPE		0x1d	/* Ctrl-] */
#define LEAVE		'q'
#define IDLE_MS		250	/* a node that hangs tells nothing: look */
#define FULL_MS		10	/* its input is full, or it is being fenced: try again */
#define FENCE_MS	1000	/* a fence takes no longer, a load may */

#define SHOWN_BYTES	4096
/* How much can be typed that a node does not take; a power of two. */
#define TYPED_BYTES	0x100000
/* So much is read, and sent, between two looks at everything else. */
#define TYPED_BATCH	256
#define SENT_BATCH	16
#define PART_BYTES	256

/**
 * struct session - one connection
 * @fd: the device, as the console of @node
 * @node: the node
 * @terminal: standard input is a terminal, so the escape is looked for
 * @typing: standard input is read
 * @escaped: the last byte typed was the escape
 * @user_left: the user typed the escape and LEAVE
 * @leave: the same, or nobody is there any more
 * @ended: the node has ended
 * @failed: what could not be done any more, or NULL
 * @error: and why
 * @history: no more than so many bytes to come were printed before we came
 * @plain: what shows them
 * @nr_shown: bytes of @shown
 * @shown: bytes on their way to standard output
 * @typed_head: bytes that were typed
 * @typed_tail: and of these the node has taken
 * @lost: bytes that were typed when @typed was full
 * @typed: bytes on their way to the node
 */
struct session {
	int fd;
	const struct node_view *node;
	bool terminal;
	bool typing;
	bool escaped;
	bool user_left;
	bool leave;
	bool ended;
	const char *failed;
	int error;
	size_t history;
	struct plain plain;
	size_t nr_shown;
	char shown[SHOWN_BYTES];
	size_t typed_head;
	size_t typed_tail;
	size_t lost;
	char typed[TYPED_BYTES];
};

static size_t nr_typed(const struct session *session)
{
	return session->typed_head - session->typed_tail;
}

/* Meant for the node, and not taken by it. */
static size_t nr_lost(const struct session *session)
{
	return session->lost + nr_typed(session);
}

static void keep_typed(struct session *session, char typed)
{
	if (nr_typed(session) < TYPED_BYTES)
		session->typed[session->typed_head++ % TYPED_BYTES] = typed;
	else
		session->lost++;
}

/* Passes a typed byte on, but for the escape; twice is the byte itself. */
static void take_typed(struct session *session, char typed)
{
	if (!session->escaped && session->terminal && typed == ESCAPE) {
		session->escaped = true;
		return;
	}
	if (session->escaped && typed == LEAVE) {
		session->user_left = true;
		session->leave = true;
		return;
	}
	if (session->escaped && typed != ESCAPE)
		keep_typed(session, ESCAPE);
	session->escaped = false;
	keep_typed(session, typed);
}

/*
 * A terminal is read whether or not the node takes what is typed: the escape
 * may come next. Other input waits, and so loses nothing.
 */
static bool reads_typed(const struct session *session)
{
	return session->typing && (session->terminal || nr_typed(session) < TYPED_BYTES);
}

static void fail_session(struct session *session, const char *what, int error)
{
	session->failed = what;
	session->error = error;
}

static bool readable(int fd)
{
	struct pollfd file = { .fd = fd, .events = POLLIN };

	return poll(&file, 1, 0) > 0;
}

/* Byte by byte: what follows the escape is for whoever reads the terminal next. */
static void read_typed(struct session *session)
{
	unsigned int batch = TYPED_BATCH;

	do {
		char typed;
		ssize_t n = read(STDIN_FILENO, &typed, 1);

		if (n > 0) {
			take_typed(session, typed);
		} else if (!n || (errno != EINTR && errno != EAGAIN)) {
			session->typing = false;
			session->leave = session->terminal;
			if (n && !session->terminal)
				fail_session(session, "standard input could not be read", errno);
		}
	} while (reads_typed(session) && !session->leave && --batch && readable(STDIN_FILENO));
}

static void send_typed(struct session *session)
{
	unsigned int batch = SENT_BATCH;
	ssize_t n = 1;

	while (n > 0 && nr_typed(session) && batch--) {
		size_t from = session->typed_tail % TYPED_BYTES;
		size_t part = TYPED_BYTES - from;

		if (part > nr_typed(session))
			part = nr_typed(session);
		/* Full, or the node has ended: read() will say so. */
		n = write(session->fd, session->typed + from, part);
		if (n > 0)
			session->typed_tail += n;
	}
}

/* Old output must not have the terminal type an answer: it comes as plain text. */
static void take_output(struct session *session, const char *text, size_t n)
{
	char *to = session->shown + session->nr_shown;
	size_t old = n < session->history ? n : session->history;
	size_t done = plain_text(&session->plain, text, old, to);

	memcpy(to + done, text + old, n - old);
	session->history -= old;
	session->nr_shown += done + n - old;
}

static void read_output(struct session *session)
{
	while (SHOWN_BYTES - session->nr_shown >= PART_BYTES + PLAIN_HELD_BYTES) {
		char text[PART_BYTES];
		ssize_t n = read(session->fd, text, sizeof(text));

		if (n <= 0) {
			session->ended = !n || (errno != EAGAIN && errno != EINTR);
			if (session->history && !readable(session->fd))
				session->history = 0;	/* all of it has been read */
			return;
		}
		take_output(session, text, n);
	}
}

/* Called when standard output takes something, or never will again. */
static void show_output(struct session *session)
{
	ssize_t n = write(STDOUT_FILENO, session->shown, session->nr_shown);

	if (n > 0) {
		session->nr_shown -= n;
		memmove(session->shown, session->shown + n, session->nr_shown);
	} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
		fail_session(session, "its output could not be written", errno);
	} else if (!session->nr_shown) {
		session->leave = true;
	}
}

static bool goes_on(const struct session *session)
{
	return !session->leave && !session->failed && !terminal_signal() &&
	       (!session->ended || session->nr_shown);
}

static void connect_both(struct session *session)
{
	read_output(session);
	while (goes_on(session)) {
		bool reading = !session->nr_shown;
		struct pollfd files[] = {
			{ .fd = reading ? session->fd : -1, .events = POLLIN },
			{ .fd = STDOUT_FILENO, .events = reading ? 0 : POLLOUT },
			{ .fd = reads_typed(session) ? STDIN_FILENO : -1, .events = POLLIN },
		};

		winsize_send(session->fd);
		terminal_wait(files, ARRAY_SIZE(files), nr_typed(session) ? FULL_MS : IDLE_MS);
		limit_waits(true);
		if (files[0].revents)
			read_output(session);
		if (files[1].revents)
			show_output(session);
		if (files[2].revents)
			read_typed(session);
		send_typed(session);
		limit_waits(false);
	}
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

/* On a terminal that takes nothing neither of these must keep us. */
static void say(const char *text)
{
	limit_waits(true);
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		errno = 0;	/* there is nowhere to tell it */
	limit_waits(false);
}

static int say_failure(const struct session *session)
{
	int code;

	fail_context("left the console of node '%s'", session->node->life.name);
	limit_waits(true);
	code = fail(MINT_EXIT_FAILED, "%s: %s", session->failed, strerror(session->error));
	limit_waits(false);
	return code;
}

static void say_goodbye(const struct session *session, const struct node_view *now)
{
	size_t lost = nr_lost(session);
	const char *name = session->node->life.name;
	const char *how = "started again";
	char typed[128] = "", text[512];

	if (lost)
		snprintf(typed, sizeof(typed),
			 "\nmint: %zu bytes that were typed did not reach node '%s'", lost, name);
	if (!session->ended) {
		snprintf(text, sizeof(text), "%s\nmint: left the console of node '%s'\n", typed,
			 name);
		return say(text);
	}
	if (now->life.generation == session->node->life.generation)
		how = node_state_name(now);
	snprintf(text, sizeof(text), "%s\nmint: node '%s' has ended: %s. Try: mint log %s\n",
		 typed, name, how, name);
	say(text);
}

static int result(const struct session *session, const struct node_view *now)
{
	/* A reader that has seen enough is no error. */
	if (session->failed && session->error != EPIPE)
		return say_failure(session);
	say_goodbye(session, now);
	/* A user sees what became of his typing, a script sees this. */
	if (terminal_signal() || (nr_lost(session) && !session->terminal))
		return MINT_EXIT_FAILED;
	return MINT_EXIT_OK;
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
	static struct session session;
	struct node_view now = *node;
	int code;

	session.fd = region->fd;
	session.node = node;
	code = device_node(region, MINT_IOC_CONSOLE, node, NULL);
	if (code)
		return code;
	if (fcntl(session.fd, F_SETFL, fcntl(session.fd, F_GETFL) | O_NONBLOCK))
		return fail(MINT_EXIT_FAILED, MINT_DEVICE ": %m");
	session.history = MINT_CONSOLE_OUT_BYTES;
	session.plain.utf8 = output_takes_utf8();
	say_hello(node, input);
	session.terminal = terminal_take();
	session.typing = session.terminal || input;
	connect_both(&session);
	if (session.ended)
		look_behind_the_fence(region, node->id, &now);
	/* What was typed for the node is not meant for the shell that comes next. */
	terminal_give_back(!session.user_left);
	return result(&session, &now);
}

static int print_history(const struct region *region, const struct node_view *node)
{
	struct plain plain = { .utf8 = output_takes_utf8() };
	const struct mint_stream *stream;
	struct stream_look look;
	struct buffer text;
	char *shown;
	size_t room;
	int code;

	stream = stream_find(region, MINT_SECTION_CONSOLES, node->id, &room);
	if (!stream || !stream_look(stream, room, &look))
		return stream_failed(stream);
	code = stream_copy(stream, &look, look.start, look.head, &text);
	if (code)
		return code;
	shown = malloc(text.bytes + PLAIN_HELD_BYTES);
	if (shown)
		fwrite(shown, 1, plain_text(&plain, (char *)text.data, text.bytes, shown), stdout);
	else
		code = fail(MINT_EXIT_FAILED, "no memory for %zu bytes of text", text.bytes);
	free(shown);
	free(text.data);
	stream_age(node);
	return code ? code : finish_output();
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
