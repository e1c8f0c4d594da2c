// SPDX-License-Identifier: GPL-2.0
/* How much a call receives, and what it leaves. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "calls.h"

#define SMALL		1000
#define LARGE		20000
#define NOTHING_MS	50

static void peeks(struct end *e)
{
	begin(e);
	if (e->actor) {
		say_result("nothing", take_some(e, SMALL, MSG_PEEK | MSG_DONTWAIT));
		meet(e);
		say_result("some", take_some(e, SMALL, MSG_PEEK) > 0);
		wait_inq(e->fd, 2 * SMALL);
		say_result("peek", take_some(e, SMALL, MSG_PEEK));
		say_result("peek all", take_some(e, 3 * SMALL, MSG_PEEK));
		say_result("peek and wait", take_some(e, 2 * SMALL, MSG_PEEK | MSG_WAITALL));
		say_result("recv", take_some(e, SMALL / 2, 0));
		say_result("peek the rest", take_some(e, 3 * SMALL, MSG_PEEK));
		say_result("recv", take_some(e, 3 * SMALL, 0));
		say_result("nothing", take_some(e, SMALL, MSG_PEEK | MSG_DONTWAIT));
		meet(e);
		say_result("end", take_some(e, SMALL, MSG_PEEK));
		say_result("end", take_some(e, SMALL, 0));
	} else {
		meet(e);
		send_all(e, SMALL);
		send_all(e, SMALL);
		meet(e);
		shutdown(e->fd, SHUT_WR);
	}
	meet(e);
}

/* It waits, and takes nothing. */
static void peek_wait_all(struct end *e)
{
	begin(e);
	if (e->actor) {
		tell(e, 0);
		say_result("in parts", take_some(e, 3 * SMALL, MSG_PEEK | MSG_WAITALL));
		say_result("again", take_some(e, 3 * SMALL, MSG_PEEK | MSG_WAITALL));
		set_option(e->fd, SOL_SOCKET, SO_PEEK_OFF, SMALL);
		tell(e, 0);
		e->taken += SMALL;
		say_result("behind some", take_some(e, 3 * SMALL, MSG_PEEK | MSG_WAITALL));
		e->taken += 3 * SMALL;
		tell(e, 0);
		say_result("what is new", take_some(e, 3 * SMALL, MSG_PEEK));
		say_result("up to the end", take_some(e, 3 * SMALL, MSG_PEEK | MSG_WAITALL));
		e->taken -= 4 * SMALL;
		say_result("recv", take_some(e, 6 * SMALL, MSG_WAITALL));
	} else {
		ask(e);
		send_all(e, SMALL);
		wait_ms(NOTHING_MS);
		send_all(e, 2 * SMALL);
		ask(e);
		wait_ms(NOTHING_MS);
		send_all(e, SMALL);
		ask(e);
		wait_ms(NOTHING_MS);
		send_all(e, SMALL);
		wait_outq(e->fd);
		wait_ms(NOTHING_MS);
		shutdown(e->fd, SHUT_WR);
	}
}

/* The first message comes by TCP, what follows by the lane, and both lie there. */
static void peek_border(struct end *e)
{
	begin_cold(e);
	if (e->actor) {
		meet(e);
		wait_inq(e->fd, 3 * SMALL);
		say_result("peek the first", take_some(e, SMALL, MSG_PEEK));
		say_result("peek all", take_some(e, 4 * SMALL, MSG_PEEK));
		say_result("peek and wait", take_some(e, 3 * SMALL, MSG_PEEK | MSG_WAITALL));
		say_result("recv", take_some(e, SMALL / 2, 0));
		say_result("peek", take_some(e, SMALL, MSG_PEEK));
		say_result("recv", take_some(e, 4 * SMALL, 0));
		say_result("nothing", take_some(e, SMALL, MSG_DONTWAIT));
	} else {
		send_all(e, SMALL);
		wait_outq(e->fd);
		send_all(e, SMALL);
		send_all(e, SMALL);
		meet(e);
	}
	meet(e);
	finish(e);
}

/* What goes by TCP again, and was read by nobody, is not joined to what went before. */
static void borders(struct end *e)
{
	begin_cold(e);
	if (e->actor) {
		set_option(e->fd, SOL_SOCKET, SO_OOBINLINE, 1);
		meet(e);
		wait_inq(e->fd, 4 * SMALL + 1);
		say_result("peek", take_some(e, SMALL, MSG_PEEK));
		say_result("up to the mark", take_some(e, 5 * SMALL, MSG_WAITALL));
		say_result("the rest", take_some(e, 5 * SMALL, 0));
	} else {
		send_all(e, SMALL);
		wait_outq(e->fd);
		send_all(e, SMALL);
		send_all(e, SMALL);
		say_result("urgent", send_some(e, 1, MSG_OOB));
		send_all(e, SMALL);
		meet(e);
	}
}

