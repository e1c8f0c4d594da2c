// SPDX-License-Identifier: GPL-2.0
/*
 * UDP: datagrams at a given rate, counted on both sides, and datagrams that
 * are echoed. The TCP connection of the request says where to send and when
 * it is over.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "load.h"

#define QUIET_MS	200

static void set_timeout(int fd, unsigned int ms)
{
	struct timeval timeout = { .tv_usec = ms * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
}

/* Tells the client the port; the answers come from there too. */
static int open_port(int connection, __u32 busy_us)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t bytes = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    getsockname(fd, (struct sockaddr *)&at, &bytes))
		die("bind: %s", strerror(errno));
	set_busy_poll(fd, busy_us);
	set_timeout(fd, QUIET_MS);
	write_all(connection, &at.sin_port, sizeof(at.sin_port));
	return fd;
}

static int is_over(int connection)
{
	struct pollfd look = { .fd = connection, .events = POLLIN };

	return poll(&look, 1, 0) != 0;
}

static __u64 socket_drops(int fd)
{
	__u32 info[SK_MEMINFO_VARS];
	socklen_t bytes = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &bytes))
		die("SO_MEMINFO: %s", strerror(errno));
	return info[SK_MEMINFO_DROPS];
}

/* The client has sent all before it ends the connection. */
static void sink(int connection, int fd)
{
	struct report report = { 0 };
	__u64 began = 0, last = 0, idle = idle_us();
	char *data = buffer(LOAD_MAX);

	for (;;) {
		if (recv(fd, data, LOAD_MAX, 0) >= 0) {
			last = now_ns();
			began = began ?: last;
			report.units++;
		} else if (is_over(connection)) {
			break;
		}
	}
	report.ns = last - began;
	report.idle_us = idle_us() - idle;
	report.drops = socket_drops(fd);
	write_all(connection, &report, sizeof(report));
}

static void echo(int connection, int fd)
{
	char *data = buffer(LOAD_MAX);

	for (;;) {
		struct sockaddr_in from;
		socklen_t bytes = sizeof(from);
		ssize_t n = recvfrom(fd, data, LOAD_MAX, 0,
				     (struct sockaddr *)&from, &bytes);

		if (n >= 0)
			sendto(fd, data, n, 0, (struct sockaddr *)&from, bytes);
		else if (is_over(connection))
			return;
	}
}

void serve_udp(int connection, const struct request *request)
{
	int fd = open_port(connection, request->busy_us);

	if (request->mode == LOAD_UDP_SINK)
		sink(connection, fd);
	else
		echo(connection, fd);
}

static int open_datagrams(const char *address, int connection, __u32 busy_us)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_aton(address, &to.sin_addr);
	read_all(connection, &to.sin_port, sizeof(to.sin_port));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("%s: %s", address, strerror(errno));
	set_busy_poll(fd, busy_us);
	set_timeout(fd, QUIET_MS);
	return fd;
}

/* A datagram that is lost is not waited for longer than QUIET_MS. */
int cmd_udp_rr(char **argv)
{
	struct request request = {
		.mode = LOAD_UDP_ECHO, .size = number(argv[1]),
		.ms = number(argv[2]), .busy_us = number(argv[3]),
	};
	__u64 began, last, now;
	char *data = buffer(request.size);
	int connection, fd;

	connection = open_request(argv[0], &request);
	fd = open_datagrams(argv[0], connection, request.busy_us);
	began = now_ns();
	now = began;
	while (!times_full() && now - began < request.ms * 1000000ull) {
		last = now;
		if (send(fd, data, request.size, 0) < 0)
			die("send: %s", strerror(errno));
		if (recv(fd, data, LOAD_MAX, 0) < 0) {
			now = now_ns();
			continue;
		}
		now = now_ns();
		times_add(now - last);
	}
	times_print();
	return 0;
}

/* Each datagram has its time; one that is late does not delay the others. */
static __u64 send_paced(int fd, __u32 size, __u32 rate, __u32 ms)
{
	__u64 began = now_ns(), end = began + ms * 1000000ull, sent = 0;
	__u64 now;
	char *data = buffer(size);

	for (now = began; now < end; now = now_ns()) {
		if (rate && sent * 1000000000ull > (now - began) * rate)
			continue;
		if (send(fd, data, size, 0) < 0)
			die("send: %s", strerror(errno));
		sent++;
	}
	return sent;
}

/* The kernel, or who is behind it, cuts what is sent into datagrams. */
static void set_segment(int fd, __u32 bytes)
{
	int value = bytes;

	if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &value, sizeof(value)))
		die("UDP_SEGMENT: %s", strerror(errno));
}

/* A rate of 0 is as fast as the socket takes them; a segment of 0: none. */
static void send_and_report(const char *address, __u32 size, __u32 segment,
			    __u32 rate, __u32 ms)
{
	struct request request = {
		.mode = LOAD_UDP_SINK, .size = size, .ms = ms,
	};
	int connection = open_request(address, &request);
	int fd = open_datagrams(address, connection, 0);
	struct report got;
	__u64 sent;

	if (segment)
		set_segment(fd, segment);
	sent = send_paced(fd, size, rate, ms);
	shutdown(connection, SHUT_WR);
	got = read_report(connection);
	printf("sent=%llu received=%llu drops=%llu ns=%llu\n", sent, got.units, got.drops, got.ns);
}

int cmd_udp(char **argv)
{
	send_and_report(argv[0], number(argv[1]), 0, number(argv[2]), number(argv[3]));
	return 0;
}

int cmd_udp_segments(char **argv)
{
	send_and_report(argv[0], number(argv[1]), number(argv[2]), number(argv[3]),
			number(argv[4]));
	return 0;
}
