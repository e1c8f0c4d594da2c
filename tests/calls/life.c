// SPDX-License-Identifier: GPL-2.0
/* How connections are made, shared and left, one at a time and many. */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "calls.h"

#define SMALL		1000
#define LONG		(100 * 1024)
#define CROWD		300
#define SEQUENCE	500

/* The connection serves both ways, first the actor's. */
static void go_on(struct end *e)
{
	if (e->actor)
		send_all(e, LONG);
	take_all(e, LONG);
	if (!e->actor)
		send_all(e, LONG);
}

static void unconnect(int fd, const char *what)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	say_result(what, connect(fd, &nobody, sizeof(nobody)));
}

/* The socket is used for another connection after the first. */
static void disconnect_and_reuse(struct end *e)
{
	begin(e);
	if (!e->actor) {
		meet(e);
		wait_events(e->fd, POLLHUP);
		say_end(e, "disconnected");
		close(e->fd);
		if (!e->client) {
			begin(e);
			take_all(e, LONG);
			send_all(e, LONG);
		}
		return;
	}
	unconnect(e->fd, "disconnect");
	say_events(e->fd, "disconnected");
	say_result("recv", recv(e->fd, NULL, 0, 0));
	say_result("send", send(e->fd, "a", 1, MSG_NOSIGNAL));
	unconnect(e->fd, "disconnect again");
	meet(e);
	if (e->client) {
		say_result("connect", connect(e->fd, (struct sockaddr *)&e->there,
					      sizeof(e->there)));
		e->sent = 0;
		e->taken = 0;
		warm_up(e);
		send_all(e, LONG);
		take_all(e, LONG);
	}
}

struct waiter {
	pthread_t thread;
	struct end end;
	bool sends;
};

static void *wait_there(void *argument)
{
	struct waiter *w = argument;
	long n;

	do {
		n = w->sends ? send_some(&w->end, MAX_BYTES, MSG_NOSIGNAL) :
			       take_some(&w->end, SMALL, 0);
	} while (w->sends && n > 0);
	return (void *)(n < 0 ? (long)-errno : n);
}

static void waiter_begin(struct waiter *w, struct end *e, bool sends)
{
	w->end = *e;
	w->sends = sends;
	pthread_create(&w->thread, NULL, wait_there, w);
}

static void waiter_end(struct waiter *w, const char *when)
{
	void *result;
	long n;

	pthread_join(w->thread, &result);
	n = (long)result;
	if (n < 0)
		errno = -n;
	say_result(when, n < 0 ? -1 : n);
}

/* Other threads are in the middle of calls. */
static void disconnect_waiting(struct end *e)
{
	struct waiter receiver, sender;

	begin(e);
	if (!e->actor) {
		meet(e);
		wait_events(e->fd, POLLHUP);
		say_events(e->fd, "disconnected");
		return;
	}
	waiter_begin(&receiver, e, false);
	waiter_begin(&sender, e, true);
	wait_ms(150);
	unconnect(e->fd, "disconnect");
	waiter_end(&receiver, "recv");
	waiter_end(&sender, "send");
	meet(e);
}

static void connect_nonblocking(struct end *e)
{
	struct sockaddr_in nobody = e->there;
	int fd, err = -1;
	socklen_t length = sizeof(err);

	if (!e->client) {
		begin(e);
		take_all(e, LONG);
		return;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	say_result("connect", connect(fd, (struct sockaddr *)&e->there, sizeof(e->there)));
	wait_events(fd, POLLOUT);
	say_events(fd, "connected");
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &length);
	say("error: %s", strerrorname_np(err));
	say_result("connect again", connect(fd, (struct sockaddr *)&e->there, sizeof(e->there)));
	say_result("and again", connect(fd, (struct sockaddr *)&e->there, sizeof(e->there)));
	say_result("recv", recv(fd, NULL, 0, 0));
	set_nonblock(fd, false);
	e->fd = fd;
	e->sent = 0;
	e->taken = 0;
	warm_up(e);
	send_all(e, LONG);

	nobody.sin_port = htons(1);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	say_result("connect to nobody", connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)));
	wait_events(fd, POLLHUP);
	say_events(fd, "refused");
	say_result("recv", recv(fd, NULL, 0, 0));
	say_result("send", send(fd, "a", 1, MSG_NOSIGNAL));
	say_result("connect again", connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)));
	close(fd);
}