static void wait_all(struct end *e)
{
	begin(e);
	if (e->actor) {
		tell(e, 0);
		say_result("in parts", take_some(e, 2 * SMALL + LARGE, MSG_WAITALL));
		say_result("nothing", take_some(e, SMALL, MSG_WAITALL | MSG_DONTWAIT));
		say_result("nothing wanted", take_some(e, 0, MSG_DONTWAIT));
		meet(e);
		wait_inq(e->fd, SMALL);
		say_result("nothing wanted", take_some(e, 0, 0));
		say_result("what there is", take_some(e, 2 * SMALL, MSG_WAITALL | MSG_DONTWAIT));
		tell(e, 0);
		say_result("the lane and more", take_some(e, MAX_BYTES, MSG_WAITALL));
		say_result("up to the end", take_some(e, SMALL, MSG_WAITALL));
		say_result("end", take_some(e, SMALL, MSG_WAITALL));
	} else {
		ask(e);
		send_all(e, SMALL);
		wait_outq(e->fd);
		wait_ms(NOTHING_MS);
		send_all(e, SMALL);
		send_all(e, LARGE);
		meet(e);
		send_all(e, SMALL);
		ask(e);
		send_all(e, MAX_BYTES);
		send_all(e, SMALL / 2);
		shutdown(e->fd, SHUT_WR);
	}
}

static void truncate_bytes(struct end *e)
{
	begin(e);
	if (e->actor) {
		meet(e);
		wait_inq(e->fd, 3 * SMALL);
		say_result("peek", take_some(e, SMALL, MSG_TRUNC | MSG_PEEK));
		say_result("drop", take_some(e, SMALL, MSG_TRUNC));
		say_result("drop without memory", recv(e->fd, NULL, SMALL, MSG_TRUNC));
		e->taken += SMALL;
		say_result("the rest", take_some(e, 2 * SMALL, 0));
		say_result("nothing", take_some(e, SMALL, MSG_TRUNC | MSG_DONTWAIT));
	} else {
		meet(e);
		send_all(e, 3 * SMALL);
	}
	meet(e);
}

/* No bytes are lost where memory is not there. */
static void bad_memory(struct end *e)
{
	begin(e);
	if (e->actor) {
		meet(e);
		wait_inq(e->fd, SMALL);
		say_result("recv", recv(e->fd, (void *)8, SMALL, 0));
		say_result("bytes", take_some(e, 2 * SMALL, 0));
		say_result("send", send(e->fd, (void *)8, SMALL, MSG_NOSIGNAL));
		say_result("send nothing", send(e->fd, (void *)8, 0, MSG_NOSIGNAL));
	} else {
		meet(e);
		send_all(e, SMALL);
	}
	meet(e);
	say_result("nothing", take_some(e, SMALL, MSG_DONTWAIT));
	meet(e);
}

static void peek_offset(struct end *e)
{
	int value = -1;
	socklen_t length = sizeof(value);

	begin(e);
	if (e->actor) {
		meet(e);
		wait_inq(e->fd, 3 * SMALL);
		set_option(e->fd, SOL_SOCKET, SO_PEEK_OFF, SMALL / 2);
		e->taken += SMALL / 2;
		say_result("peek", take_some(e, SMALL, MSG_PEEK));
		e->taken += SMALL;
		say_result("peek behind it", take_some(e, SMALL, MSG_PEEK));
		getsockopt(e->fd, SOL_SOCKET, SO_PEEK_OFF, &value, &length);
		say("offset: %d", value);
		e->taken -= SMALL + SMALL / 2;
		say_result("recv", take_some(e, SMALL, 0));
		getsockopt(e->fd, SOL_SOCKET, SO_PEEK_OFF, &value, &length);
		say("offset: %d", value);
		e->taken += value;
		say_result("peek", take_some(e, SMALL, MSG_PEEK));
		e->taken -= value;
		set_option(e->fd, SOL_SOCKET, SO_PEEK_OFF, -1);
		say_result("peek", take_some(e, SMALL, MSG_PEEK));
		say_result("recv", take_some(e, 3 * SMALL, 0));
	} else {
		meet(e);
		send_all(e, 3 * SMALL);
	}
	meet(e);
}

/* Begins, and says what poll is to look at. */
static struct pollfd begin_polled(struct end *e)
{
	begin(e);
	return (struct pollfd){ .fd = e->fd, .events = POLLIN };
}

