// SPDX-License-Identifier: GPL-2.0
/*
 * TCP: a stream in one direction, messages that are echoed, and connections.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "load.h"

/* Reads to the end of the stream. */
static struct report sink(int fd, __u32 size)
{
	struct report report = { 0 };
	__u64 began = now_ns(), idle = idle_us();
	char *data = buffer(size);
	ssize_t n;

	while ((n = read(fd, data, size)) > 0) {
		if (!report.units)
			began = now_ns();
		report.units += n;
	}
	if (n < 0)
		die("read: %s", strerror(errno));
	report.ns = now_ns() - began;
	report.idle_us = idle_us() - idle;
	return report;
}

static struct report source(int fd, __u32 size, __u32 ms)
{
	struct report report = { 0 };
	__u64 began, idle = idle_us();
	char *data = buffer(size);

	began = now_ns();
	while (now_ns() - began < ms * 1000000ull) {
		write_all(fd, data, size);
		report.units += size;
	}
	shutdown(fd, SHUT_WR);
	report.ns = now_ns() - began;
	report.idle_us = idle_us() - idle;
	return report;
}

static void echo(int fd, __u32 size)
{
	char *data = buffer(size);
	size_t done = 0;

	for (;;) {
		ssize_t n = read(fd, data + done, size - done);

		if (n <= 0)
			return;
		done += n;
		if (done < size)
			continue;
		write_all(fd, data, size);
		done = 0;
	}
}

void serve_tcp(int fd, const struct request *request)
{
	struct report report;

	switch (request->mode) {
	case LOAD_SINK:
		report = sink(fd, request->size);
		return write_all(fd, &report, sizeof(report));
	case LOAD_SOURCE:
		source(fd, request->size, request->ms);
		return;
	case LOAD_ECHO:
		return echo(fd, request->size);
	default:
		die("request of mode %u", request->mode);
	}
}

/* What counts is what the receiver got, and how long it took there. */
int cmd_stream(char **argv)
{
	int sends = !strcmp(argv[1], "send");
	struct request request = {
		.mode = sends ? LOAD_SINK : LOAD_SOURCE,
		.size = number(argv[2]), .ms = number(argv[3]),
	};
	struct report got;
	__u64 idle;
	int fd;

	if (!request.size || request.size > LOAD_MAX)
		die("%u bytes are too few or too many", request.size);
	fd = open_request(argv[0], &request);
	if (sends) {
		idle = source(fd, request.size, request.ms).idle_us;
		got = read_report(fd);
		printf("bytes=%llu ns=%llu idle_us=%llu far_idle_us=%llu\n",
		       got.units, got.ns, idle, got.idle_us);
		return 0;
	}
	got = sink(fd, request.size);
	printf("bytes=%llu ns=%llu idle_us=%llu\n",
	       got.units, got.ns, got.idle_us);
	return 0;
}

int cmd_rr(char **argv)
{
	struct request request = {
		.mode = LOAD_ECHO, .size = number(argv[1]),
		.ms = number(argv[2]), .busy_us = number(argv[3]),
	};
	__u64 began, last, now;
	char *data = buffer(request.size);
	int fd;

	if (!request.size || request.size > LOAD_MAX)
		die("%u bytes are too few or too many", request.size);
	fd = open_request(argv[0], &request);
	began = now_ns();
	now = began;
	while (!times_full() && now - began < request.ms * 1000000ull) {
		last = now;
		write_all(fd, data, request.size);
		read_all(fd, data, request.size);
		now = now_ns();
		times_add(now - last);
	}
	times_print();
	return 0;
}

/* One connection after the other; the end of each is the client's. */
int cmd_connects(char **argv)
{
	struct request request = { .mode = LOAD_TOGETHER, .size = 1 };
	__u64 began = now_ns(), now = began, count = 0;
	__u32 ms = number(argv[1]);
	char byte = 0;

	while (now - began < ms * 1000000ull) {
		int fd = open_request(argv[0], &request);

		write_all(fd, &byte, 1);
		read_all(fd, &byte, 1);
		close(fd);
		count++;
		now = now_ns();
	}
	printf("count=%llu ns=%llu\n", count, now - began);
	return 0;
}
