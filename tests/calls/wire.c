// SPDX-License-Identifier: GPL-2.0
/*
 * Connections under test, and what goes over them: bytes that tell by their value
 * which of a direction they are.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "calls.h"

/* A prime: no ring or page has a size that it divides. */
#define PERIOD		65521
#define PORT_TRIES	1000



static sig_atomic_t caught;

void set_option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		die("setsockopt %d, %d: %s", level, name, strerror(errno));
}

void set_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK))
		die("fcntl: %s", strerror(errno));
}

/* Listens with a socket; who had the port before may still be about to leave it. */
void listen_on(int fd, int family, int port, int backlog)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int err, tries = PORT_TRIES;

	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	do {
		if (family == AF_INET)
			err = bind(fd, (struct sockaddr *)&v4, sizeof(v4));
		else
			err = bind(fd, (struct sockaddr *)&v6, sizeof(v6));
	} while (err && errno == EADDRINUSE && tries-- && (wait_ms(10), true));
	if (err || listen(fd, backlog))
		die("port %d: %s", port, strerror(errno));
}

int listen_at(int family, int port, int backlog)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	listen_on(fd, family, port, backlog);
	return fd;
}

/* A new socket that is connected; -1 if it cannot be. */
int connect_to(const void *address, size_t bytes)
{
	const struct sockaddr *there = address;
	int fd = socket(there->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, there, bytes)) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

/* A connection between the ends. */
int join(struct end *e)
{
	int fd = e->client ? connect_to(&e->there, sizeof(e->there)) :
			     accept(e->listener, NULL, NULL);

	if (fd < 0)
		die("no connection: %s", strerror(errno));
	return fd;
}

/* Has the connection under test, with both directions in TCP. */
void begin_cold(struct end *e)
{
	e->fd = join(e);
	e->sent = 0;
	e->taken = 0;
}

/* Brings both directions into lanes. */
void warm_up(struct end *e)
{
	int i;

	for (i = 0; i < WARM_ROUNDS; i++) {
		if (e->client)
			send_all(e, WARM_BYTES);
		take_all(e, WARM_BYTES);
		if (!e->client)
			send_all(e, WARM_BYTES);
	}
	wait_outq(e->fd);
	meet(e);
}

/* Has the connection under test, with both directions in lanes. */
void begin(struct end *e)
{
	begin_cold(e);
	warm_up(e);
}

void finish(struct end *e)
{
	close(e->fd);
	e->fd = -1;
	meet(e);
}

static char period[PERIOD];

__attribute__((constructor)) static void make_period(void)
{
	unsigned int i, x = 1;

	for (i = 0; i < PERIOD; i++) {
		x = x * 1103515245 + 12345;
		period[i] = x >> 16;
	}
}

/* The two directions do not have the same bytes. */
static size_t phase(bool client, size_t at)
{
	return (at + (client ? 0 : PERIOD / 2)) % PERIOD;
}

/* Puts there what an end sends at a place of its direction. */
void fill(bool client, size_t at, char *data, size_t bytes)
{
	while (bytes) {
		size_t start = phase(client, at);
		size_t n = bytes < PERIOD - start ? bytes : PERIOD - start;

		memcpy(data, period + start, n);
		data += n;
		at += n;
		bytes -= n;
	}
}

/* Ends the scenario if that is not what an end sends at a place of its direction. */
void check(bool client, size_t at, const char *data, size_t bytes)
{
	while (bytes) {
		size_t start = phase(client, at), i = 0;
		size_t n = bytes < PERIOD - start ? bytes : PERIOD - start;

		if (memcmp(data, period + start, n)) {
			while (data[i] == period[start + i])
				i++;
			die("byte %zu is wrong: %#x for %#x", at + i, data[i], period[start + i]);
		}
		data += n;
		at += n;
		bytes -= n;
	}
}

/* Sends what comes next. */
long send_some(struct end *e, size_t bytes, int flags)
{
	static __thread char data[MAX_BYTES];
	long n;

	fill(e->client, e->sent, data, bytes);
	n = send(e->fd, data, bytes, flags);
	if (n > 0)
		e->sent += n;
	return n;
}

