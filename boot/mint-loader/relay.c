// SPDX-License-Identifier: GPL-2.0
/*
 * Moves bytes between files as they come, for both sides of a command that
 * runs on another node. The user's own files may block, so each is touched
 * only when poll() has said that it is ready, and under limit_waits().
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

#define MAX_RELAYS	3
#define MAX_MORE	2

/**
 * relay_is_open() - can more bytes come?
 * @relay: used before or not
 */
bool relay_is_open(const struct relay *relay)
{
	return relay->from >= 0;
}

/**
 * relay_close() - close both files
 * @relay: open, or closed already
 *
 * Standard error stays open: what went wrong is told there.
 */
void relay_close(struct relay *relay)
{
	if (relay->from >= 0)
		close(relay->from);
	if (relay->to >= 0 && relay->to != STDERR_FILENO && close(relay->to) && !relay->error)
		relay->error = errno;	/* some files tell only now what was not written */
	relay->from = -1;
	relay->to = -1;
	relay->used = 0;
}

static bool failed_for_good(ssize_t n)
{
	return n < 0 && errno != EAGAIN && errno != EINTR;
}

/* These return whether the relay is to be closed. */
static bool read_some(struct relay *relay)
{
	ssize_t n = read(relay->from, relay->data, sizeof(relay->data));

	if (n > 0)
		relay->used = n;
	else if (failed_for_good(n))
		relay->error = errno;
	return !n || failed_for_good(n);
}

static bool write_some(struct relay *relay)
{
	ssize_t n = write(relay->to, relay->data, relay->used);

	if (n > 0) {
		relay->used -= n;
		memmove(relay->data, relay->data + n, relay->used);
	} else if (failed_for_good(n)) {
		relay->error = errno;
	}
	return failed_for_good(n);
}

/*
 * A relay without bytes looks at its end too: a reader that left shows there,
 * that of a pipe as an error, that of a socket or a terminal as a hang-up.
 */
static bool move_some(struct relay *relay, short from_events, short to_events)
{
	if (to_events & (POLLERR | POLLHUP | POLLNVAL))
		return true;
	if (relay->used && to_events & POLLOUT)
		return write_some(relay);
	return from_events && read_some(relay);
}

/**
 * relay_wait() - wait for news, and move what can be moved
 * @relays: the relays, at most 3
 * @nr: how many
 * @more: more files to wait for; their revents are filled in
 * @nr_more: how many, at most 2
 * @timeout_ms: how long to wait
 *
 * Return: what poll() returned.
 */
int relay_wait(struct relay *relays, unsigned int nr, struct pollfd *more,
	       unsigned int nr_more, int timeout_ms)
{
	struct pollfd files[2 * MAX_RELAYS + MAX_MORE];
	bool over[MAX_RELAYS];
	unsigned int i;
	int got;

	for (i = 0; i < nr; i++) {
		bool full = relays[i].used;

		files[2 * i] = (struct pollfd) { full ? -1 : relays[i].from, POLLIN, 0 };
		files[2 * i + 1] = (struct pollfd) { relays[i].to, full ? POLLOUT : 0, 0 };
	}
	memcpy(files + 2 * nr, more, nr_more * sizeof(*more));
	got = poll(files, 2 * nr + nr_more, timeout_ms);
	if (got <= 0)
		return got;
	limit_waits(true);
	for (i = 0; i < nr; i++)
		over[i] = move_some(&relays[i], files[2 * i].revents, files[2 * i + 1].revents);
	limit_waits(false);
	/* A close() may have to write, and one that is broken off is not done again. */
	for (i = 0; i < nr; i++)
		if (over[i])
			relay_close(&relays[i]);
	memcpy(more, files + 2 * nr, nr_more * sizeof(*more));
	return got;
}

/**
 * relay_drain() - close a relay that has nothing left to move now
 * @relay: the relay; its source does not block
 */
void relay_drain(struct relay *relay)
{
	if (!relay->used && relay_is_open(relay))
		read_some(relay);
	if (!relay->used)
		relay_close(relay);
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
