// SPDX-License-Identifier: GPL-2.0
/*
 * ring.c and pool.c as the driver uses them: a buffer from the cache, copied
 * into, a batch posted, the doorbell considered; taken, copied out, freed, the
 * waiters looked for after each poll.
 */
#include "node.h"

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
	.setup = nodes_setup,
	.send = vni_send,
	.receive = vni_receive,
};