/* The queue of the listener is full: the connection is made a second later. */
static void recv_while_connecting(struct end *e)
{
	struct waiter receiver;
	int first, fd;

	if (!e->client) {
		listen(e->listener, 0);
		meet(e);
		meet(e);
		first = join(e);
		begin_cold(e);
		send_all(e, SMALL);
		warm_up(e);
		close(first);
		listen(e->listener, BACKLOG);
		return;
	}
	meet(e);
	first = join(e);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	say_result("connect", connect(fd, (struct sockaddr *)&e->there, sizeof(e->there)));
	say_events(fd, "connecting");
	say_result("recv", recv(fd, NULL, 0, 0));
	say_result("send", send(fd, "a", 1, 0));
	set_nonblock(fd, false);
	e->fd = fd;
	e->sent = 0;
	e->taken = 0;
	waiter_begin(&receiver, e, false);
	wait_ms(20);
	meet(e);
	waiter_end(&receiver, "recv");
	e->taken = SMALL;
	warm_up(e);
	close(first);
}

/* A listener whose queue is full; each connection works when its turn comes. */
static void backlog(struct end *e)
{
	int fds[4], i;

	if (e->client) {
		meet(e);
		for (i = 0; i < 4; i++) {
			fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
			if (connect(fds[i], (struct sockaddr *)&e->there, sizeof(e->there)))
				say_result("connect", -1);
		}
		meet(e);
	} else {
		listen(e->listener, 1);
		meet(e);
		meet(e);
		wait_ms(20);
	}
	for (i = 0; i < 4; i++) {
		if (e->client) {
			wait_events(fds[i], POLLOUT);
			set_nonblock(fds[i], false);
			e->sent = 0;
			e->fd = fds[i];
			send_all(e, SMALL);
			send_all(e, SMALL);
		} else {
			fds[i] = join(e);
		}
	}
	/* They may have come in another order. */
	for (i = 0; i < 4; i++) {
		e->fd = fds[i];
		e->sent = 0;
		e->taken = 0;
		if (e->client) {
			take_all(e, SMALL);
		} else {
			take_all(e, 2 * SMALL);
			send_all(e, SMALL);
		}
	}
	meet(e);
	for (i = 0; i < 4; i++)
		close(fds[i]);
	e->fd = -1;
	if (!e->client)
		listen(e->listener, BACKLOG);
}

/* Bytes come, by TCP and by the lane, before anybody has accepted; then the end. */
static void accept_late(struct end *e)
{
	struct linger linger = { .l_onoff = 1 };
	int i;

	if (e->client) {
		begin_cold(e);
		for (i = 0; i < 3; i++) {
			send_all(e, SMALL);
			wait_ms(5);
		}
		meet(e);
		take_all(e, SMALL);
		finish(e);
		begin_cold(e);
		for (i = 0; i < 3; i++) {
			send_all(e, SMALL);
			wait_ms(5);
		}
		say_result("close", close(e->fd));
		e->fd = -1;
		meet(e);
		begin_cold(e);
		send_all(e, SMALL);
		setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		close(e->fd);
		e->fd = -1;
		meet(e);
		return;
	}
	meet(e);
	begin_cold(e);
	wait_inq(e->fd, 3 * SMALL);
	say_events(e->fd, "accepted");
	take_all(e, 3 * SMALL);
	say_result("nothing", take_some(e, SMALL, MSG_DONTWAIT));
	send_all(e, SMALL);
	finish(e);
	meet(e);
	begin_cold(e);
	wait_events(e->fd, POLLRDHUP);
	say_events(e->fd, "closed");
	say_result("all", take_some(e, 4 * SMALL, MSG_WAITALL));
	say_end(e, "closed");
	close(e->fd);
	meet(e);
	begin_cold(e);
	say_end(e, "reset");
}

/* Parent and child use it one after the other; the end is the last one's. */
static void fork_shared(struct end *e)
{
	begin(e);
	if (e->actor) {
		pid_t child = fork();

		if (!child) {
			send_all(e, SMALL);
			take_all(e, SMALL);
			close(e->fd);
			_exit(0);
		}
		waitpid(child, NULL, 0);
		e->sent += SMALL;
		e->taken += SMALL;
		send_all(e, LONG);
		take_all(e, LONG);
		child = fork();
		if (!child) {
			close(e->control);
			take_all(e, 1);
			e->taken--;
			_exit(0);
		}
		close(e->fd);
		e->fd = -1;
		meet(e);
		waitpid(child, NULL, 0);
		meet(e);
	} else {
		take_all(e, SMALL);
		send_all(e, SMALL);
		take_all(e, LONG);
		send_all(e, LONG);
		meet(e);
		say_events(e->fd, "the child has it");
		send_all(e, 1);
		wait_events(e->fd, POLLRDHUP);
		meet(e);
		say_end(e, "closed");
	}
}

/* Bytes that threads have received, and their sum: who gets which is not said. */
struct share {
	pthread_t thread;
	int fd;
	bool sends;
	size_t bytes;
	unsigned long sum;
};

