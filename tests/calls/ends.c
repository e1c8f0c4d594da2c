// SPDX-License-Identifier: GPL-2.0
/* How connections end, and that all bytes come before their end. */
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "calls.h"

#define SMALL		1000
#define LONG		(200 * 1024)
#define DUPLEX_BYTES	(64 << 20)
#define ECHOES		40
#define ECHO_BYTES	(300 * 1024)

static void echo(struct end *e)
{
	unsigned int seed = 14;
	int i;

	begin(e);
	for (i = 0; i < ECHOES; i++) {
		size_t bytes = 1 + rand_r(&seed) % (i % 2 ? ECHO_BYTES : 2 * SMALL);

		if (e->actor)
			send_all(e, bytes);
		take_all(e, bytes);
		if (!e->actor)
			send_all(e, bytes);
	}
	say("echoed %zu, %zu", e->sent, e->taken);
}

static void *send_much(void *e)
{
	send_all(e, DUPLEX_BYTES);
	return NULL;
}

static void duplex(struct end *e)
{
	pthread_t sender;

	begin(e);
	pthread_create(&sender, NULL, send_much, e);
	take_all(e, DUPLEX_BYTES);
	pthread_join(sender, NULL);
	shutdown(e->fd, SHUT_WR);
	say_result("end", take_some(e, SMALL, 0));
	say("exchanged %zu, %zu", e->sent, e->taken);
}

/* The actor has no more to send; its partner answers at length. */
static void half_close(struct end *e)
{
	begin(e);
	if (e->actor) {
		send_all(e, SMALL);
		say_result("shutdown", shutdown(e->fd, SHUT_WR));
		say_events(e->fd, "after shutdown");
		say_result("send", send_some(e, SMALL, MSG_NOSIGNAL));
		meet(e);
		take_all(e, LONG);
		say_result("end", take_some(e, SMALL, 0));
		say_end(e, "both have ended");
		meet(e);
	} else {
		meet(e);
		wait_events(e->fd, POLLRDHUP);
		wait_inq(e->fd, SMALL);
		say_events(e->fd, "bytes and end");
		take_all(e, SMALL);
		say_events(e->fd, "end");
		say_result("recv", take_some(e, SMALL, 0));
		say_result("recv again", take_some(e, SMALL, MSG_PEEK));
		send_all(e, LONG);
		say_result("shutdown", shutdown(e->fd, SHUT_WR));
		meet(e);
		say_events(e->fd, "both have ended");
	}
}

/* Who reads when the end comes, or comes late, gets all bytes. */
static void end_of_file(struct end *e)
{
	begin(e);
	if (e->actor) {
		send_all(e, SMALL);
		say_result("close", close(e->fd));
		meet(e);
		begin(e);
		send_all(e, LONG);
		finish(e);
	} else {
		meet(e);
		wait_events(e->fd, POLLRDHUP);
		say_result("bytes", take_some(e, 2 * SMALL, MSG_WAITALL));
		say_end(e, "closed");
		close(e->fd);
		begin(e);
		take_all(e, LONG);
		say_result("end", take_some(e, SMALL, 0));
		finish(e);
	}
}

/* The actor closes with bytes that it has not read. */
static void reset_unread(struct end *e)
{
	begin(e);
	if (e->actor) {
		send_all(e, 2 * SMALL);
		wait_inq(e->fd, SMALL);
		meet(e);
		say_result("close", close(e->fd));
		e->fd = -1;
		meet(e);
	} else {
		send_all(e, SMALL);
		wait_inq(e->fd, 2 * SMALL);
		meet(e);
		meet(e);
		wait_events(e->fd, POLLHUP | POLLERR);
		say_events(e->fd, "reset");
		say_result("bytes", take_some(e, 3 * SMALL, 0));
		say_end(e, "read");
	}
}

