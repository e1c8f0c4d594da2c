// SPDX-License-Identifier: GPL-2.0
/* Files and pipes on one side of a call, a connection on the other. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "calls.h"

#define SMALL		1000
#define FILE_BYTES	300000
#define PIPE_BYTES	16384

/* A file that has what the end sends next. */
static int file_of(struct end *e, size_t bytes)
{
	static char data[FILE_BYTES];
	int fd = memfd_create("calls", MFD_CLOEXEC);

	fill(e->client, e->sent, data, bytes);
	if (fd < 0 || write(fd, data, bytes) != (long)bytes)
		die("file: %s", strerror(errno));
	return fd;
}

static void by_sendfile(struct end *e)
{
	off_t at = 0;
	int file;

	begin(e);
	if (!e->actor) {
		take_all(e, FILE_BYTES + SMALL);
		meet(e);
		take_all(e, FILE_BYTES);
		return;
	}
	file = file_of(e, FILE_BYTES);
	while (at < FILE_BYTES)
		if (sendfile(e->fd, file, &at, FILE_BYTES) <= 0)
			die("sendfile: %s", strerrorname_np(errno));
	say_result("at the end", sendfile(e->fd, file, &at, FILE_BYTES));
	close(file);
	e->sent += FILE_BYTES;
	send_all(e, SMALL);
	meet(e);
	file = file_of(e, FILE_BYTES);
	at = 0;
	set_nonblock(e->fd, true);
	while (at < FILE_BYTES) {
		long n = sendfile(e->fd, file, &at, FILE_BYTES);

		if (n < 0 && errno == EAGAIN)
			wait_events(e->fd, POLLOUT);
		else if (n <= 0)
			die("sendfile: %s", strerrorname_np(errno));
	}
	close(file);
}

static void pipe_of(int *ends)
{
	if (pipe2(ends, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
}

/* Takes so many bytes out of a pipe, which the other end has sent at @at. */
static void check_pipe(struct end *e, int pipe, size_t at, size_t bytes)
{
	static char data[PIPE_BYTES];

	while (bytes) {
		long n = read(pipe, data, bytes < sizeof(data) ? bytes : sizeof(data));

		if (n <= 0)
			die("pipe: %s", strerrorname_np(errno));
		check(!e->client, at, data, n);
		at += n;
		bytes -= n;
	}
}

static void splice_in(struct end *e, int socket_flags, size_t bytes)
{
	int ends[2];
	size_t done = 0;

	pipe_of(ends);
	while (done < bytes) {
		long n = splice(e->fd, NULL, ends[1], NULL, bytes - done, socket_flags);

		if (n < 0 && errno == EAGAIN)
			wait_events(e->fd, POLLIN);
		else if (n <= 0)
			die("splice: %s", n ? strerrorname_np(errno) : "0");
		if (n > 0) {
			check_pipe(e, ends[0], e->taken, n);
			e->taken += n;
			done += n;
		}
	}
	close(ends[0]);
	close(ends[1]);
}

/* Out of a file, through a pipe, into the connection, and into a pipe there. */
static void by_splice(struct end *e)
{
	int ends[2], file, round;

	begin(e);
	pipe_of(ends);
	if (!e->actor) {
		set_nonblock(e->fd, true);
		say_result("nothing", splice(e->fd, NULL, ends[1], NULL, SMALL, 0));
		set_nonblock(e->fd, false);
		meet(e);
		splice_in(e, 0, FILE_BYTES);
		set_nonblock(e->fd, true);
		splice_in(e, SPLICE_F_NONBLOCK | SPLICE_F_MOVE, FILE_BYTES);
		set_nonblock(e->fd, false);
		meet(e);
		say_result("end", splice(e->fd, NULL, ends[1], NULL, SMALL, 0));
	} else {
		meet(e);
		for (round = 0; round < 2; round++) {
			loff_t at = 0;

			file = file_of(e, FILE_BYTES);
			while (at < FILE_BYTES) {
				long n = splice(file, &at, ends[1], NULL, PIPE_BYTES, 0);

				while (n > 0) {
					long out = splice(ends[0], NULL, e->fd, NULL, n, 0);

					if (out <= 0)
						die("splice: %s", strerrorname_np(errno));
					n -= out;
				}
			}
			e->sent += FILE_BYTES;
			close(file);
		}
		meet(e);
		shutdown(e->fd, SHUT_WR);
	}
	close(ends[0]);
	close(ends[1]);
}

/* What is in a pipe goes two ways; user memory goes there without a copy. */
static void by_tee(struct end *e)
{
	static char data[PIPE_BYTES];
	struct iovec piece = { data, PIPE_BYTES / 2 };
	int ends[2], others[2];

	begin(e);
	pipe_of(ends);
	pipe_of(others);
	if (e->actor) {
		fill(e->client, e->sent, data, sizeof(data));
		say_result("vmsplice", vmsplice(ends[1], &piece, 1, 0));
		say_result("tee", tee(ends[0], others[1], PIPE_BYTES, 0));
		say_result("splice", splice(ends[0], NULL, e->fd, NULL, PIPE_BYTES, 0));
		meet(e);
		say_result("splice again", splice(others[0], NULL, e->fd, NULL, PIPE_BYTES, 0));
	} else {
		wait_inq(e->fd, PIPE_BYTES / 2);
		say_result("splice", splice(e->fd, NULL, ends[1], NULL, SMALL, 0));
		say_result("tee", tee(ends[0], others[1], PIPE_BYTES, 0));
		check_pipe(e, others[0], e->taken, SMALL);
		check_pipe(e, ends[0], e->taken, SMALL);
		e->taken += SMALL;
		take_all(e, PIPE_BYTES / 2 - SMALL);
		meet(e);
		wait_inq(e->fd, PIPE_BYTES / 2);
		e->taken -= PIPE_BYTES / 2;
		say_result("the same", take_some(e, PIPE_BYTES / 2, 0));
	}
	close(ends[0]);
	close(ends[1]);
	close(others[0]);
	close(others[1]);
}

/* Bytes that came by TCP and by the lane, into one pipe. */
static void splice_border(struct end *e)
{
	begin_cold(e);
	if (e->actor) {
		send_all(e, SMALL);
		wait_outq(e->fd);
		send_all(e, SMALL);
		send_all(e, SMALL);
		meet(e);
	} else {
		meet(e);
		wait_inq(e->fd, 3 * SMALL);
		splice_in(e, 0, 3 * SMALL);
		say("spliced");
	}
}

const struct scenario file_scenarios[] = {
	{ "sendfile", by_sendfile, .lanes = 2 },
	{ "splice", by_splice, .lanes = 2 },
	{ "tee", by_tee, .lanes = 2 },
	{ "splice_border", splice_border, .lanes = 1 },
	{ }
};
