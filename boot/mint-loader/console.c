// SPDX-License-Identifier: GPL-2.0
/*
 * mint console: connect the terminal with a node's console until the user
 * leaves or the node ends. Keyboard and signals are served however much the
 * node prints and however slow the terminal is: nothing waits but
 * terminal_wait(), and what was read is kept until it can be written.
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
#include "node.h"
#include "paths.h"
#include "plain.h"
#include "region.h"
#include "report.h"
#include "stream.h"
#include "target.h"
#include "terminal.h"
#include "timing.h"
#include "util.h"
#include "verb.h"
#include "winsize.h"

#define ESCAPE		0x1d	/* Ctrl-] */
#define LEAVE		'q'
#define FENCE_MS	1000	/* a fence takes no longer, a load may */

#define SHOWN_BYTES	4096
/* How much typing is kept for a node that takes none; a power of two. */
#define TYPED_BYTES	0x100000
/* The most that one round of the loop reads, and sends. */
#define TYPED_BATCH	256
#define SENT_BATCH	16
#define PART_BYTES	256

static struct {
	bool history;
	bool input;
} options;

static const struct verb_option option_table[] = {
	{ .name = "history", .help = "print what the console has shown, and leave",
	  .set = &options.history },
	{ .name = "input", .letter = 'i', .set = &options.input,
	  .help = "type what standard input has, though it is no terminal" },
	{ }
};

/**
 * struct connection - a user's terminal at a node's console
 * @fd: the device, as the console of @node
 * @node: the node
 * @terminal: standard input is a terminal, so the escape is looked for
 * @typing: standard input is read
 * @escaped: the last byte typed was the escape
 * @user_left: the user typed the escape and LEAVE
 * @leave: the same, or nobody is there any more
 * @ended: the node has ended
 * @failed: what could not be done any more, or NULL
 * @error: the errno of that
 * @history: of the bytes to come, how many may be older than the connection
 * @plain: makes plain text of these
 * @nr_shown: bytes of @shown
 * @shown: bytes on their way to standard output
 * @typed_head: bytes that were typed
 * @typed_tail: and of these the node has taken
 * @lost: bytes that were typed when @typed was full
 * @typed: bytes on their way to the node
 */
struct connection {
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

static size_t nr_typed(const struct connection *connection)
{
	return connection->typed_head - connection->typed_tail;
}

/* Meant for the node, and not taken by it. */
static size_t nr_lost(const struct connection *connection)
{
	return connection->lost + nr_typed(connection);
}

static void keep_typed(struct connection *connection, char typed)
{
	if (nr_typed(connection) < TYPED_BYTES)
		connection->typed[connection->typed_head++ % TYPED_BYTES] = typed;
	else
		connection->lost++;
}

/* Passes a typed byte on, but for the escape; twice is the byte itself. */
static void take_typed(struct connection *connection, char typed)
{
	if (!connection->escaped && connection->terminal && typed == ESCAPE) {
		connection->escaped = true;
		return;
	}
	if (connection->escaped && typed == LEAVE) {
		connection->user_left = true;
		connection->leave = true;
		return;
	}
	if (connection->escaped && typed != ESCAPE)
		keep_typed(connection, ESCAPE);
	connection->escaped = false;
	keep_typed(connection, typed);
}

/*
 * A terminal is read whether or not the node takes what is typed: the escape
 * may come next. Other input waits, and so loses nothing.
 */
static bool reads_typed(const struct connection *connection)
{
	return connection->typing && (connection->terminal || nr_typed(connection) < TYPED_BYTES);
}

static void fail_connection(struct connection *connection, const char *what, int error)
{
	connection->failed = what;
	connection->error = error;
}

static bool readable(int fd)
{
	struct pollfd file = { .fd = fd, .events = POLLIN };

	return poll(&file, 1, 0) > 0;
}

/* Byte by byte: what follows the escape is for whoever reads the terminal next. */
static void read_typed(struct connection *connection)
{
	unsigned int batch = TYPED_BATCH;

	do {
		char typed;
		ssize_t n = read(STDIN_FILENO, &typed, 1);

		if (n > 0) {
			take_typed(connection, typed);
		} else if (!n || (errno != EINTR && errno != EAGAIN)) {
			connection->typing = false;
			connection->leave = connection->terminal;
			if (n && !connection->terminal)
				fail_connection(connection, "standard input could not be read",
						errno);
		}
	} while (reads_typed(connection) && !connection->leave && --batch &&
		 readable(STDIN_FILENO));
}

static void send_typed(struct connection *connection)
{
	unsigned int batch = SENT_BATCH;
	ssize_t n = 1;

	while (n > 0 && nr_typed(connection) && batch--) {
		size_t from = connection->typed_tail % TYPED_BYTES;
		size_t part = TYPED_BYTES - from;

		if (part > nr_typed(connection))
			part = nr_typed(connection);
		/* Full, or the node has ended: read() will say so. */
		n = write(connection->fd, connection->typed + from, part);
		if (n > 0)
			connection->typed_tail += n;
	}
}

/* Old output must not have the terminal type an answer: it comes as plain text. */
static void take_output(struct connection *connection, const char *text, size_t n)
{
	char *to = connection->shown + connection->nr_shown;
	size_t old = n < connection->history ? n : connection->history;
	size_t done = plain_text(&connection->plain, text, old, to);

	memcpy(to + done, text + old, n - old);
	connection->history -= old;
	connection->nr_shown += done + n - old;
}

static void read_output(struct connection *connection)
{
	while (SHOWN_BYTES - connection->nr_shown >= PART_BYTES + PLAIN_HELD_BYTES) {
		char text[PART_BYTES];
		ssize_t n = read(connection->fd, text, sizeof(text));

		if (n <= 0) {
			connection->ended = !n || (errno != EAGAIN && errno != EINTR);
			if (connection->history && !readable(connection->fd))
				connection->history = 0;	/* all of it has been read */
			return;
		}
		take_output(connection, text, n);
	}
}

/* Called when standard output takes bytes, or has failed for good. */
static void show_output(struct connection *connection)
{
	ssize_t n = write(STDOUT_FILENO, connection->shown, connection->nr_shown);

	if (n > 0) {
		connection->nr_shown -= n;
		memmove(connection->shown, connection->shown + n, connection->nr_shown);
	} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
		fail_connection(connection, "its output could not be written", errno);
	} else if (!connection->nr_shown) {
		connection->leave = true;
	}
}

