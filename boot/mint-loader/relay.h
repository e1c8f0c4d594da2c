/* SPDX-License-Identifier: GPL-2.0 */
/* Moves bytes between files: what exec.c and serve.c share. */
#ifndef MINT_LOADER_RELAY_H
#define MINT_LOADER_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <mint/dev.h>

/**
 * struct relay - moves bytes one way, from a file to another
 * @from: read here, -1 once the relay is closed
 * @to: and written here
 * @error: errno that closed it; 0 if a file came to its end, or while it is open
 * @used: bytes of @data that are to be written
 * @data: bytes on their way
 */
struct relay {
	int from;
	int to;
	int error;
	size_t used;
	char data[MINT_PIPE_BYTES];
};

bool relay_is_open(const struct relay *relay);
void relay_close(struct relay *relay);
int relay_wait(struct relay *relays, unsigned int nr, struct pollfd *more,
	       unsigned int nr_more, int timeout_ms);
void relay_drain(struct relay *relay);
int session_pipe(int session, unsigned int pipe);

#endif /* MINT_LOADER_RELAY_H */
