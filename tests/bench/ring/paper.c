// SPDX-License-Identifier: GPL-2.0
/*
 * The paper's design taken at its word: which buffers are free stands in one
 * bitmap under one spinlock; the ring has one lock for both sides; frames go
 * one at a time. The copies are outside the locks.
 */
#include "bench.h"

#define BUFFERS		2048
#define BUF_BYTES	4096
#define WORDS		(BUFFERS / 64)

struct paper {
	alignas(2 * LINE) int pool_lock;
	__u64 used[WORDS];
	alignas(2 * LINE) int ring_lock;
	__u32 head;
	__u32 tail;
	struct {
		__u32 buffer;
		__u32 length;
	} slots[512];
	alignas(4096) char data[BUFFERS][BUF_BYTES];
};

static void lock(int *word)
{
	while (__atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(word, __ATOMIC_RELAXED))
			__builtin_ia32_pause();
}

static void unlock(int *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

static int buffer_get(struct paper *p)
{
	int i, found = -1;

	lock(&p->pool_lock);
	for (i = 0; i < WORDS && found < 0; i++) {
		if (!~p->used[i])
			continue;
		found = i * 64 + __builtin_ctzll(~p->used[i]);
		p->used[i] |= 1ull << found % 64;
	}
	unlock(&p->pool_lock);
	return found;
}

static void buffer_put(struct paper *p, __u32 buffer)
{
	lock(&p->pool_lock);
	p->used[buffer / 64] &= ~(1ull << buffer % 64);
	unlock(&p->pool_lock);
}

static int ring_put(struct paper *p, __u32 buffer, __u32 length)
{
	int room;

	lock(&p->ring_lock);
	room = p->tail - p->head < 512;
	if (room) {
		p->slots[p->tail % 512].buffer = buffer;
		p->slots[p->tail % 512].length = length;
		p->tail++;
	}
	unlock(&p->ring_lock);
	return room;
}

static int ring_get(struct paper *p, __u32 *buffer, __u32 *length)
{
	int some;

	lock(&p->ring_lock);
	some = p->tail != p->head;
	if (some) {
		*buffer = p->slots[p->head % 512].buffer;
		*length = p->slots[p->head % 512].length;
		p->head++;
	}
	unlock(&p->ring_lock);
	return some;
}

static void paper_setup(struct bench *b)
{
	REQUIRE(sizeof(struct paper) <= b->memory_bytes);
	REQUIRE(b->bytes <= BUF_BYTES);
}

static void paper_send(struct bench *b)
{
	struct paper *p = (void *)b->memory;
	__u64 sent;

	for (sent = 0; sent < b->frames; sent++) {
		int buffer;

		while ((buffer = buffer_get(p)) < 0)
			__builtin_ia32_pause();
		frame_in(b, p->data[buffer], sent);
		while (!ring_put(p, buffer, b->bytes))
			__builtin_ia32_pause();
	}
}

static void paper_receive(struct bench *b)
{
	struct paper *p = (void *)b->memory;
	__u32 buffer, length;

	while (b->received < b->frames) {
		int got = ring_get(p, &buffer, &length);

		if (got) {
			frame_out(b, p->data[buffer], length, b->received);
			buffer_put(p, buffer);
		}
		count_received(b, got);
	}
}

const struct scheme paper_scheme = {
	.name = "paper",
	.setup = paper_setup,
	.send = paper_send,
	.receive = paper_receive,
};
