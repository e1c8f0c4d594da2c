// SPDX-License-Identifier: GPL-2.0
/*
 * Checked TCP data to every other node: a block of numbers that follow from a
 * seed goes there, is compared there, and comes back as the block of another
 * seed. A connection is given up only if its peer may be down.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "witness.h"

#define PORT		7000
#define BLOCK_WORDS	2048
#define PACE_MS		30
#define LOOK_MS		250
#define PATIENCE_MS	1000
#define LONG_PATIENCE_MS	60000
#define REPLY		0x5eedf00d12345678ULL

/**
 * struct block - what travels
 * @seed: where the numbers come from
 * @from: node that asked
 * @words: the numbers
 */
struct block {
	__u64 seed;
	__u64 from;
	__u64 words[BLOCK_WORDS];
};

static __u64 next(__u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fill(struct block *block, __u64 seed, __u64 from)
{
	__u64 state = seed | 1;
	int i;

	block->seed = seed;
	block->from = from;
	for (i = 0; i < BLOCK_WORDS; i++)
		block->words[i] = next(&state);
}

static int is_right(const struct block *block, __u64 seed)
{
	__u64 state = seed | 1;
	int i;

	if (block->seed != seed)
		return 0;
	for (i = 0; i < BLOCK_WORDS; i++)
		if (block->words[i] != next(&state))
			return 0;
	return 1;
}

static int may_be_down(__u32 node)
{
	return get(page->absent) >> node & 1;
}

/* Waits until the socket is ready; -1 when it is time to give up. */
static int wait_for(int fd, short events, __u32 node)
{
	struct pollfd look = { .fd = fd, .events = events };
	int waited;

	for (waited = 0; waited < LONG_PATIENCE_MS; waited += LOOK_MS) {
		if (poll(&look, 1, LOOK_MS) > 0)
			return 0;
		if (may_be_down(node) && waited >= PATIENCE_MS)
			return -1;
	}
	return -1;
}

static int move(int fd, void *data, size_t bytes, short events, __u32 node)
{
	char *at = data;

	while (bytes) {
		ssize_t done;

		if (wait_for(fd, events, node))
			return -1;
		done = events == POLLIN ? recv(fd, at, bytes, 0) :
			send(fd, at, bytes, MSG_NOSIGNAL);
		if (done < 0 && errno == EAGAIN)
			continue;
		if (done <= 0)
			return -1;
		at += done;
		bytes -= done;
	}
	return 0;
}

static void *serve(void *argument)
{
	struct block block;
	int fd = (intptr_t)argument;

	while (!move(fd, &block, sizeof(block), POLLIN, 0)) {
		__u64 from = block.from - 1;

		if (from >= page->nr_peers)
			break;
		if (is_right(&block, block.seed))
			__atomic_add_fetch(&page->peers[from].served, 1, __ATOMIC_RELAXED);
		else
			__atomic_add_fetch(&page->peers[from].served_bad, 1, __ATOMIC_RELAXED);
		fill(&block, block.seed ^ REPLY, page->me);
		if (move(fd, &block, sizeof(block), POLLOUT, from + 1))
			break;
	}
	close(fd);
	return NULL;
}

static void *take_connections(void *argument)
{
	int fd, server = (intptr_t)argument;

	for (;;) {
		fd = accept4(server, NULL, NULL, SOCK_NONBLOCK);
		if (fd >= 0)
			start_thread(serve, (void *)(intptr_t)fd);
		else
			pause_ms(PACE_MS);
	}
	return NULL;
}

static struct sockaddr_in address_of(__u32 node)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(0x0a000000 + node),
	};
}

static int connect_to(__u32 node)
{
	struct sockaddr_in address = address_of(node);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 1;
	struct pollfd look = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(error);

	if (fd < 0)
		fail("socket");
	connect(fd, (void *)&address, sizeof(address));
	if (poll(&look, 1, PATIENCE_MS) == 1)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (!error)
		return fd;
	close(fd);
	return -1;
}

static int exchange(int fd, __u32 node, struct block *block)
{
	struct peer *peer = &page->peers[node - 1];
	__u64 seed = clock_ns(CLOCK_MONOTONIC) ^ (__u64)page->me << 56;

	fill(block, seed, page->me);
	if (move(fd, block, sizeof(*block), POLLOUT, node) ||
	    move(fd, block, sizeof(*block), POLLIN, node))
		return -1;
	if (is_right(block, seed ^ REPLY))
		set(peer->exchanges, peer->exchanges + 1);
	else
		set(peer->bad, peer->bad + 1);
	set(peer->last_ns, clock_ns(CLOCK_MONOTONIC));
	return 0;
}

static void *talk(void *argument)
{
	__u32 node = (intptr_t)argument;
	struct block block;

	for (;;) {
		int fd = connect_to(node);

		if (fd < 0) {
			pause_ms(PACE_MS);
			continue;
		}
		while (!exchange(fd, node, &block))
			pause_ms(PACE_MS);
		set(page->peers[node - 1].broken, page->peers[node - 1].broken + 1);
		close(fd);
	}
	return NULL;
}

static int listen_here(void)
{
	struct sockaddr_in address = address_of(page->me);
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	address.sin_addr.s_addr = htonl(INADDR_ANY);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (void *)&address, sizeof(address)) || listen(fd, 16))
		fail("listen");
	return fd;
}

void start_traffic(void)
{
	__u32 node;

	start_thread(take_connections, (void *)(intptr_t)listen_here());
	for (node = 1; node <= page->nr_peers; node++)
		if (node != page->me)
			start_thread(talk, (void *)(intptr_t)node);
}
