// SPDX-License-Identifier: GPL-2.0
/*
 * The limit: cyclic buffers, one sender, one receiver, no pool, no locks, no
 * descriptors but the lengths. Nothing that hands frames over by copying them
 * into shared memory can be expected to be faster.
 */
#include "bench.h"

/* The most that a ring has slots. */
#define BUFFERS		512

struct cyclic {
	alignas(2 * LINE) __u64 tail;		/* the sender's */
	alignas(2 * LINE) __u64 head;		/* the receiver's */
	alignas(2 * LINE) __u32 length[BUFFERS];
	alignas(4096) char data[];
};

static __u32 nr_buffers, stride;

static void limit_setup(struct bench *b)
{
	nr_buffers = b->slots;
	REQUIRE(nr_buffers <= BUFFERS);
	stride = (b->bytes + LINE - 1) & ~(LINE - 1);
	REQUIRE(sizeof(struct cyclic) + (size_t)nr_buffers * stride <= b->memory_bytes);
}

static char *buffer_of(struct cyclic *c, __u64 n)
{
	return c->data + (n & (nr_buffers - 1)) * stride;
}

static void limit_send(struct bench *b)
{
	struct cyclic *c = (void *)b->memory;
	__u64 tail = 0, head = 0;

	while (tail < b->frames) {
		__u64 end = tail + b->batch;

		if (end > b->frames)
			end = b->frames;
		while (end - head > nr_buffers) {
			__builtin_ia32_pause();
			/* Pairs with the release in limit_receive(). */
			head = __atomic_load_n(&c->head, __ATOMIC_ACQUIRE);
		}
		for (; tail < end; tail++) {
			frame_in(b, buffer_of(c, tail), tail);
			c->length[tail & (nr_buffers - 1)] = b->bytes;
		}
		/* Pairs with the acquire in limit_receive(). */
		__atomic_store_n(&c->tail, tail, __ATOMIC_RELEASE);
	}
}

static void limit_receive(struct bench *b)
{
	struct cyclic *c = (void *)b->memory;
	__u64 head = 0;

	while (head < b->frames) {
		/* Pairs with the release in limit_send(). */
		__u64 tail = __atomic_load_n(&c->tail, __ATOMIC_ACQUIRE);
		__u64 first = head;

		if (tail - head > b->batch)
			tail = head + b->batch;
		for (; head < tail; head++)
			frame_out(b, buffer_of(c, head),
				  c->length[head & (nr_buffers - 1)], head);
		/* Pairs with the acquire in limit_send(). */
		__atomic_store_n(&c->head, head, __ATOMIC_RELEASE);
		count_received(b, head - first);
	}
}

const struct scheme limit_scheme = {
	.name = "limit",
	.setup = limit_setup,
	.send = limit_send,
	.receive = limit_receive,
};
