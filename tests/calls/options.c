// SPDX-License-Identifier: GPL-2.0
/* Options of sockets and of messages, and what they report. */
#include <time.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "calls.h"

#define SMALL		1000
#define LONG		(100 * 1024)
#define KEEP_SECONDS	1
#define TRIES		20


/* Waits for something in the error queue; says of which kind it is. */
static void say_error_queue(struct end *e, const char *when)
{
	char space[512];
	struct msghdr message = { .msg_control = space, .msg_controllen = sizeof(space) };
	struct cmsghdr *part;
	struct sock_extended_err *error = NULL;

	wait_events(e->fd, POLLERR);
	if (recvmsg(e->fd, &message, MSG_ERRQUEUE) < 0)
		die("error queue: %s", strerrorname_np(errno));
	for (part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part))
		if (part->cmsg_level == SOL_IP || part->cmsg_level == SOL_IPV6)
			error = (void *)CMSG_DATA(part);
	if (!error)
		die("no error");
	if (error->ee_origin == SO_EE_ORIGIN_ZEROCOPY)
		say("%s: sends %u to %u", when, error->ee_info, error->ee_data);
	else
		say("%s: origin %u, kind %u, byte %u", when, error->ee_origin, error->ee_info,
		    error->ee_data);
}

/* The kernel reads the memory later, and says when it has done. */
static void zerocopy(struct end *e)
{
	int i;

	begin(e);
	if (!e->actor) {
		take_all(e, 2 * SMALL + LONG);
		meet(e);
		take_all(e, SMALL);
		send_all(e, SMALL);
		return;
	}
	say_result("not asked for", send_some(e, SMALL, MSG_ZEROCOPY));
	set_option(e->fd, SOL_SOCKET, SO_ZEROCOPY, 1);
	say_result("send", send_some(e, SMALL, MSG_ZEROCOPY));
	say_error_queue(e, "first");
	for (i = 0; i < LONG; )
		i += send_some(e, LONG - i, MSG_ZEROCOPY);
	say_error_queue(e, "second");
	meet(e);
	send_all(e, SMALL);
	take_all(e, SMALL);
	say_events(e->fd, "at last");
}

/* Pages are mapped where they can be; the rest is to be read. */
static void zerocopy_receive(struct end *e)
{
	struct tcp_zerocopy_receive zc = { 0 };
	socklen_t length = sizeof(zc);
	void *memory;

	begin(e);
	if (!e->actor) {
		meet(e);
		send_all(e, LONG);
		send_all(e, SMALL);
		return;
	}
	memory = mmap(NULL, 1 << 20, PROT_READ, MAP_SHARED, e->fd, 0);
	say("map: %s", memory == MAP_FAILED ? strerrorname_np(errno) : "0");
	meet(e);
	while (e->taken < LONG + SMALL + WARM_TOTAL) {
		memset(&zc, 0, sizeof(zc));
		zc.address = (unsigned long)memory;
		zc.length = 1 << 20;
		wait_events(e->fd, POLLIN);
		if (getsockopt(e->fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &zc, &length))
			die("zerocopy: %s", strerrorname_np(errno));
		check(!e->client, e->taken, memory, zc.length);
		e->taken += zc.length;
		if (zc.recv_skip_hint)
			take_all(e, zc.recv_skip_hint);
	}
	say("all");
	munmap(memory, 1 << 20);
}

static void say_control(struct end *e, const char *when, size_t bytes)
{
	char data[2 * SMALL], space[512];
	struct iovec piece = { data, bytes };
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	struct cmsghdr *part;
	long n;

	n = recvmsg(e->fd, &message, MSG_DONTWAIT);
	say_result(when, n);
	if (n < 0)
		return;
	e->taken += n;
	for (part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part))
		if (part->cmsg_level == IPPROTO_TCP && part->cmsg_type == TCP_CM_INQ)
			say(" inq %d", *(int *)CMSG_DATA(part));
		else
			say(" level %d, type %d", part->cmsg_level, part->cmsg_type);
}

/* How much is there, as calls and messages tell it. */
static void inq(struct end *e)
{
	int there = -1;

	begin(e);
	if (!e->actor) {
		meet(e);
		send_all(e, 2 * SMALL);
		wait_outq(e->fd);
		ioctl(e->fd, SIOCOUTQ, &there);
		say("sent and not there: %d", there);
		ioctl(e->fd, SIOCOUTQNSD, &there);
		say("not sent: %d", there);
		meet(e);
		shutdown(e->fd, SHUT_WR);
		return;
	}
	set_option(e->fd, IPPROTO_TCP, TCP_INQ, 1);
	ioctl(e->fd, SIOCINQ, &there);
	say("nothing: %d", there);
	meet(e);
	wait_inq(e->fd, 2 * SMALL);
	say_control(e, "some", SMALL / 2);
	say_control(e, "more", SMALL / 2);
	ioctl(e->fd, SIOCINQ, &there);
	say("left: %d", there);
	say_control(e, "all", 2 * SMALL);
	say_control(e, "nothing", SMALL);
	meet(e);
	wait_events(e->fd, POLLRDHUP);
	say_control(e, "end", SMALL);
	ioctl(e->fd, SIOCINQ, &there);
	say("at the end: %d", there);
}

