// SPDX-License-Identifier: GPL-2.0
/* relay: moves standard input to standard output, as exec.c does for a node. */
#include <unistd.h>
#include "relay.h"

int main(void)
{
	static struct stream stream = { .from = STDIN_FILENO, .to = STDOUT_FILENO };

	while (stream_open(&stream))
		relay_wait(&stream, 1, NULL, 0, RELAY_LOOK_MS);
	return stream.error;
}
