// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_inline": frames that travel without a buffer.
 */
#include "ring_fixture.h"

/* The byte of a frame at a place, different in frames next to each other. */
static u8 byte_of(u32 mark, u32 at)
{
	return mark * 7 + at + 1;
}

static struct vni_frame inline_make(u32 length, u32 mark)
{
	struct vni_frame frame = { .handle = VNI_NO_BUF, .length = length };
	u32 at;

	for (at = 0; at < length && at < VNI_SLOT_DATA_BYTES; at++)
		frame.slot.data[at] = byte_of(mark, at);
	for (; at < length && at < VNI_INLINE_BYTES; at++)
		frame.rest.data[at - VNI_SLOT_DATA_BYTES] = byte_of(mark, at);
	return frame;
}

static int inline_send(struct fixture *f, u32 length, u32 mark)
{
	struct vni_frame frame = inline_make(length, mark);

	return vni_ring_post(&f->a, 0, 1, 9, &frame, 1);
}

static void expect_inline(struct kunit *test, const struct vni_frame *frame,
			  u32 length, u32 mark)
{
	u32 at;

	KUNIT_EXPECT_EQ(test, frame->handle, VNI_NO_BUF);
	KUNIT_EXPECT_EQ(test, frame->length, length);
	for (at = 0; at < length && at < VNI_SLOT_DATA_BYTES; at++)
		KUNIT_EXPECT_EQ(test, frame->slot.data[at], byte_of(mark, at));
	for (; at < length; at++)
		KUNIT_EXPECT_EQ(test, frame->rest.data[at - VNI_SLOT_DATA_BYTES],
				byte_of(mark, at));
}

static void expect_take(struct kunit *test, struct fixture *f, u32 length,
			u32 mark)
{
	struct vni_frame got;

	KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &got), 1);
	expect_inline(test, &got, length, mark);
}

static void short_frames_arrive_without_a_buffer(struct kunit *test)
{
	static const u32 lengths[] = {
		VNI_MIN_FRAME, VNI_SLOT_DATA_BYTES, VNI_SLOT_DATA_BYTES + 1,
		66, VNI_INLINE_BYTES,
	};
	struct fixture *f = test->priv;
	struct vni_frame got;
	unsigned int lap, i;

	for (lap = 0; lap < SLOTS; lap++) {
		for (i = 0; i < ARRAY_SIZE(lengths); i++)
			KUNIT_ASSERT_EQ(test, inline_send(f, lengths[i], lap + i), 1);
		KUNIT_EXPECT_EQ(test, census(f).state[VNI_STATE_POOL],
				f->header->nr_bufs);
		for (i = 0; i < ARRAY_SIZE(lengths); i++)
			expect_take(test, f, lengths[i], lap + i);
		KUNIT_EXPECT_EQ(test, vni_ring_take(&f->b, 0, &got), 0);
	}
	expect_all_free(test, f);
}

static void description_arrives_with_it(struct kunit *test)
{
	struct vni_frame sent = inline_make(66, 1), got;
	struct fixture *f = test->priv;

	sent.flags = VNI_SLOT_VLAN | VNI_SLOT_HASH | VNI_SLOT_HASH_L4;
	sent.slot.vlan_tci = 0x1234;
	sent.slot.hash = 0xdeadbeef;
	sent.slot.csum_start = 34;
	sent.slot.csum_offset = 16;
	sent.slot.vnet_flags = 1;
	sent.slot.tsc = 0x12345678;
	KUNIT_ASSERT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &sent, 1), 1);
	KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &got), 1);
	expect_inline(test, &got, 66, 1);
	KUNIT_EXPECT_EQ(test, got.flags, sent.flags);
	KUNIT_EXPECT_EQ(test, got.slot.vlan_tci, 0x1234);
	KUNIT_EXPECT_EQ(test, got.slot.hash, 0xdeadbeef);
	KUNIT_EXPECT_EQ(test, got.slot.csum_start, 34);
	KUNIT_EXPECT_EQ(test, got.slot.csum_offset, 16);
	KUNIT_EXPECT_EQ(test, got.slot.vnet_flags, 1);
	KUNIT_EXPECT_EQ(test, got.slot.tsc, 0x12345678);
	KUNIT_EXPECT_EQ(test, got.slot.source, 0);
	KUNIT_EXPECT_EQ(test, got.slot.generation, 5);
}

/* Those that wait are not touched by a post that fills the last slots. */
static void full_ring_keeps_what_it_holds(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int lap, i;

	for (lap = 0; lap < SLOTS; lap++) {
		for (i = 0; i < SLOTS; i++)
			KUNIT_ASSERT_EQ(test, inline_send(f, VNI_INLINE_BYTES, lap + i), 1);
		KUNIT_EXPECT_EQ(test, inline_send(f, VNI_INLINE_BYTES, 0), 0);
		for (i = 0; i < SLOTS; i++)
			expect_take(test, f, VNI_INLINE_BYTES, lap + i);
		vni_ring_release(&f->b, 0);
		/* The next lap begins at another slot. */
		KUNIT_ASSERT_EQ(test, inline_send(f, 60, 0), 1);
		expect_take(test, f, 60, 0);
		vni_ring_release(&f->b, 0);
	}
}