/* Fewer bytes wake nobody; as many do, and so does the end. */
static void low_water(struct end *e)
{
	struct pollfd entry = begin_polled(e);

	if (e->actor) {
		set_option(e->fd, SOL_SOCKET, SO_RCVLOWAT, 2 * SMALL);
		meet(e);
		wait_inq(e->fd, SMALL);
		say_result("too few", poll(&entry, 1, NOTHING_MS));
		say_result("recv too few", take_some(e, 3 * SMALL, MSG_DONTWAIT));
		meet(e);
		wait_inq(e->fd, SMALL);
		say_result("too few", poll(&entry, 1, NOTHING_MS));
		meet(e);
		say_result("enough", poll(&entry, 1, -1));
		say_result("recv", take_some(e, 3 * SMALL, 0));
		meet(e);
		say_result("recv waits for", take_some(e, 4 * SMALL, 0));
		meet(e);
		wait_inq(e->fd, SMALL);
		meet(e);
		say_result("end", poll(&entry, 1, -1));
		say_result("recv", take_some(e, 3 * SMALL, 0));
	} else {
		meet(e);
		send_all(e, SMALL);
		meet(e);
		send_all(e, SMALL);
		meet(e);
		send_all(e, SMALL);
		meet(e);
		wait_ms(NOTHING_MS);
		send_all(e, 3 * SMALL);
		meet(e);
		send_all(e, SMALL);
		meet(e);
		shutdown(e->fd, SHUT_WR);
	}
	meet(e);
}

/* Those that came first are too few, and those behind them may be there before them. */
static void low_water_behind(struct end *e)
{
	struct pollfd entry = begin_polled(e);

	if (e->actor) {
		set_option(e->fd, SOL_SOCKET, SO_RCVLOWAT, 2 * SMALL);
		meet(e);
		say_result("poll", poll(&entry, 1, 10000));
		set_option(e->fd, SOL_SOCKET, SO_RCVLOWAT, 1);
		take_all(e, 6 * SMALL);
	} else {
		meet(e);
		send_all(e, SMALL);
		send_all(e, 5 * SMALL);
	}
	meet(e);
}

/* More than a lane may hold: poll tells in time all the same. */
static void low_water_much(struct end *e)
{
	struct pollfd entry = begin_polled(e);

	if (e->actor) {
		set_option(e->fd, SOL_SOCKET, SO_RCVLOWAT, 100 * SMALL);
		say_result("poll", poll(&entry, 1, 10000));
		set_option(e->fd, SOL_SOCKET, SO_RCVLOWAT, 1);
		take_all(e, 200 * SMALL);
	} else {
		send_all(e, 200 * SMALL);
	}
	meet(e);
}

/* Many pieces in one call, and many calls in one. */
static void vectors(struct end *e)
{
	static char data[16 * SMALL];
	struct iovec pieces[] = {
		{ data, 1 }, { data + 1, 0 }, { data + 1, SMALL }, { data + 1 + SMALL, 2 * SMALL },
	};
	struct mmsghdr messages[2] = {
		{ .msg_hdr = { .msg_iov = pieces, .msg_iovlen = 4 } },
		{ .msg_hdr = { .msg_iov = pieces + 2, .msg_iovlen = 1 } },
	};
	struct sockaddr_in from;

	begin(e);
	if (!e->actor) {
		fill(e->client, e->sent, data, sizeof(data));
		say_result("writev", writev(e->fd, pieces, 4));
		say_result("sendmmsg", sendmmsg(e->fd, messages, 2, 0));
		say(" of %u and %u", messages[0].msg_len, messages[1].msg_len);
		meet(e);
	} else {
		wait_inq(e->fd, 2 * (3 * SMALL + 1) + SMALL);
		say_result("readv", readv(e->fd, pieces, 4));
		check(!e->client, e->taken, data, 3 * SMALL + 1);
		messages[0].msg_hdr.msg_name = &from;
		messages[0].msg_hdr.msg_namelen = sizeof(from);
		say_result("recvmmsg", recvmmsg(e->fd, messages, 2, 0, NULL));
		say(" of %u and %u", messages[0].msg_len, messages[1].msg_len);
		say(" name of %u, flags %#x", messages[0].msg_hdr.msg_namelen,
		    messages[0].msg_hdr.msg_flags);
		say_result("nothing", recvmmsg(e->fd, messages, 2, MSG_DONTWAIT, NULL));
		meet(e);
	}
}

const struct scenario read_scenarios[] = {
	{ "peek", peeks, .lanes = 2 },
	{ "peek_wait_all", peek_wait_all, .lanes = 2 },
	{ "peek_border", peek_border, .lanes = 1 },
	{ "borders", borders, .lanes = 1 },
	{ "wait_all", wait_all, .lanes = 2 },
	{ "truncate", truncate_bytes, .lanes = 2 },
	{ "bad_memory", bad_memory, .lanes = 2 },
	{ "peek_offset", peek_offset, .lanes = 2 },
	{ "low_water", low_water, .lanes = 2 },
	{ "low_water_behind", low_water_behind, .lanes = 2 },
	{ "low_water_much", low_water_much, .lanes = 2 },
	{ "vectors", vectors, .lanes = 2 },
	{ }
};