static void *take_share(void *argument)
{
	struct share *share = argument;
	unsigned char data[4096];
	long n = 1;

	while (share->sends ? share->bytes < LONG : n > 0) {
		long i;

		if (share->sends) {
			memset(data, share->sum, sizeof(data));
			n = send(share->fd, data, sizeof(data), 0);
			share->bytes += n;
		} else {
			n = recv(share->fd, data, sizeof(data), 0);
			for (i = 0; i < n; i++)
				share->sum += data[i];
			share->bytes += n > 0 ? n : 0;
		}
	}
	return NULL;
}

static void threads(struct end *e)
{
	struct share shares[4] = { 0 };
	int i;

	begin(e);
	for (i = 0; i < 4; i++) {
		shares[i].fd = e->fd;
		shares[i].sends = i < 2;
		shares[i].sum = i < 2 ? 3 + 4 * i : 0;
		pthread_create(&shares[i].thread, NULL, take_share, &shares[i]);
	}
	pthread_join(shares[0].thread, NULL);
	pthread_join(shares[1].thread, NULL);
	shutdown(e->fd, SHUT_WR);
	pthread_join(shares[2].thread, NULL);
	pthread_join(shares[3].thread, NULL);
	say("sent %zu, taken %zu, sum %lu", shares[0].bytes + shares[1].bytes,
	    shares[2].bytes + shares[3].bytes, shares[2].sum + shares[3].sum);
}

static void dup_and_close(struct end *e)
{
	int copy;

	begin(e);
	copy = dup(e->fd);
	say_result("close", close(e->fd));
	say_result("recv of it", recv(e->fd, NULL, 0, 0));
	e->fd = copy;
	meet(e);
	go_on(e);
}

/* Another process gets it by a message, and is the only one that has it then. */
static void passed_on(struct end *e)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec piece = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	int ends[2];

	begin(e);
	if (!e->actor) {
		take_all(e, LONG);
		say_result("end", take_some(e, SMALL, 0));
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		die("socketpair: %s", strerror(errno));
	if (!fork()) {
		close(e->fd);
		recvmsg(ends[1], &message, 0);
		e->fd = *(int *)CMSG_DATA(CMSG_FIRSTHDR(&message));
		send_all(e, LONG);
		_exit(0);
	}
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	*(int *)CMSG_DATA(part) = e->fd;
	say_result("pass on", sendmsg(ends[0], &message, 0));
	close(e->fd);
	e->fd = -1;
	close(ends[0]);
	close(ends[1]);
	wait(NULL);
}

/* One message over each of many connections. */
static void send_each(struct end *ends)
{
	int i;

	for (i = 0; i < CROWD; i++)
		send_all(&ends[i], SMALL);
}

static void take_each(struct end *ends)
{
	int i;

	for (i = 0; i < CROWD; i++)
		take_all(&ends[i], SMALL);
}

/* All at once, each with both directions in use; they may be accepted in any order. */
static void crowd(struct end *e)
{
	static struct end ends[CROWD];
	int i, round;

	for (i = 0; i < CROWD; i++) {
		ends[i] = *e;
		begin_cold(&ends[i]);
	}
	for (round = 0; round < WARM_ROUNDS; round++) {
		if (e->client)
			send_each(ends);
		take_each(ends);
		if (!e->client)
			send_each(ends);
	}
	meet(e);
	for (i = 0; i < CROWD; i++)
		close(ends[i].fd);
	say("connections: %d", CROWD);
}

static void sequence(struct end *e)
{
	int i;

	for (i = 0; i < SEQUENCE; i++) {
		begin_cold(e);
		if (e->client)
			send_all(e, 1);
		take_all(e, 1);
		if (!e->client)
			send_all(e, 1);
		if (e->client)
			send_all(e, SMALL);
		else
			take_all(e, SMALL);
		close(e->fd);
	}
	e->fd = -1;
	say("connections: %d", SEQUENCE);
}

/* What has begun goes on when no new ones may. */
static void switched_off(struct end *e)
{
	begin(e);
	bypass_switch(false);
	meet(e);
	go_on(e);
}

const struct scenario life_scenarios[] = {
	{ "disconnect", disconnect_and_reuse, .lanes = 2 },
	{ "disconnect_waiting", disconnect_waiting, .lanes = 2 },
	{ "connect_nonblocking", connect_nonblocking, .lanes = 1, .once = true },
	{ "recv_while_connecting", recv_while_connecting, .lanes = 1, .once = true },
	{ "backlog", backlog, .lanes = ANY, .once = true },
	{ "accept_late", accept_late, .lanes = ANY, .once = true },
	{ "fork_shared", fork_shared, .lanes = 2 },
	{ "threads", threads, .lanes = 2 },
	{ "dup_and_close", dup_and_close, .lanes = 2 },
	{ "passed_on", passed_on, .lanes = 2 },
	{ "crowd", crowd, .lanes = CROWD / 2, .once = true },
	{ "sequence", sequence, .lanes = ANY, .once = true },
	{ "switched_off", switched_off, .lanes = 1, .once = true },
	{ }
};
