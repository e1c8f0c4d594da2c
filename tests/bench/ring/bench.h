/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the schemes of tests/bench/ring share: one sender and one receiver,
 * each a thread on a CPU of its own, over memory that is mapped in huge pages
 * as the kernel maps it.
 *
 * Threads, not processes: a scheme uses nothing that the two would not share,
 * and user space has huge pages here for private memory only.
 */
#ifndef RING_BENCH_H
#define RING_BENCH_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#define LINE		64
#define MAX_FRAME	65536
#define POLL_BUDGET	64	/* as NAPI's */

#define REQUIRE(cond)							\
do {									\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: %s: failed: %s\n",		\
			__FILE__, __LINE__, __func__, #cond);		\
		fflush(NULL);						\
		_Exit(1);						\
	}								\
} while (0)

/**
 * struct bench - one trial
 * @bytes: length of a frame
 * @batch: frames that the sender hands over at once
 * @copy_out: does the receiver copy each frame?
 * @check: is each frame's content written and compared?
 * @frames: how many
 * @slots: places in the ring, a power of two
 * @memory: what both sides see
 * @memory_bytes: its size
 * @idle_pauses: how long the receiver rests when it has found nothing
 * @source: what the sender copies from
 * @sink: what the receiver copies to
 * @received: frames so far, the receiver's own
 * @started: TSC when the warm-up was over
 * @ended: TSC when the last frame had come
 * @timed: frames between the two
 */
struct bench {
	__u32 bytes;
	__u32 batch;
	int copy_out;
	int check;
	__u64 frames;
	__u32 slots;
	char *memory;
	size_t memory_bytes;
	unsigned int idle_pauses;
	alignas(LINE) char source[MAX_FRAME];
	alignas(LINE) char sink[MAX_FRAME];
	alignas(LINE) __u64 received;
	__u64 started;
	__u64 ended;
	__u64 timed;
};

/**
 * struct scheme - a way to hand frames over
 * @name: on the command line
 * @setup: prepares bench.memory
 * @send: sends bench.frames frames
 * @receive: receives as many
 */
struct scheme {
	const char *name;
	void (*setup)(struct bench *b);
	void (*send)(struct bench *b);
	void (*receive)(struct bench *b);
};

extern const struct scheme limit_scheme;
extern const struct scheme vni_scheme;
extern const struct scheme handles_scheme;
extern const struct scheme inline_scheme;
extern const struct scheme shared_scheme;
extern const struct scheme split_scheme;
extern const struct scheme paper_scheme;
extern const struct scheme dpdk_scheme;
extern const struct scheme dpdk_lines_scheme;

static inline __u64 cycles(void)
{
	return __builtin_ia32_rdtsc();
}

static inline void pause_for(unsigned int n)
{
	while (n--)
		__builtin_ia32_pause();
}

/* As the kernel copies on a processor with fast short rep movsb. */
static inline void copy_bytes(void *to, const void *from, size_t bytes)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

/* Put frame number @n into a buffer. */
static inline void frame_in(struct bench *b, void *data, __u64 n)
{
	if (b->check)
		memset(b->source, (int)(n * 31 + 7) & 0xff, b->bytes);
	copy_bytes(data, b->source, b->bytes);
}

/* A buffer with frame number @n has come: use it as the trial says. */
static inline void frame_out(struct bench *b, const char *data, __u32 bytes,
			     __u64 n)
{
	if (b->copy_out)
		copy_bytes(b->sink, data, bytes);
	if (b->check) {
		REQUIRE(bytes == b->bytes);
		REQUIRE((data[0] & 0xff) == (int)((n * 31 + 7) & 0xff));
		REQUIRE(!memcmp(data, data + 1, bytes - 1));
		REQUIRE(!b->copy_out || !memcmp(b->sink, data, bytes));
	}
}

/* Count what one poll of the receiver has brought; the first tenth is warm-up. */
static inline void count_received(struct bench *b, unsigned int n)
{
	b->received += n;
	if (!n) {
		pause_for(b->idle_pauses);
		return;
	}
	if (!b->started && b->received >= b->frames / 10) {
		b->started = cycles();
		b->timed = b->frames - b->received;
	}
	if (b->received == b->frames)
		b->ended = cycles();
}

#endif /* RING_BENCH_H */