static void linger_none(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* A reset is what wakes a reader, and comes after bytes that were read in time. */
static void reset_linger(struct end *e)
{
	begin(e);
	if (e->actor) {
		linger_none(e->fd);
		send_all(e, SMALL);
		meet(e);
		wait_ms(20);
		finish(e);
	} else {
		take_all(e, SMALL);
		meet(e);
		say_result("recv", take_some(e, SMALL, 0));
		say_end(e, "reset");
		finish(e);
	}
	begin(e);
	if (e->actor) {
		linger_none(e->fd);
		finish(e);
	} else {
		meet(e);
		wait_events(e->fd, POLLHUP);
		say_result("send", send_some(e, SMALL, MSG_NOSIGNAL));
		say_result("send again", send_some(e, SMALL, MSG_NOSIGNAL));
	}
}

/* A blocking send that meets the reset of its partner. */
static void reset_sender(struct end *e)
{
	begin(e);
	if (e->actor) {
		wait_events(e->fd, POLLIN);
		wait_ms(20);
		finish(e);
	} else {
		long n;

		do {
			n = send_some(e, MAX_BYTES, MSG_NOSIGNAL);
		} while (n > 0);
		say_result("send", n);
		say_end(e, "reset");
		finish(e);
	}
}

/* The first send finds out, the second is told. */
static void write_after_close(struct end *e)
{
	begin(e);
	if (e->actor) {
		meet(e);
		wait_events(e->fd, POLLRDHUP);
		say_events(e->fd, "closed");
		say_result("send", send_some(e, SMALL, 0));
		wait_events(e->fd, POLLHUP);
		say_events(e->fd, "after send");
		catch_signal(SIGPIPE, 0);
		say_result("send", send_some(e, SMALL, 0));
		say("SIGPIPE %d", signals_caught());
		say_result("send again", send_some(e, SMALL, MSG_NOSIGNAL));
		say("SIGPIPE %d", signals_caught());
		say_end(e, "broken");
		signal(SIGPIPE, SIG_IGN);
	} else {
		close(e->fd);
		e->fd = -1;
		meet(e);
	}
}

/* Waits until TCP has heard the end of the other one. */
static void wait_closed(int fd)
{
	struct tcp_info info;
	socklen_t length;

	do {
		wait_ms(1);
		length = sizeof(info);
	} while (!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) &&
		 info.tcpi_state != TCP_CLOSE);
}

/* Bytes that come after it can be read all the same. */
static void shutdown_read(struct end *e)
{
	begin(e);
	if (e->actor) {
		say_result("shutdown", shutdown(e->fd, SHUT_RD));
		say_events(e->fd, "after shutdown");
		say_result("recv", take_some(e, SMALL, 0));
		meet(e);
		wait_inq(e->fd, SMALL);
		say_events(e->fd, "bytes");
		say_result("recv", take_some(e, SMALL, 0));
		say_result("recv", take_some(e, SMALL, 0));
		send_all(e, SMALL);
		say_result("shutdown both", shutdown(e->fd, SHUT_RDWR));
		say_result("send", send_some(e, SMALL, MSG_NOSIGNAL));
		meet(e);
		meet(e);
		wait_closed(e->fd);
		say_result("shutdown", shutdown(e->fd, SHUT_RDWR));
	} else {
		meet(e);
		send_all(e, SMALL);
		take_all(e, SMALL);
		say_result("end", take_some(e, SMALL, 0));
		meet(e);
		close(e->fd);
		e->fd = -1;
		meet(e);
	}
}

static void *shut(void *argument)
{
	int *fd = argument;

	wait_ms(20);
	shutdown(fd[0], fd[1]);
	return NULL;
}

/* A call that waits for the socket on which another thread says it is over. */
static void shutdown_wakes(struct end *e)
{
	int argument[2];
	pthread_t other;

	begin(e);
	if (e->actor) {
		argument[0] = e->fd;
		argument[1] = SHUT_RD;
		pthread_create(&other, NULL, shut, argument);
		say_result("recv", take_some(e, SMALL, 0));
		pthread_join(other, NULL);
		argument[1] = SHUT_WR;
		pthread_create(&other, NULL, shut, argument);
		while (send_some(e, MAX_BYTES, MSG_NOSIGNAL) > 0)
			;
		say_result("send", -1);
		pthread_join(other, NULL);
		meet(e);
	} else {
		meet(e);
		while (take_some(e, MAX_BYTES, 0) > 0)
			;
		say("end of bytes");
	}
}

/* Waits until the partner has all. */
static void linger_some(struct end *e)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 10 };

	begin(e);
	if (e->actor) {
		setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		send_all(e, LONG);
		say_result("close", close(e->fd));
		e->fd = -1;
	} else {
		take_all(e, LONG);
		say_result("end", take_some(e, SMALL, 0));
	}
}

const struct scenario end_scenarios[] = {
	{ "echo", echo, .lanes = 2 },
	{ "duplex", duplex, .lanes = 1, .once = true },
	{ "half_close", half_close, .lanes = 2 },
	{ "end_of_file", end_of_file, .lanes = 4 },
	{ "reset_unread", reset_unread, .lanes = 2 },
	{ "reset_linger", reset_linger, .lanes = 4 },
	{ "reset_sender", reset_sender, .lanes = 2 },
	{ "write_after_close", write_after_close, .lanes = 2 },
	{ "shutdown_read", shutdown_read, .lanes = 2 },
	{ "shutdown_wakes", shutdown_wakes, .lanes = 2 },
	{ "linger_some", linger_some, .lanes = 2 },
	{ }
};
