// SPDX-License-Identifier: GPL-2.0
/*
 * The verbs of `load`, and what all of them use.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "load.h"

static const struct verb {
	const char *name;
	int (*run)(char **argv);
	int words;
	const char *usage;
} verbs[] = {
	{ "serve", cmd_serve, 0, "" },
	{ "stream", cmd_stream, 4, "ADDRESS send|receive BYTES MS" },
	{ "rr", cmd_rr, 4, "ADDRESS BYTES MS BUSY-US" },
	{ "connects", cmd_connects, 2, "ADDRESS MS" },
	{ "crowd", cmd_crowd, 5, "ADDRESS alone|together BYTES CLIENTS MS" },
	{ "udp-rr", cmd_udp_rr, 4, "ADDRESS BYTES MS BUSY-US" },
	{ "udp", cmd_udp, 4, "ADDRESS BYTES PER-SECOND MS" },
	{ "udp-segments", cmd_udp_segments, 5, "ADDRESS BYTES SEGMENT PER-SECOND MS" },
	{ "file", cmd_file, 4, "ADDRESS write|sendfile|splice|uring PATH MS" },
	{ "sample", cmd_sample, 2, "MS PER-SECOND" },
};

void die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, list);
	fputs("\n", stderr);
	va_end(list);
	exit(1);
}

__u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Sum over all CPUs, in steps of 10 ms. */
__u64 idle_us(void)
{
	unsigned long long ticks[5];
	FILE *file = fopen("/proc/stat", "r");

	if (!file || fscanf(file, "cpu %llu %llu %llu %llu %llu", &ticks[0],
			    &ticks[1], &ticks[2], &ticks[3], &ticks[4]) != 5)
		die("/proc/stat cannot be read");
	fclose(file);
	return (ticks[3] + ticks[4]) * (1000000 / sysconf(_SC_CLK_TCK));
}

__u32 number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text || value > 0xffffffff)
		die("'%s' does not count", text);
	return value;
}

/* Touched once, so that no page is missing when it counts. */
char *buffer(__u32 bytes)
{
	static char data[LOAD_MAX];

	memset(data, 0x5a, bytes);
	return data;
}

void set_busy_poll(int fd, __u32 busy_us)
{
	int value = busy_us;

	if (value && setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &value,
				sizeof(value)))
		die("busy poll: %s", strerror(errno));
}

void read_all(int fd, void *data, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = read(fd, (char *)data + done, bytes - done);

		if (n <= 0)
			die("read: %s", n ? strerror(errno) : "end of file");
		done += n;
	}
}

void write_all(int fd, const void *data, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = write(fd, (const char *)data + done, bytes - done);

		if (n < 0)
			die("write: %s", strerror(errno));
		done += n;
	}
}

int open_request(const char *address, const struct request *request)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(request->mode == LOAD_TOGETHER ? LOAD_PORT + 1 : LOAD_PORT),
	};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (!inet_aton(address, &to.sin_addr))
		die("'%s' is not an address", address);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("%s: %s", address, strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	set_busy_poll(fd, request->busy_us);
	write_all(fd, request, sizeof(*request));
	return fd;
}

struct report read_report(int fd)
{
	struct report report;

	read_all(fd, &report, sizeof(report));
	return report;
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	for (verb = verbs; verb < verbs + sizeof(verbs) / sizeof(*verbs); verb++)
		if (argc == verb->words + 2 && !strcmp(argv[1], verb->name))
			return verb->run(argv + 2);
	for (verb = verbs; verb < verbs + sizeof(verbs) / sizeof(*verbs); verb++)
		fprintf(stderr, "usage: load %s %s\n", verb->name, verb->usage);
	return 2;
}
