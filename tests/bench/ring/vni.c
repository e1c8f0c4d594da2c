// SPDX-License-Identifier: GPL-2.0
/*
 * ring.c and pool.c as the driver uses them: a buffer from the cache, copied
 * into, a batch posted, the doorbell considered; taken, copied out, freed, the
 * waiters looked for after each poll. Or frames so short that they need no
 * buffer.
 */
#include "node.h"

static int fill_buffer(struct bench *b, struct vni_frame *frame, __u64 n)
{
	struct node *me = &nodes[SENDER];
	int class = vni_class_for(&me->port, b->bytes);

	frame->handle = vni_buf_alloc(&me->port, &me->cache, class);
	if (frame->handle == VNI_NO_BUF)
		return 0;
	frame_in(b, vni_buf_data(&me->port, frame->handle), n);
	return 1;
}

static int fill_inline(struct bench *b, struct vni_frame *frame, __u64 n)
{
	__u32 rest = vni_frame_rest(b->bytes);
	char data[VNI_INLINE_BYTES];

	frame_in(b, data, n);
	frame->handle = VNI_NO_BUF;
	memset(&frame->rest, 0, sizeof(frame->rest));
	memcpy(frame->slot.data, data, b->bytes - rest);
	memcpy(frame->rest.data, data + b->bytes - rest, rest);
	return 1;
}

static void send_frames(struct bench *b, int without_buffer)
{
	struct vni_frame frames[VNI_BATCH];
	unsigned int n, want;
	__u64 sent;

	for (sent = 0; sent < b->frames; sent += n) {
		__u64 left = b->frames - sent;

		want = left < b->batch ? left : b->batch;
		for (n = 0; n < want; n++) {
			struct vni_frame *frame = &frames[n];

			frame->length = b->bytes;
			frame->flags = 0;
			frame->slot = (struct vni_slot){ 0 };
			if (!(without_buffer ? fill_inline(b, frame, sent + n) :
					       fill_buffer(b, frame, sent + n)))
				break;
		}
		post_batch(frames, n);
	}
}

static void vni_send(struct bench *b)
{
	send_frames(b, 0);
}

static void inline_setup(struct bench *b)
{
	REQUIRE(b->bytes <= VNI_INLINE_BYTES);
	nodes_setup(b);
}

static void inline_send(struct bench *b)
{
	send_frames(b, 1);
}

static void take_out(struct bench *b, const struct vni_frame *frame, __u64 n)
{
	struct node *me = &nodes[RECEIVER];
	__u32 rest = vni_frame_rest(frame->length);
	char data[VNI_INLINE_BYTES];

	if (!vni_frame_inline(frame)) {
		frame_out(b, vni_buf_data(&me->port, frame->handle),
			  frame->length, n);
		vni_buf_free(&me->port, &me->cache, frame->handle);
		return;
	}
	memcpy(data, frame->slot.data, frame->length - rest);
	memcpy(data + frame->length - rest, frame->rest.data, rest);
	frame_out(b, data, frame->length, n);
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
			take_out(b, &frame, b->received + n);
		}
		vni_ring_release(&me->port, 0);
		count_received(b, n);
	}
}

const struct scheme vni_scheme = {
	.name = "vni",
	.setup = nodes_setup,
	.send = vni_send,
	.receive = vni_receive,
};

const struct scheme inline_scheme = {
	.name = "inline",
	.setup = inline_setup,
	.send = inline_send,
	.receive = vni_receive,
};
