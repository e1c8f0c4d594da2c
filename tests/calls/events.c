// SPDX-License-Identifier: GPL-2.0
/* What poll, select, epoll and signals tell of a connection, in each of its states. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
#include "calls.h"

#define SMALL		1000
#define CONNECTIONS	100
#define EDGES		(EPOLLIN | EPOLLRDHUP | EPOLLPRI)
/* So long nothing must come that does not come. */
#define NOTHING_MS	50
#define DEADLINE_MS	10000
/* For what is known not to come by a lane. */
#define SHORT_DEADLINE_MS	200

static int poller_of(int fd, unsigned int events)
{
	struct epoll_event event = { .events = events };
	int poller = epoll_create1(EPOLL_CLOEXEC);

	if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event))
		die("epoll: %s", strerrorname_np(errno));
	return poller;
}

/* Says what comes of a poller within a time. */
static void say_epoll(int poller, const char *when, int ms)
{
	struct epoll_event event = { .events = 0 };
	int n = epoll_wait(poller, &event, 1, ms);

	say("%s: epoll %s", when, events_text(n > 0 ? event.events : 0));
}

static void say_select(int fd, const char *when)
{
	struct timeval now = { 0 };
	fd_set in, out, other;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	out = in;
	other = in;
	select(fd + 1, &in, &out, &other, &now);
	say("%s: select%s%s%s", when, FD_ISSET(fd, &in) ? " in" : "",
	    FD_ISSET(fd, &out) ? " out" : "", FD_ISSET(fd, &other) ? " other" : "");
}

static void say_all(int fd, const char *when)
{
	int poller = poller_of(fd, EDGES | EPOLLOUT);

	say_events(fd, when);
	say_select(fd, when);
	say_epoll(poller, when, 0);
	close(poller);
}

static void states(struct end *e)
{
	begin(e);
	say_all(e->fd, "idle");
	meet(e);
	if (e->actor) {
		send_all(e, SMALL);
		meet(e);
		shutdown(e->fd, SHUT_WR);
		say_all(e->fd, "own end");
		meet(e);
		wait_events(e->fd, POLLHUP);
		say_all(e->fd, "both");
	} else {
		wait_inq(e->fd, SMALL);
		say_all(e->fd, "bytes");
		take_all(e, SMALL);
		say_all(e->fd, "no bytes");
		meet(e);
		wait_events(e->fd, POLLRDHUP);
		say_all(e->fd, "end of the other");
		meet(e);
		shutdown(e->fd, SHUT_WR);
		wait_events(e->fd, POLLHUP);
		say_all(e->fd, "both");
	}
	meet(e);
}

/* A level that is high tells each time; so does each of many pollers. */
static void epoll_level(struct end *e)
{
	int one, two;

	begin(e);
	if (!e->actor) {
		meet(e);
		send_all(e, SMALL);
		meet(e);
		return;
	}
	one = poller_of(e->fd, EPOLLIN);
	two = poller_of(e->fd, EPOLLIN | EPOLLRDHUP);
	say_epoll(one, "nothing", 0);
	meet(e);
	say_epoll(one, "bytes", DEADLINE_MS);
	say_epoll(two, "bytes", DEADLINE_MS);
	wait_inq(e->fd, SMALL);
	take_all(e, SMALL / 2);
	say_epoll(one, "half", 0);
	say_epoll(two, "half", 0);
	take_all(e, SMALL / 2);
	say_epoll(one, "none", 0);
	say_epoll(two, "none", 0);
	close(one);
	close(two);
	meet(e);
}

static void send_at_meetings(struct end *e, int messages)
{
	while (messages--) {
		meet(e);
		send_all(e, SMALL);
	}
}

/* Each message is told to who has read all before it, at whatever length. */
static void epoll_edge(struct end *e)
{
	int poller;

	begin(e);
	if (!e->actor) {
		send_at_meetings(e, 3);
		meet(e);
		shutdown(e->fd, SHUT_WR);
		meet(e);
		return;
	}
	poller = poller_of(e->fd, EDGES | EPOLLET);
	say_epoll(poller, "nothing", NOTHING_MS);
	meet(e);
	say_epoll(poller, "first", DEADLINE_MS);
	say_epoll(poller, "not again", NOTHING_MS);
	wait_inq(e->fd, SMALL);
	say_result("short", take_some(e, 3 * SMALL, 0));
	meet(e);
	say_epoll(poller, "after a short one", DEADLINE_MS);
	wait_inq(e->fd, SMALL);
	say_result("exactly", take_some(e, SMALL, 0));
	meet(e);
	say_epoll(poller, "after an exact one", DEADLINE_MS);
	wait_inq(e->fd, SMALL);
	take_all(e, SMALL / 2);
	take_all(e, SMALL / 2);
	meet(e);
	say_epoll(poller, "end", DEADLINE_MS);
	close(poller);
	meet(e);
}