static bool goes_on(const struct connection *connection)
{
	return !connection->leave && !connection->failed && !terminal_signal() &&
	       (!connection->ended || connection->nr_shown);
}

static void connect_both(struct connection *connection)
{
	read_output(connection);
	while (goes_on(connection)) {
		bool reading = !connection->nr_shown;
		struct pollfd files[] = {
			{ .fd = reading ? connection->fd : -1, .events = POLLIN },
			{ .fd = STDOUT_FILENO, .events = reading ? 0 : POLLOUT },
			{ .fd = reads_typed(connection) ? STDIN_FILENO : -1, .events = POLLIN },
		};

		winsize_send(connection->fd);
		terminal_wait(files, ARRAY_SIZE(files),
			      nr_typed(connection) ? POLL_MS : HANG_LOOK_MS);
		limit_waits(true);
		if (files[0].revents)
			read_output(connection);
		if (files[1].revents)
			show_output(connection);
		if (files[2].revents)
			read_typed(connection);
		send_typed(connection);
		limit_waits(false);
	}
}

/* What ends a node fences it first: some 10 ms for each CPU. */
static void look_behind_the_fence(const struct region *region, __u32 node,
				  struct node_view *now)
{
	__u64 deadline = now_ms() + FENCE_MS;

	node_read(region, node, now);
	while (now->life.life == MINT_LIFE_LOADING && now_ms() < deadline) {
		pause_ms(POLL_MS);
		node_read(region, node, now);
	}
}

/* This and the next give up on a terminal that takes nothing. */
static void print_message(const char *text)
{
	limit_waits(true);
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		errno = 0;	/* there is nowhere to tell it */
	limit_waits(false);
}

static int say_failure(const struct connection *connection)
{
	int code;

	fail_context("left the console of node '%s'", connection->node->life.name);
	limit_waits(true);
	code = fail(MINT_EXIT_FAILED, "%s: %s", connection->failed, strerror(connection->error));
	limit_waits(false);
	return code;
}

static void say_goodbye(const struct connection *connection, const struct node_view *now)
{
	size_t lost = nr_lost(connection);
	const char *name = connection->node->life.name;
	const char *how = "started again";
	char typed[128] = "", text[512];

	if (lost)
		snprintf(typed, sizeof(typed),
			 "\nmint: %zu bytes that were typed did not reach node '%s'", lost, name);
	if (!connection->ended) {
		snprintf(text, sizeof(text), "%s\nmint: left the console of node '%s'\n", typed,
			 name);
		print_message(text);
		return;
	}
	if (now->life.generation == connection->node->life.generation)
		how = node_state_name(now);
	snprintf(text, sizeof(text), "%s\nmint: node '%s' has ended: %s. Try: mint log %s\n",
		 typed, name, how, name);
	print_message(text);
}

static int take_leave(const struct connection *connection, const struct node_view *now)
{
	/* A reader that has seen enough is no error. */
	if (connection->failed && connection->error != EPIPE)
		return say_failure(connection);
	say_goodbye(connection, now);
	/* A user sees what became of his typing, a script sees this. */
	if (terminal_signal() || (nr_lost(connection) && !connection->terminal))
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

static int connect_terminal(const struct region *region, const struct node_view *node, bool input)
{
	static struct connection connection;
	struct node_view now = *node;
	int code;

	connection.fd = region->fd;
	connection.node = node;
	code = device_call(region, MINT_IOC_CONSOLE, node, NULL);
	if (code)
		return code;
	if (fcntl(connection.fd, F_SETFL, fcntl(connection.fd, F_GETFL) | O_NONBLOCK))
		return fail(MINT_EXIT_FAILED, MINT_DEVICE ": %m");
	connection.history = MINT_CONSOLE_OUT_BYTES;
	connection.plain.utf8 = output_takes_utf8();
	say_hello(node, input);
	connection.terminal = terminal_take(false);
	connection.typing = connection.terminal || input;
	connect_both(&connection);
	if (connection.ended)
		look_behind_the_fence(region, node->id, &now);
	/* What was typed for the node is not meant for the shell that comes next. */
	terminal_give_back(!connection.user_left);
	return take_leave(&connection, &now);
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

static int console(struct target *target)
{
	const struct node_view *node = target->node;

	if (options.history)
		return print_history(&target->region, node);
	if (!node->life.generation || node->life.life == MINT_LIFE_CREATED)
		return fail(MINT_EXIT_STATE, "it was never started. Try: mint start %s",
			    node->life.name);
	return connect_terminal(&target->region, node, options.input);
}

static int cmd_console(const struct call *call)
{
	fail_context("cannot open the console of node '%s'", call->operand);
	return with_node(call, console);
}

const struct verb verb_console = {
	.name = "console",
	.operand = "NODE",
	.summary = "connect the terminal with a node's console",
	.options = option_table,
	.reads_saved = true,
	.prints = true,
	.run = cmd_console,
};
