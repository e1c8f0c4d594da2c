// SPDX-License-Identifier: GPL-2.0
/*
 * Moves bytes between files as they come, for both sides of a command that
 * runs on another node. Files of the caller's own user may block, so one is
 * touched only when poll() has said that it is ready, and not for long.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <mint/dev.h>
#include "relay.h"
#include "timing.h"

#define MAX_STREAMS	3
#define MAX_MORE	2

/**
 * stream_open() - can more bytes come out of a stream?
 * @stream: the stream
 */
bool stream_open(const struct stream *stream)
{
	return stream->from >= 0;
}

/**
 * stream_close() - end a stream, for both its ends
 * @stream: the stream
 *
 * Standard error stays open: what went wrong is told there.
 */
void stream_close(struct stream *stream)
{
	if (stream->from >= 0)
		close(stream->from);
	if (stream->to >= 0 && stream->to != STDERR_FILENO && close(stream->to) && !stream->error)
		stream->error = errno;	/* some files tell only now what was not written */
	stream->from = -1;
	stream->to = -1;
	stream->used = 0;
}

static bool failed_for_good(ssize_t n)
{
	return n < 0 && errno != EAGAIN && errno != EINTR;
}

/* These return whether the stream is to be closed. */
static bool fill(struct stream *stream)
{
	ssize_t n = read(stream->from, stream->data, sizeof(stream->data));

	if (n > 0)
		stream->used = n;
	else if (failed_for_good(n))
		stream->error = errno;
	return !n || failed_for_good(n);
}

static bool flush(struct stream *stream)
{
	ssize_t n = write(stream->to, stream->data, stream->used);

	if (n > 0) {
		stream->used -= n;
		memmove(stream->data, stream->data + n, stream->used);
	} else if (failed_for_good(n)) {
		stream->error = errno;
	}
	return failed_for_good(n);
}

/*
 * A stream without bytes looks at its end too: a reader that left shows there,
 * that of a pipe as an error, that of a socket or a terminal as a hang-up.
 */
static bool move(struct stream *stream, short from_events, short to_events)
{
	if (to_events & (POLLERR | POLLHUP | POLLNVAL))
		return true;
	if (stream->used && to_events & POLLOUT)
		return flush(stream);
	return from_events && fill(stream);
}

/**
 * relay_wait() - wait for news, and move what can be moved
 * @streams: the streams, at most 3
 * @nr: how many
 * @more: more files to wait for; their revents are filled in
 * @nr_more: how many, at most 2
 * @timeout_ms: how long to wait
 *
 * Return: what poll() returned.
 */
int relay_wait(struct stream *streams, unsigned int nr, struct pollfd *more,
	       unsigned int nr_more, int timeout_ms)
{
	struct pollfd files[2 * MAX_STREAMS + MAX_MORE];
	bool over[MAX_STREAMS];
	unsigned int i;
	int got;

	for (i = 0; i < nr; i++) {
		bool full = streams[i].used;

		files[2 * i] = (struct pollfd) { full ? -1 : streams[i].from, POLLIN, 0 };
		files[2 * i + 1] = (struct pollfd) { streams[i].to, full ? POLLOUT : 0, 0 };
	}
	memcpy(files + 2 * nr, more, nr_more * sizeof(*more));
	got = poll(files, 2 * nr + nr_more, timeout_ms);
	if (got <= 0)
		return got;
	limit_waits(true);
	for (i = 0; i < nr; i++)
		over[i] = move(&streams[i], files[2 * i].revents, files[2 * i + 1].revents);
	limit_waits(false);
	/* A close() may have to write, and one that is broken off is not done again. */
	for (i = 0; i < nr; i++)
		if (over[i])
			stream_close(&streams[i]);
	memcpy(more, files + 2 * nr, nr_more * sizeof(*more));
	return got;
}

/**
 * relay_drain() - close a stream that has nothing left to move now
 * @stream: the stream; its source does not block
 */
void relay_drain(struct stream *stream)
{
	if (!stream->used && stream_open(stream))
		fill(stream);
	if (!stream->used)
		stream_close(stream);
}

/**
 * session_pipe() - open this side's end of a pipe of a session
 * @session: the device, as one side of a session
 * @pipe: a MINT_PIPE_* value
 *
 * Return: a file that does not block, or -1 with errno.
 */
int session_pipe(int session, unsigned int pipe)
{
	struct mint_ioc_pipe call = { .pipe = pipe };
	int fd = ioctl(session, MINT_IOC_PIPE, &call);

	if (fd >= 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK))
		return -1;
	return fd;
}
