// SPDX-License-Identifier: GPL-2.0
/* Senders that find no room, calls that time out, and signals that interrupt them. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "calls.h"

#define MUCH		(3 << 20)
#define BIT		777
#define SMALL		1000
#define SHORT_MS	50

static void set_timeout(int fd, int name, int ms)
{
	struct timeval time = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (setsockopt(fd, SOL_SOCKET, name, &time, sizeof(time)))
		die("timeout: %s", strerrorname_np(errno));
}

/* Until there is no room, and not soon either. Returns the bytes of it. */
static size_t send_until_full(struct end *e)
{
	size_t before = e->sent, last;

	do {
		last = e->sent;
		while (send_some(e, 65536, MSG_DONTWAIT) > 0)
			;
		wait_ms(SHORT_MS);
	} while (e->sent != last);
	return e->sent - before;
}

/* The actor blocks while its partner does nothing, then reads in small bits. */
static void full_blocking(struct end *e)
{
	begin(e);
	if (e->actor) {
		meet(e);
		say_result("send", send_some(e, MAX_BYTES, 0));
		send_all(e, MUCH);
	} else {
		meet(e);
		wait_ms(SHORT_MS);
		while (e->taken < MAX_BYTES / 4)
			take_all(e, BIT);
		take_all(e, WARM_TOTAL + MAX_BYTES + MUCH - e->taken);
	}
	say("bytes %zu", e->actor ? e->sent : e->taken);
}

/* Sends the rest, and waits by poll whenever there is no room. */
static void send_polling(struct end *e, size_t bytes)
{
	while (bytes) {
		long n = send_some(e, bytes < 65536 ? bytes : 65536, MSG_DONTWAIT);

		if (n > 0)
			bytes -= n;
		else if (errno == EAGAIN)
			wait_events(e->fd, POLLOUT);
		else
			die("send: %s", strerrorname_np(errno));
	}
}

/* By epoll that tells of changes only. */
static void send_by_edges(struct end *e, size_t bytes)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int poller = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(poller, EPOLL_CTL_ADD, e->fd, &event);
	while (bytes) {
		long n = send_some(e, bytes < 65536 ? bytes : 65536, MSG_DONTWAIT);

		if (n > 0)
			bytes -= n;
		else if (errno != EAGAIN)
			die("send: %s", strerrorname_np(errno));
		else if (epoll_wait(poller, &event, 1, 10000) != 1)
			die("no edge");
	}
	close(poller);
}

/* How the partner makes room: in bits, in one go, when all was full for a while. */
static void full_nonblocking(struct end *e)
{
	size_t full, before;
	long n;

	begin(e);
	before = e->taken;
	if (e->actor) {
		full = e->sent;
		do {
			send_until_full(e);
			n = send_some(e, 1, MSG_DONTWAIT);
		} while (n > 0);
		say_result("full", n);
		full = e->sent - full;
		say_events(e->fd, "full");
		meet(e);
		send_polling(e, MUCH);
		send_by_edges(e, MUCH);
		shutdown(e->fd, SHUT_WR);
		meet(e);
		say("sent all: %d", e->sent == full + 2 * MUCH + WARM_TOTAL);
	} else {
		meet(e);
		while (e->taken < before + MUCH)
			take_all(e, BIT);
		while (take_some(e, MAX_BYTES, MSG_WAITALL) > 0)
			;
		meet(e);
	}
}

/* A waiting edge comes when a full connection is read in one go. */
static void full_edge(struct end *e)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int poller = epoll_create1(EPOLL_CLOEXEC), i;
	size_t before;

	begin(e);
	epoll_ctl(poller, EPOLL_CTL_ADD, e->fd, &event);
	for (i = 0; i < 3; i++) {
		if (e->actor) {
			before = e->sent;
			/* Who has seen an edge must find no room to get another one. */
			do {
				send_until_full(e);
				while (epoll_wait(poller, &event, 1, 0) > 0)
					;
			} while (send_some(e, SMALL, MSG_DONTWAIT) > 0);
			tell(e, e->sent - before);
			say_result("edge", epoll_wait(poller, &event, 1, 10000));
			meet(e);
			say_events(e->fd, "read");
		} else {
			take_all(e, ask(e));
			meet(e);
		}
	}
	close(poller);
}

