// SPDX-License-Identifier: GPL-2.0
/*
 * ring.c and pool.c as the driver uses them: a buffer from the cache, copied
 * into, a batch posted, the doorbell considered; taken, copied out, freed, the
 * waiters looked for after each poll.
 */
#include "bench.h"
#include "ring.h"

#define SENDER		0
#define RECEIVER	1
#define GENERATION	1

struct node {
	alignas(4096) struct vni_port port;
	struct vni_cache cache;
};

static struct node nodes[2];

static int nobody_dead(void *context, __u32 node, __u32 generation)
{
	(void)context;
	(void)node;
	(void)generation;
	return 0;
}

static void vni_setup(struct bench *b)
{
	static const struct vni_receiver receiver = { .max_frame = VNI_MAX_FRAME };
	__u32 i;

	REQUIRE(!vni_section_format(b->memory, b->memory_bytes, 2, 1, b->slots));
	for (i = 0; i < 2; i++) {
		memset(&nodes[i], 0, sizeof(nodes[i]));
		REQUIRE(!vni_port_init(&nodes[i].port, b->memory,
				       b->memory_bytes, i, GENERATION,
				       nobody_dead, NULL));
		/* Nobody dies here, but one of the two may be put off its CPU. */
		nodes[i].port.lock_spins = 1u << 30;
		REQUIRE(!vni_ring_open(&nodes[i].port, 0, 0, &receiver));
	}
}

static unsigned int fill_batch(struct bench *b, struct vni_frame *frames,
			       __u64 first, unsigned int want)
{
	struct node *me = &nodes[SENDER];
	unsigned int n;

	for (n = 0; n < want; n++) {
		int class = vni_class_for(&me->port, b->bytes);

		memset(&frames[n], 0, sizeof(frames[n]));
		frames[n].length = b->bytes;
		frames[n].handle = vni_buf_alloc(&me->port, &me->cache, class);
		if (frames[n].handle == VNI_NO_BUF)
			break;
		frame_in(b, vni_buf_data(&me->port, frames[n].handle), first + n);
	}
	return n;
}

static void post_batch(struct vni_frame *frames, unsigned int n)
{
	struct vni_port *port = &nodes[SENDER].port;
	unsigned int done = 0;

	while (done < n) {
		int posted = vni_ring_post(port, 0, RECEIVER, GENERATION,
					   frames + done, n - done);

		REQUIRE(posted >= 0);
		done += posted;
		if (posted)
			REQUIRE(!vni_ring_must_ring(port, RECEIVER));
		else
			__builtin_ia32_pause();
	}
}

static void vni_send(struct bench *b)
{
	struct vni_frame frames[VNI_BATCH];
	__u64 sent = 0;

	while (sent < b->frames) {
		__u64 left = b->frames - sent;
		unsigned int want = left < b->batch ? left : b->batch;
		unsigned int n = fill_batch(b, frames, sent, want);

		post_batch(frames, n);
		sent += n;
	}
}

static void vni_receive(struct bench *b)
{
	struct node *me = &nodes[RECEIVER];
	struct vni_frame frame;
	unsigned int n;

	while (b->received < b->frames) {
		for (n = 0; n < POLL_BUDGET; n++) {
			int got = vni_ring_take(&me->port, 0, &frame);

			if (!got)
				break;
			REQUIRE(got == 1);
			frame_out(b, vni_buf_data(&me->port, frame.handle),
				  frame.length, b->received + n);
			vni_buf_free(&me->port, &me->cache, frame.handle);
		}
		vni_ring_take_waiters(&me->port, 0);
		count_received(b, n);
	}
}

const struct scheme vni_scheme = {
	.name = "vni",
	.setup = vni_setup,
	.send = vni_send,
	.receive = vni_receive,
};
