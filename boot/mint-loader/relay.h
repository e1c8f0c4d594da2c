/* SPDX-License-Identifier: GPL-2.0 */
/* Moves bytes between files: what exec.c and serve.c share. */
#ifndef MINT_RELAY_H
#define MINT_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <mint/dev.h>

#define RELAY_LOOK_MS	250	/* a node that hangs tells nothing: look */

/**
 * struct stream - one direction
 * @from: read here, -1 once the stream is closed
 * @to: and written here
 * @error: why it was closed, if not by an end of it; or 0
 * @used: bytes of @data that are to be written
 * @data: bytes on their way
 */
struct stream {
	int from;
	int to;
	int error;
	size_t used;
	char data[MINT_PIPE_BYTES];
};

bool stream_open(const struct stream *stream);
void stream_close(struct stream *stream);
int relay_wait(struct stream *streams, unsigned int nr, struct pollfd *more,
	       unsigned int nr_more, int timeout_ms);
void relay_drain(struct stream *stream);
int session_pipe(int session, unsigned int pipe);

#endif /* MINT_RELAY_H */