static void batch_may_have_both_kinds(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame frames[4] = {
		inline_make(60, 1), frame_make(f, 60), inline_make(61, 2),
		frame_make(f, 5000),
	};
	struct vni_frame got;

	KUNIT_ASSERT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, frames, 4), 4);
	KUNIT_EXPECT_EQ(test, census(f).state[VNI_STATE_INFLIGHT], 2);
	expect_take(test, f, 60, 1);
	KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &got), 1);
	KUNIT_EXPECT_EQ(test, got.handle, frames[1].handle);
	expect_take(test, f, 61, 2);
	KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &got), 1);
	KUNIT_EXPECT_EQ(test, got.handle, frames[3].handle);
	KUNIT_EXPECT_EQ(test, vni_ring_take(&f->b, 0, &got), 0);
	vni_buf_free(&f->b, &f->cb, frames[1].handle);
	vni_buf_free(&f->b, &f->cb, frames[3].handle);
	expect_all_free(test, f);
}

static void unfit_frames_are_not_posted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame frame;

	KUNIT_EXPECT_EQ(test, inline_send(f, VNI_MIN_FRAME - 1, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, inline_send(f, VNI_INLINE_BYTES + 1, 1), -EINVAL);
	frame = inline_make(60, 1);
	frame.flags = 8;
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frame, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, vni_ring_take(&f->b, 0, &frame), 0);
}

static void expect_skipped(struct kunit *test, const struct damage *damage)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, inline_send(f, 60, 1), 1);
	expect_rejected(test, f, damage);
}

static void take_rejects(struct kunit *test)
{
	static const struct damage longer = {
		0, (60ULL ^ (VNI_INLINE_BYTES + 1)) << 24, VNI_FAULT_LENGTH
	};
	unsigned int i;

	for (i = 0; damage_nr(i); i++)
		expect_skipped(test, damage_nr(i));
	expect_skipped(test, &longer);
}

static void what_was_taken_stays_as_it_is(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame got;

	KUNIT_ASSERT_EQ(test, inline_send(f, VNI_INLINE_BYTES, 3), 1);
	KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &got), 1);
	memset(vni_ring_of(&f->b, 1)->slots, 0xff,
	       SLOTS * (sizeof(struct vni_slot) + sizeof(struct vni_rest)));
	expect_inline(test, &got, VNI_INLINE_BYTES, 3);
}

static void need_no_buffer_when_there_is_none(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 handles[SMALL_BUFS], i;

	for (i = 0; i < SMALL_BUFS; i++)
		handles[i] = vni_buf_alloc(&f->a, &f->ca, VNI_CLASS_SMALL);
	KUNIT_EXPECT_EQ(test, vni_buf_alloc(&f->a, &f->ca, VNI_CLASS_SMALL),
			VNI_NO_BUF);
	KUNIT_ASSERT_EQ(test, inline_send(f, 60, 1), 1);
	expect_take(test, f, 60, 1);
	for (i = 0; i < SMALL_BUFS; i++)
		vni_buf_free(&f->a, &f->ca, handles[i]);
	expect_all_free(test, f);
}

static void outlive_their_sender(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, inline_send(f, 60, 1), 1);
	f->fenced[0] = 5;
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->b, &f->cb, 0, 5), 0);
	expect_take(test, f, 60, 1);
	expect_all_free(test, f);
}

static void end_with_their_ring(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame got;

	KUNIT_ASSERT_EQ(test, inline_send(f, 60, 1), 1);
	vni_ring_close(&f->b, 0, &f->cb);
	expect_faults(test, &f->b, VNI_FAULT_NONE, 0);
	KUNIT_ASSERT_EQ(test, vni_ring_open(&f->b, 0, 0, &anyone), 0);
	KUNIT_EXPECT_EQ(test, vni_ring_take(&f->b, 0, &got), 0);
	expect_all_free(test, f);
}

static struct kunit_case inline_cases[] = {
	KUNIT_CASE(short_frames_arrive_without_a_buffer),
	KUNIT_CASE(description_arrives_with_it),
	KUNIT_CASE(full_ring_keeps_what_it_holds),
	KUNIT_CASE(batch_may_have_both_kinds),
	KUNIT_CASE(unfit_frames_are_not_posted),
	KUNIT_CASE(take_rejects),
	KUNIT_CASE(what_was_taken_stays_as_it_is),
	KUNIT_CASE(need_no_buffer_when_there_is_none),
	KUNIT_CASE(outlive_their_sender),
	KUNIT_CASE(end_with_their_ring),
	{}
};

static struct kunit_suite inline_suite = {
	.name = "vni_inline",
	.init = setup,
	.test_cases = inline_cases,
};

kunit_test_suite(inline_suite);