/* Neither end reads until both are full. */
static void full_both(struct end *e)
{
	size_t mine, theirs;

	begin(e);
	mine = send_until_full(e);
	say("full");
	tell(e, mine);
	theirs = ask(e);
	take_all(e, theirs);
	wait_outq(e->fd);
	meet(e);
	say_events(e->fd, "read");
}

/* Another thread that interrupts a call again and again until it has returned. */
struct interrupter {
	pthread_t thread, target;
	bool over;
};

static void *interrupt(void *argument)
{
	struct interrupter *i = argument;

	while (!__atomic_load_n(&i->over, __ATOMIC_RELAXED)) {
		wait_ms(20);
		pthread_kill(i->target, SIGUSR1);
	}
	return NULL;
}

static void interrupt_begin(struct interrupter *i)
{
	i->over = false;
	i->target = pthread_self();
	pthread_create(&i->thread, NULL, interrupt, i);
}

static void interrupt_end(struct interrupter *i)
{
	__atomic_store_n(&i->over, true, __ATOMIC_RELAXED);
	pthread_join(i->thread, NULL);
}

static void signals_recv(struct end *e)
{
	struct interrupter i;

	begin(e);
	if (e->actor) {
		catch_signal(SIGUSR1, 0);
		interrupt_begin(&i);
		say_result("recv", take_some(e, SMALL, 0));
		interrupt_end(&i);
		meet(e);
		wait_inq(e->fd, SMALL);
		interrupt_begin(&i);
		say_result("part", take_some(e, 2 * SMALL, MSG_WAITALL));
		interrupt_end(&i);
		set_timeout(e->fd, SO_RCVTIMEO, 10000);
		interrupt_begin(&i);
		say_result("with a timeout", take_some(e, SMALL, 0));
		interrupt_end(&i);
		set_timeout(e->fd, SO_RCVTIMEO, 0);
		catch_signal(SIGUSR1, SA_RESTART);
		interrupt_begin(&i);
		meet(e);
		say_result("restarted", take_some(e, SMALL, 0));
		interrupt_end(&i);
	} else {
		meet(e);
		send_all(e, SMALL);
		meet(e);
		wait_ms(SHORT_MS);
		send_all(e, SMALL);
	}
}

static void signals_send(struct end *e)
{
	struct interrupter i;
	size_t bytes;
	long n;

	begin(e);
	if (e->actor) {
		catch_signal(SIGUSR1, 0);
		interrupt_begin(&i);
		do {
			n = send_some(e, MAX_BYTES, 0);
		} while (n == MAX_BYTES);
		interrupt_end(&i);
		say("part: %d", n > 0);
		send_until_full(e);
		interrupt_begin(&i);
		while (send_some(e, MAX_BYTES, 0) > 0)
			;
		say_result("none", -1);
		interrupt_end(&i);
		bytes = e->sent - WARM_TOTAL;
		tell(e, bytes);
		meet(e);
	} else {
		bytes = ask(e);
		take_all(e, bytes);
		meet(e);
	}
}

static void timeouts(struct end *e)
{
	size_t bytes;

	begin(e);
	if (e->actor) {
		set_timeout(e->fd, SO_RCVTIMEO, SHORT_MS);
		say_result("recv", take_some(e, SMALL, 0));
		meet(e);
		wait_inq(e->fd, SMALL);
		say_result("part", take_some(e, 2 * SMALL, MSG_WAITALL));
		send_until_full(e);
		set_timeout(e->fd, SO_SNDTIMEO, SHORT_MS);
		while (send_some(e, SMALL, 0) > 0)
			;
		say_result("send", -1);
		bytes = e->sent - WARM_TOTAL;
		tell(e, bytes);
		meet(e);
		say_result("send", send_some(e, SMALL, 0));
	} else {
		meet(e);
		send_all(e, SMALL);
		bytes = ask(e);
		take_all(e, bytes);
		meet(e);
	}
}

const struct scenario full_scenarios[] = {
	{ "full_blocking", full_blocking, .lanes = 2 },
	{ "full_nonblocking", full_nonblocking, .lanes = 2 },
	{ "full_edge", full_edge, .lanes = 2 },
	{ "full_both", full_both, .lanes = 2 },
	{ "signals_recv", signals_recv, .lanes = 2 },
	{ "signals_send", signals_send, .lanes = 2 },
	{ "timeouts", timeouts, .lanes = 2 },
	{ }
};