static void inq_border(struct end *e)
{
	begin_cold(e);
	if (!e->actor) {
		send_all(e, SMALL);
		wait_outq(e->fd);
		send_all(e, SMALL);
		send_all(e, SMALL);
		meet(e);
		return;
	}
	set_option(e->fd, IPPROTO_TCP, TCP_INQ, 1);
	meet(e);
	wait_inq(e->fd, 3 * SMALL);
	say_control(e, "some", SMALL / 2);
	say_control(e, "up to the border", SMALL / 2);
	say_control(e, "all", 2 * SMALL);
}

/* A time of arrival comes with the bytes, soon after it was asked for. */
static void timestamps(struct end *e)
{
	int i;

	begin(e);
	if (e->actor)
		set_option(e->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	for (i = 0; i < TRIES; i++) {
		meet(e);
		if (e->actor) {
			wait_inq(e->fd, SMALL);
			if (i < TRIES - 1)
				take_all(e, SMALL);
			else
				say_control(e, "recv", SMALL);
		} else {
			send_all(e, SMALL);
		}
		wait_ms(10);
	}
}

/* Word of what became of a send: that is TCP's business. */
static void timestamps_sent(struct end *e)
{
	begin(e);
	if (!e->actor) {
		take_all(e, 2 * SMALL);
		send_all(e, SMALL);
		return;
	}
	send_all(e, SMALL);
	wait_outq(e->fd);
	set_option(e->fd, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE |
		   SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	send_all(e, SMALL);
	say_error_queue(e, "acknowledged");
	take_all(e, SMALL);
}

/* What is held back leaves, whatever comes after it. */
static void cork(struct end *e)
{
	begin_cold(e);
	if (!e->actor) {
		take_all(e, 3 * SMALL);
		say("corked bytes");
		meet(e);
		take_all(e, 3 * SMALL);
		say("more bytes");
		meet(e);
		take_all(e, 2 * SMALL);
		say_result("end", take_some(e, SMALL, 0));
		return;
	}
	set_option(e->fd, IPPROTO_TCP, TCP_CORK, 1);
	send_all(e, SMALL);
	send_all(e, SMALL);
	send_all(e, SMALL);
	set_option(e->fd, IPPROTO_TCP, TCP_CORK, 0);
	meet(e);
	say_result("more", send_some(e, SMALL, MSG_MORE));
	say_result("more", send_some(e, SMALL, MSG_MORE));
	say_result("no more", send_some(e, SMALL, 0));
	meet(e);
	set_option(e->fd, IPPROTO_TCP, TCP_CORK, 1);
	send_all(e, SMALL);
	send_all(e, SMALL);
	say_result("shutdown", shutdown(e->fd, SHUT_WR));
}

/* One byte at a time, while both directions change over. */
static void small_and_delayed(struct end *e)
{
	int i;

	begin_cold(e);
	set_option(e->fd, IPPROTO_TCP, TCP_NODELAY, e->client);
	for (i = 0; i < SMALL; i++)
		send_all(e, 1);
	take_all(e, SMALL);
	shutdown(e->fd, SHUT_WR);
	say_result("end", take_some(e, SMALL, 0));
}

/* Nobody sends for longer than a dead connection would be kept. */
static void keepalive(struct end *e)
{
	begin(e);
	set_option(e->fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(e->fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_SECONDS);
	set_option(e->fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_SECONDS);
	set_option(e->fd, IPPROTO_TCP, TCP_KEEPCNT, 1);
	set_option(e->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000 * KEEP_SECONDS);
	wait_ms(2600 * KEEP_SECONDS);
	say_events(e->fd, "idle");
	meet(e);
	send_all(e, SMALL);
	take_all(e, SMALL);
}

/* What takes a connection over: a lane has nothing for it. */
static void ulp(struct end *e)
{
	int value = 1;

	begin(e);
	say_result("tls", setsockopt(e->fd, IPPROTO_TCP, TCP_ULP, "tls", 4));
	say_result("nonsense", setsockopt(e->fd, IPPROTO_TCP, TCP_ULP, "none", 5));
	meet(e);
	send_all(e, SMALL);
	take_all(e, SMALL);
	finish(e);
	begin(e);
	say_result("repair", setsockopt(e->fd, IPPROTO_TCP, TCP_REPAIR, &value, sizeof(value)));
	value = -1;
	setsockopt(e->fd, IPPROTO_TCP, TCP_REPAIR, &value, sizeof(value));
	/* It has lost this, and its port is used again soon. */
	set_option(e->fd, SOL_SOCKET, SO_REUSEADDR, 1);
	finish(e);
}

const struct scenario option_scenarios[] = {
	{ "zerocopy", zerocopy, .lanes = 2 },
	{ "zerocopy_receive", zerocopy_receive, .lanes = 2 },
	{ "inq", inq, .lanes = 2 },
	{ "inq_border", inq_border, .lanes = 1 },
	{ "timestamps", timestamps, .lanes = 2 },
	{ "timestamps_sent", timestamps_sent, .lanes = 2 },
	{ "cork", cork, .lanes = ANY },
	{ "small_and_delayed", small_and_delayed, .lanes = ANY },
	{ "keepalive", keepalive, .lanes = 1, .once = true },
	{ "ulp", ulp, .lanes = 2, .once = true },
	{ }
};
