// SPDX-License-Identifier: GPL-2.0
/*
 * The address ring alone: handles go through ring.c, with its lock and its
 * descriptors, but there is no pool behind them and no payload. Without state
 * words, since nobody allocates the buffers: for ringbench-bare.
 */
#include "node.h"

static void handles_send(struct bench *b)
{
	__u32 mask = b->slots - 1, i;
	struct vni_frame frames[VNI_BATCH] = { 0 };
	__u64 sent;

	for (sent = 0; sent < b->frames; sent += b->batch) {
		for (i = 0; i < b->batch; i++) {
			frames[i].handle = (sent + i) & mask;
			frames[i].length = VNI_MIN_FRAME;
		}
		post_batch(frames, b->batch);
	}
}

static void handles_receive(struct bench *b)
{
	struct node *me = &nodes[RECEIVER];
	__u32 mask = b->slots - 1, n;
	struct vni_frame frame;

	while (b->received < b->frames) {
		for (n = 0; n < b->batch; n++) {
			if (!vni_ring_take(&me->port, 0, &frame))
				break;
			REQUIRE(frame.handle == ((b->received + n) & mask));
		}
		count_received(b, n);
	}
}

const struct scheme handles_scheme = {
	.name = "handles",
	.setup = nodes_setup,
	.send = handles_send,
	.receive = handles_receive,
};