/* Nor does who leaves bytes miss what comes after them. */
static void epoll_edge_unread(struct end *e)
{
	int poller;

	begin(e);
	if (!e->actor) {
		send_at_meetings(e, 3);
		meet(e);
		return;
	}
	poller = poller_of(e->fd, EDGES | EPOLLET);
	meet(e);
	say_epoll(poller, "first", DEADLINE_MS);
	wait_inq(e->fd, SMALL);
	meet(e);
	say_epoll(poller, "nothing read", SHORT_DEADLINE_MS);
	wait_inq(e->fd, 2 * SMALL);
	take_all(e, SMALL);
	meet(e);
	say_epoll(poller, "half read", SHORT_DEADLINE_MS);
	close(poller);
	meet(e);
}

/*
 * The second of two messages may be in a lane before TCP has brought the first one:
 * then nothing can be read, and nothing says so.
 */
static void second_overtakes(struct end *e)
{
	int i, vain = 0, there;
	char byte;

	for (i = 0; i < CONNECTIONS; i++) {
		begin_cold(e);
		if (e->actor) {
			if (i % 2)
				wait_events(e->fd, POLLIN);
			else
				while (!ioctl(e->fd, FIONREAD, &there) && !there)
					;
			vain += recv(e->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 1;
			take_all(e, 2 * SMALL);
		} else {
			send_all(e, SMALL);
			send_all(e, SMALL);
		}
		finish(e);
	}
	say_result("in vain", vain);
}

static void again(int poller, int fd, unsigned int events)
{
	struct epoll_event event = { .events = events };

	epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
}

static void epoll_oneshot(struct end *e)
{
	int poller;

	begin(e);
	if (!e->actor) {
		send_at_meetings(e, 3);
		meet(e);
		return;
	}
	poller = poller_of(e->fd, EDGES | EPOLLONESHOT);
	meet(e);
	say_epoll(poller, "first", DEADLINE_MS);
	wait_inq(e->fd, SMALL);
	take_all(e, SMALL);
	meet(e);
	wait_inq(e->fd, SMALL);
	say_epoll(poller, "not armed", NOTHING_MS);
	again(poller, e->fd, EDGES | EPOLLONESHOT | EPOLLET);
	say_epoll(poller, "armed", DEADLINE_MS);
	take_all(e, SMALL);
	again(poller, e->fd, EDGES | EPOLLONESHOT | EPOLLET);
	say_epoll(poller, "armed and empty", NOTHING_MS);
	meet(e);
	say_epoll(poller, "third", DEADLINE_MS);
	close(poller);
	meet(e);
}

/* Two programs that wait at once: both may hear, one of EPOLLEXCLUSIVE has to. */
static void epoll_exclusive(struct end *e)
{
	struct epoll_event event;
	int one, two;

	begin(e);
	if (!e->actor) {
		meet(e);
		send_all(e, SMALL);
		meet(e);
		return;
	}
	one = poller_of(e->fd, EPOLLIN | EPOLLEXCLUSIVE);
	two = poller_of(e->fd, EPOLLIN | EPOLLEXCLUSIVE);
	meet(e);
	wait_inq(e->fd, SMALL);
	say("told: %d", epoll_wait(one, &event, 1, NOTHING_MS) +
	    epoll_wait(two, &event, 1, NOTHING_MS) > 0);
	close(one);
	close(two);
	meet(e);
}

static void wait_signal(const sigset_t *set, const char *when, int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	siginfo_t info;
	int number = sigtimedwait(set, &info, &time);

	if (number == SIGRTMIN)
		say("%s: queued, %s", when, events_text(info.si_band));
	else
		say("%s: %s", when, number > 0 ? sigabbrev_np(number) : "nothing");
}

static void drain_signals(const sigset_t *set)
{
	struct timespec none = { 0 };

	while (sigtimedwait(set, NULL, &none) > 0)
		;
}

/* Bytes, their end, and room to send. */
static void sigio(struct end *e)
{
	sigset_t set;

	begin(e);
	if (!e->actor) {
		meet(e);
		send_all(e, SMALL);
		meet(e);
		send_all(e, SMALL);
		meet(e);
		take_all(e, ask(e));
		meet(e);
		meet(e);
		shutdown(e->fd, SHUT_WR);
		meet(e);
		return;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fcntl(e->fd, F_SETOWN, getpid());
	fcntl(e->fd, F_SETFL, O_ASYNC | O_NONBLOCK);
	drain_signals(&set);
	wait_signal(&set, "nothing", NOTHING_MS);
	meet(e);
	wait_signal(&set, "bytes", DEADLINE_MS);
	wait_inq(e->fd, SMALL);
	say_result("recv", take_some(e, 2 * SMALL, 0));
	drain_signals(&set);
	meet(e);
	wait_signal(&set, "more bytes", DEADLINE_MS);
	wait_inq(e->fd, SMALL);
	take_all(e, SMALL);
	while (send_some(e, MAX_BYTES, 0) > 0 || (wait_ms(NOTHING_MS), poll(&(struct pollfd){
			.fd = e->fd, .events = POLLOUT }, 1, 0) > 0))
		;
	drain_signals(&set);
	meet(e);
	tell(e, e->sent - WARM_TOTAL);
	wait_signal(&set, "room", DEADLINE_MS);
	meet(e);
	drain_signals(&set);
	meet(e);
	meet(e);
	wait_events(e->fd, POLLRDHUP);
	wait_signal(&set, "end", DEADLINE_MS);
}

/* The signal's own number tells which descriptor it is and what there is. */
static void sigio_queued(struct end *e)
{
	sigset_t set;

	begin(e);
	if (!e->actor) {
		meet(e);
		send_all(e, SMALL);
		meet(e);
		return;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fcntl(e->fd, F_SETOWN, getpid());
	fcntl(e->fd, F_SETSIG, SIGRTMIN);
	fcntl(e->fd, F_SETFL, O_ASYNC);
	drain_signals(&set);
	meet(e);
	wait_signal(&set, "bytes", DEADLINE_MS);
	meet(e);
}

/* Reads up to the mark, and says how far it came. */
static void say_mark(struct end *e, const char *when)
{
	char data[2 * SMALL];
	long n;

	say("%s: at mark %d", when, sockatmark(e->fd));
	n = recv(e->fd, data, sizeof(data), MSG_DONTWAIT);
	say_result(when, n);
	if (n > 0)
		say(" the last one: %c", data[n - 1]);
}

/* At the mark, SIOCINQ does not count what is behind it. */
static void wait_peek(int fd, long bytes)
{
	char data[2 * SMALL];

	while (recv(fd, data, sizeof(data), MSG_PEEK | MSG_DONTWAIT) < bytes)
		wait_ms(1);
}

/* The rest of the direction goes by TCP; its mark is where it must be. */
static void urgent_bytes(struct end *e)
{
	char data[8] = "-";
	sigset_t set;

	begin(e);
	if (!e->actor) {
		meet(e);
		send(e->fd, "aaab", 4, 0);
		say_result("urgent", send(e->fd, "U", 1, MSG_OOB));
		say_result("after it", send(e->fd, "ccccd", 5, 0));
		meet(e);
		send(e->fd, "eef", 3, 0);
		say_result("urgent", send(e->fd, "ggU", 3, MSG_OOB));
		meet(e);
		return;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGURG);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fcntl(e->fd, F_SETOWN, getpid());
	say_result("no urgent byte", recv(e->fd, data, 1, MSG_OOB));
	meet(e);
	wait_signal(&set, "urgent", DEADLINE_MS);
	wait_inq(e->fd, 4);
	say_events(e->fd, "urgent");
	say_mark(e, "before");
	say_result("urgent byte", recv(e->fd, data, 1, MSG_OOB));
	say(" it is: %c", data[0]);
	say_result("no more", recv(e->fd, data, 1, MSG_OOB));
	wait_peek(e->fd, 5);
	say_mark(e, "behind");
	set_option(e->fd, SOL_SOCKET, SO_OOBINLINE, 1);
	meet(e);
	wait_signal(&set, "urgent", DEADLINE_MS);
	wait_inq(e->fd, 6);
	say_mark(e, "before");
	say_mark(e, "at");
	meet(e);
}

/* With SO_OOBINLINE from the start, and bytes of the lane not read yet. */
static void urgent_inline(struct end *e)
{
	begin(e);
	if (!e->actor) {
		send(e->fd, "ab", 2, 0);
		send(e->fd, "U", 1, MSG_OOB);
		send(e->fd, "cd", 2, 0);
		meet(e);
		return;
	}
	set_option(e->fd, SOL_SOCKET, SO_OOBINLINE, 1);
	wait_events(e->fd, POLLPRI);
	wait_inq(e->fd, 5);
	say_mark(e, "before");
	say_mark(e, "at");
	meet(e);
}

const struct scenario event_scenarios[] = {
	{ "states", states, .lanes = 2 },
	{ "epoll_level", epoll_level, .lanes = 2 },
	{ "epoll_edge", epoll_edge, .lanes = 2 },
	{ "epoll_edge_unread", epoll_edge_unread, .lanes = 2 },
	{ "second_overtakes", second_overtakes, .lanes = ANY },
	{ "epoll_oneshot", epoll_oneshot, .lanes = 2 },
	{ "epoll_exclusive", epoll_exclusive, .lanes = 2 },
	{ "sigio", sigio, .lanes = 2 },
	{ "sigio_queued", sigio_queued, .lanes = 2 },
	{ "urgent", urgent_bytes, .lanes = 2 },
	{ "urgent_inline", urgent_inline, .lanes = 2 },
	{ }
};
