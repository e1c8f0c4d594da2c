// SPDX-License-Identifier: GPL-2.0
/*
 * A file sent over TCP again and again, by one of four ways: read and write,
 * sendfile, splice through a pipe, and io_uring with reads and sends in
 * flight at once. The file is in memory, so what is measured is the way from
 * there into the socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "load.h"

#define CHUNK	(256 << 10)
#define DEPTH	8

/* Each sends all of the file once. */
typedef void (*send_file)(int socket, int file, off_t bytes);

static void by_write(int socket, int file, off_t bytes)
{
	static char data[CHUNK];
	off_t done = 0;

	while (done < bytes) {
		ssize_t n = pread(file, data, sizeof(data), done);

		if (n <= 0)
			die("read: %s", strerror(errno));
		write_all(socket, data, n);
		done += n;
	}
}

static void by_sendfile(int socket, int file, off_t bytes)
{
	off_t at = 0;

	while (at < bytes)
		if (sendfile(socket, file, &at, CHUNK) <= 0)
			die("sendfile: %s", strerror(errno));
}

static void by_splice(int socket, int file, off_t bytes)
{
	static int ends[2] = { -1, -1 };
	loff_t at = 0;

	if (ends[0] < 0 && (pipe(ends) || fcntl(ends[1], F_SETPIPE_SZ, CHUNK) < 0))
		die("pipe: %s", strerror(errno));
	while (at < bytes) {
		ssize_t n = splice(file, &at, ends[1], NULL, CHUNK, SPLICE_F_MOVE);

		if (n <= 0)
			die("splice: %s", strerror(errno));
		while (n > 0) {
			ssize_t out = splice(ends[0], NULL, socket, NULL, n,
					     SPLICE_F_MOVE | SPLICE_F_MORE);

			if (out <= 0)
				die("splice: %s", strerror(errno));
			n -= out;
		}
	}
}

static void submit(struct io_uring *ring, unsigned int calls)
{
	if (io_uring_submit_and_wait(ring, calls) < 0)
		die("io_uring_submit: %s", strerror(errno));
}

/* Takes as many completions as there were calls; each must have done all. */
static void complete(struct io_uring *ring, unsigned int calls, int bytes)
{
	struct io_uring_cqe *cqe;

	while (calls--) {
		if (io_uring_wait_cqe(ring, &cqe))
			die("io_uring_wait: %s", strerror(errno));
		if (cqe->res != bytes)
			die("io_uring: result %d of %d", cqe->res, bytes);
		io_uring_cqe_seen(ring, cqe);
	}
}

/*
 * Reads and sends, each read linked to its send and each send to the next
 * read: in order, with one system call for DEPTH of both.
 */
static void by_uring(int socket, int file, off_t bytes)
{
	static char data[DEPTH][CHUNK];
	static struct io_uring ring;
	static int ready;
	off_t at;
	int err, i;

	err = ready ? 0 : io_uring_queue_init(2 * DEPTH, &ring, 0);
	if (err)
		die("io_uring: %s", strerror(-err));
	ready = 1;
	for (at = 0; at < bytes; at += DEPTH * CHUNK) {
		for (i = 0; i < DEPTH; i++) {
			struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

			io_uring_prep_read(sqe, file, data[i], CHUNK, at + i * CHUNK);
			sqe->flags |= IOSQE_IO_LINK;
			sqe = io_uring_get_sqe(&ring);
			io_uring_prep_send(sqe, socket, data[i], CHUNK, MSG_WAITALL);
			if (i < DEPTH - 1)
				sqe->flags |= IOSQE_IO_LINK;
		}
		submit(&ring, 2 * DEPTH);
		complete(&ring, 2 * DEPTH, CHUNK);
	}
}

static const struct way {
	const char *name;
	send_file send;
} ways[] = {
	{ "write", by_write },
	{ "sendfile", by_sendfile },
	{ "splice", by_splice },
	{ "uring", by_uring },
};

static send_file find_way(const char *name)
{
	const struct way *way;

	for (way = ways; way < ways + sizeof(ways) / sizeof(*ways); way++)
		if (!strcmp(way->name, name))
			return way->send;
	die("there is no way '%s' to send a file", name);
}

static off_t whole_chunks(int file)
{
	struct stat stat;

	if (file < 0 || fstat(file, &stat))
		die("the file cannot be opened: %s", strerror(errno));
	if (!stat.st_size || stat.st_size % (DEPTH * CHUNK))
		die("the file is no multiple of %u bytes", DEPTH * CHUNK);
	return stat.st_size;
}

static __u64 cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000ull +
		usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

int cmd_file(char **argv)
{
	struct request request = { .mode = LOAD_SINK, .size = CHUNK };
	__u64 began, idle, cpu, ms = number(argv[3]);
	send_file way = find_way(argv[1]);
	int file = open(argv[2], O_RDONLY);
	off_t bytes = whole_chunks(file);
	int fd = open_request(argv[0], &request);
	struct report got;

	cpu = cpu_us();
	idle = idle_us();
	began = now_ns();
	while (now_ns() - began < ms * 1000000)
		way(fd, file, bytes);
	cpu = cpu_us() - cpu;
	idle = idle_us() - idle;
	began = now_ns() - began;
	shutdown(fd, SHUT_WR);
	got = read_report(fd);
	printf("bytes=%llu ns=%llu cpu_us=%llu idle_us=%llu wall_us=%llu\n",
	       got.units, got.ns, cpu, idle, began / 1000);
	return 0;
}