/* Receives, and compares with what must come next. */
long take_some(struct end *e, size_t bytes, int flags)
{
	static __thread char data[MAX_BYTES];
	long n = recv(e->fd, data, bytes, flags);

	if (n > 0 && !(flags & MSG_TRUNC))
		check(!e->client, e->taken, data, n);
	if (n > 0 && !(flags & MSG_PEEK))
		e->taken += n;
	return n;
}

static size_t at_most(size_t bytes)
{
	return bytes < MAX_BYTES ? bytes : MAX_BYTES;
}

void send_all(struct end *e, size_t bytes)
{
	while (bytes) {
		long n = send_some(e, at_most(bytes), MSG_NOSIGNAL);

		if (n <= 0)
			die("send: %s", strerrorname_np(errno));
		bytes -= n;
	}
}

void take_all(struct end *e, size_t bytes)
{
	while (bytes) {
		long n = take_some(e, at_most(bytes), 0);

		if (n <= 0)
			die("recv with %zu missing: %s", bytes, n ? strerrorname_np(errno) : "0");
		bytes -= n;
	}
}

/* Lets time pass that somebody else can use; nothing may depend on how much. */
void wait_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* Waits until so many bytes can be read at once. */
void wait_inq(int fd, int bytes)
{
	int there;

	while (!ioctl(fd, SIOCINQ, &there) && there < bytes)
		wait_ms(1);
	if (there != bytes)
		die("SIOCINQ: %d for %d", there, bytes);
}

/* Waits until the other end has got all. */
void wait_outq(int fd)
{
	int there;

	while (!ioctl(fd, SIOCOUTQ, &there) && there)
		wait_ms(1);
}

/* Waits until poll has all of these. */
void wait_events(int fd, int events)
{
	struct pollfd entry = { .fd = fd, .events = events };

	while (poll(&entry, 1, 100) < 0 || (entry.revents & events) != events)
		wait_ms(1);
}

const char *events_text(int events)
{
	static const struct {
		int bit;
		const char *name;
	} names[] = {
		{ POLLIN, " IN" }, { POLLPRI, " PRI" }, { POLLOUT, " OUT" }, { POLLERR, " ERR" },
		{ POLLHUP, " HUP" }, { POLLNVAL, " NVAL" }, { POLLRDHUP, " RDHUP" },
	};
	static __thread char text[64];
	size_t i, length = 0;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (events & names[i].bit)
			length += snprintf(text + length, sizeof(text) - length, "%s",
					   names[i].name);
	return length ? text + 1 : "none";
}

/* Says what poll has at once. */
void say_events(int fd, const char *when)
{
	struct pollfd entry = {
		.fd = fd,
		.events = POLLIN | POLLPRI | POLLOUT | POLLRDHUP,
	};

	if (poll(&entry, 1, 0) < 0)
		die("poll: %s", strerror(errno));
	say("%s: poll %s", when, events_text(entry.revents));
}

/* Says how a connection has ended: what all calls have to say to it. */
void say_end(struct end *e, const char *when)
{
	int err = 0;
	socklen_t length = sizeof(err);

	say("%s:", when);
	say_events(e->fd, " events");
	say_result(" recv", take_some(e, 10, MSG_DONTWAIT));
	say_result(" recv again", take_some(e, 10, MSG_DONTWAIT));
	getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &err, &length);
	say(" error: %s", strerrorname_np(err));
	say_result(" send", send(e->fd, "", 0, MSG_NOSIGNAL | MSG_DONTWAIT));
	say_events(e->fd, " events then");
}

static void count_signal(int number)
{
	(void)number;
	__atomic_fetch_add(&caught, 1, __ATOMIC_RELAXED);
}

void catch_signal(int number, int flags)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };

	caught = 0;
	sigaction(number, &action, NULL);
}

int signals_caught(void)
{
	return __atomic_load_n(&caught, __ATOMIC_RELAXED);
}
