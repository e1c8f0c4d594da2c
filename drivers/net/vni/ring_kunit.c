// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_ring": address rings, doorbell, waiters.
 *
 * What needs several CPUs or a node that dies in the middle is tested in
 * tests/ring, which also runs this file in user space.
 */
#include "ring_fixture.h"

static void words_are_golden(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 handle;

	KUNIT_EXPECT_EQ(test, send(f, 60), 1);
	handle = slot_b(f, 0)->word & 0xffffff;
	KUNIT_EXPECT_EQ(test, slot_b(f, 0)->word, 1ULL << 48 | 60ULL << 24 | handle);
	KUNIT_EXPECT_EQ(test, *state_of(f, handle), 3 | 0 << 4 | 1 << 12 |
			5 << 20 | 9ULL << 42);
}

static void frame_arrives_as_it_was_posted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame sent = frame_make(f, VNI_MAX_PLAIN_FRAME), got;

	sent.flags = VNI_SLOT_VLAN | VNI_SLOT_HASH;
	sent.slot.vlan_tci = 0x1234;
	sent.slot.hash = 0xdeadbeef;
	sent.slot.gso_size = 1448;
	sent.slot.data[27] = 1;
	sent.slot.source = 3;
	KUNIT_EXPECT_FALSE(test, vni_ring_pending(&f->b, 0));
	KUNIT_ASSERT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &sent, 1), 1);
	KUNIT_EXPECT_TRUE(test, vni_ring_pending(&f->b, 0));
	KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &got), 1);
	KUNIT_EXPECT_EQ(test, got.handle, sent.handle);
	KUNIT_EXPECT_EQ(test, got.length, VNI_MAX_PLAIN_FRAME);
	KUNIT_EXPECT_EQ(test, got.flags, sent.flags);
	KUNIT_EXPECT_EQ(test, got.slot.vlan_tci, 0x1234);
	KUNIT_EXPECT_EQ(test, got.slot.hash, 0xdeadbeef);
	KUNIT_EXPECT_EQ(test, got.slot.gso_size, 1448);
	KUNIT_EXPECT_EQ(test, got.slot.source, 0);
	KUNIT_EXPECT_EQ(test, got.slot.generation, 5);
	KUNIT_EXPECT_EQ(test, got.slot.data[27], 0);
	KUNIT_EXPECT_EQ(test, *state_of(f, got.handle), state(VNI_STATE_HELD, 1, 9));
	KUNIT_EXPECT_EQ(test, vni_ring_take(&f->b, 0, &got), 0);
	vni_buf_free(&f->b, &f->cb, sent.handle);
	expect_all_free(test, f);
}

static void headers_of_a_tunnel_go_along(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame sent = frame_make(f, 3000), got;

	sent.slot.vnet_flags = VNI_NET_ENCAP;
	memset(sent.slot.data, 0xa5, sizeof(sent.slot.data));
	KUNIT_ASSERT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &sent, 1), 1);
	KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &got), 1);
	KUNIT_EXPECT_EQ(test, memcmp(got.slot.data, sent.slot.data, 28), 0);
	vni_buf_free(&f->b, &f->cb, sent.handle);
	expect_all_free(test, f);
}

/* A frame whose headers end at the first page border of its buffer. */
static struct vni_frame frame_make_late(struct fixture *f, u8 head, u32 length)
{
	struct vni_frame frame = frame_make(f, VNI_LARGE_BYTES);

	frame.length = length;
	frame.slot.head = head;
	return frame;
}

static void payload_may_begin_at_a_page_border(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 room = VNI_LARGE_BYTES - VNI_HEAD_END;
	const struct {
		u8 head;
		u32 length;
	} good[] = {
		{ VNI_MIN_HEAD, VNI_MIN_HEAD + room },
		{ VNI_MIN_HEAD, VNI_MIN_HEAD },
		{ 0xff, 0xff + room },
	};
	struct vni_frame sent, got;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		sent = frame_make_late(f, good[i].head, good[i].length);
		KUNIT_ASSERT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &sent, 1), 1);
		KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &got), 1);
		KUNIT_EXPECT_EQ(test, got.slot.head, good[i].head);
		KUNIT_EXPECT_EQ(test, got.slot.source, 0);
		KUNIT_EXPECT_TRUE(test, vni_frame_data(&f->b, &got) + got.slot.head ==
				  vni_buf_data(&f->b, got.handle) + VNI_HEAD_END);
		vni_buf_free(&f->b, &f->cb, got.handle);
		vni_cache_flush(&f->b, &f->cb);
	}
	expect_all_free(test, f);
}

/* Neither posted nor, where another node has written it, taken. */
static void impossible_heads_are_refused(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 room = VNI_LARGE_BYTES - VNI_HEAD_END;
	const struct {
		u8 head;
		u32 length;
	} bad[] = {
		{ VNI_MIN_HEAD - 1, 1000 },
		{ 100, 99 },
		{ VNI_MIN_HEAD, VNI_MIN_HEAD + room + 1 },
	};
	struct vni_frame frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		frame = frame_make_late(f, bad[i].head, bad[i].length);
		KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frame, 1), -EINVAL);
		frame.slot.head = 0;
		KUNIT_ASSERT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frame, 1), 1);
		expect_rejected(test, f, &(struct damage){
			1, (u64)bad[i].head << 8, VNI_FAULT_LENGTH
		});
		KUNIT_EXPECT_EQ(test, *state_of(f, frame.handle), inflight(0, 5, 1, 9));
		*state_of(f, frame.handle) = state(VNI_STATE_ALLOC, 0, 5);
		vni_buf_free(&f->a, &f->ca, frame.handle);
	}
	expect_all_free(test, f);
}

static void frame_may_begin_anywhere(struct kunit *test)
{
	static const u16 starts[] = { 0, 1, VNI_HEADROOM, VNI_SMALL_BYTES - 1000 };
	struct fixture *f = test->priv;
	struct vni_frame sent, got;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		sent = frame_make(f, 1000);
		vni_frame_set_start(&sent, starts[i]);
		KUNIT_ASSERT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &sent, 1), 1);
		KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &got), 1);
		KUNIT_EXPECT_TRUE(test, vni_frame_data(&f->b, &got) ==
				  vni_buf_data(&f->b, got.handle) + starts[i]);
		vni_buf_free(&f->b, &f->cb, got.handle);
	}
	expect_all_free(test, f);
}

/* A frame goes on in its buffer, from the node that has received it. */
static void received_frame_goes_on_in_its_buffer(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame sent = frame_make(f, 1000), got;
	u32 handle = sent.handle;

	KUNIT_ASSERT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &sent, 1), 1);
	KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &got), 1);
	vni_frame_set_start(&got, 14);
	got.length -= 14;
	KUNIT_ASSERT_EQ(test, vni_ring_post(&f->b, 0, 0, 5, &got, 1), 1);
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->b, 0, 0, 5, &got, 1), -EINVAL);
	KUNIT_ASSERT_EQ(test, vni_ring_take(&f->a, 0, &got), 1);
	KUNIT_EXPECT_EQ(test, got.handle, handle);
	KUNIT_EXPECT_EQ(test, got.slot.source, 1);
	KUNIT_EXPECT_EQ(test, vni_frame_start(&got), 14);
	vni_buf_free(&f->a, &f->ca, handle);
	expect_all_free(test, f);
}

/* Neither posted nor, where another node has written it, taken. */
static void impossible_starts_are_refused(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame frame = frame_make(f, 1000);

	vni_frame_set_start(&frame, VNI_SMALL_BYTES - 999);
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frame, 1), -EINVAL);
	vni_frame_set_start(&frame, 14);
	frame.slot.head = VNI_MIN_HEAD;
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frame, 1), -EINVAL);
	vni_frame_set_start(&frame, 14);
	frame.slot.vnet_flags |= VNI_NET_ENCAP;
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frame, 1), -EINVAL);
	vni_buf_free(&f->a, &f->ca, frame.handle);
	frame = (struct vni_frame){ .handle = VNI_NO_BUF, .length = 60 };
	vni_frame_set_start(&frame, 0);
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frame, 1), -EINVAL);
	expect_all_free(test, f);
}

/* Words of a descriptor that are flipped where a frame begins at byte 14. */
static void damaged_starts_are_refused(struct kunit *test)
{
	static const struct damage damages[] = {
		{ 4, (u64)VNI_SMALL_BYTES << 32, VNI_FAULT_LENGTH },
		{ 4, 1ull << 48, VNI_FAULT_SLOT },
		{ 5, 1, VNI_FAULT_SLOT },
		{ 7, 1ull << 63, VNI_FAULT_SLOT },
		{ 2, VNI_NET_ENCAP, VNI_FAULT_LENGTH },
		{ 1, (u64)VNI_MIN_HEAD << 8, VNI_FAULT_LENGTH },
	};
	struct fixture *f = test->priv;
	struct vni_frame frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		frame = frame_make(f, 1000);
		vni_frame_set_start(&frame, 14);
		KUNIT_ASSERT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frame, 1), 1);
		expect_rejected(test, f, &damages[i]);
		*state_of(f, frame.handle) = state(VNI_STATE_ALLOC, 0, 5);
		vni_buf_free(&f->a, &f->ca, frame.handle);
	}
	expect_all_free(test, f);
}

static void longest_frame_takes_one_slot_and_one_buffer(struct kunit *test)
{
	struct vni_frame got;
	struct fixture *f;

	setup_section(test, HUGE_SECTION_BYTES);
	f = test->priv;
	KUNIT_ASSERT_EQ(test, f->header->classes[VNI_CLASS_HUGE].count, HUGE_BUFS);
	KUNIT_ASSERT_EQ(test, send(f, VNI_MAX_FRAME), 1);
	KUNIT_EXPECT_EQ(test, vni_pool_level(&f->a, VNI_CLASS_HUGE), HUGE_BUFS - 1);
	KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &got), 1);
	KUNIT_EXPECT_EQ(test, got.length, VNI_MAX_FRAME);
	KUNIT_EXPECT_EQ(test, vni_class_of(&f->b, got.handle), VNI_CLASS_HUGE);
	vni_buf_free(&f->b, &f->cb, got.handle);
	got.handle = 0;
	got.length = VNI_MAX_FRAME + 1;
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &got, 1), -EINVAL);
	expect_faults(test, &f->b, VNI_FAULT_NONE, 0);
	expect_all_free(test, f);
}

static void full_ring_takes_no_more(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame frames[SLOTS + 2];
	int i;

	for (i = 0; i < SLOTS + 2; i++)
		frames[i] = frame_make(f, 100);
	KUNIT_EXPECT_EQ(test, vni_ring_space(&f->a, 1), SLOTS);
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, frames, SLOTS + 2), SLOTS);
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frames[SLOTS], 2), 0);
	KUNIT_EXPECT_EQ(test, vni_ring_space(&f->a, 1), 0);
	KUNIT_EXPECT_EQ(test, drain(f), SLOTS);
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frames[SLOTS], 2), 2);
	KUNIT_EXPECT_EQ(test, drain(f), 2);
	expect_faults(test, &f->b, VNI_FAULT_NONE, 0);
	expect_all_free(test, f);
}

/* A slot matches its position for 16 bits, a position counts 32. */
static void positions_wrap(struct kunit *test)
{
	static const u32 near_wrap[] = { 0xfffa, 0xfffffffa };
	struct fixture *f = test->priv;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(near_wrap); i++) {
		vni_ring_close(&f->b, 0, &f->cb);
		vni_ring_of(&f->b, 1)->tail = near_wrap[i];
		KUNIT_ASSERT_EQ(test, vni_ring_open(&f->b, 0, 0, &anyone), 0);
		for (n = 0; n < 3 * SLOTS; n += 4) {
			KUNIT_EXPECT_EQ(test, send(f, 60) + send(f, 61), 2);
			KUNIT_EXPECT_EQ(test, send(f, 62) + send(f, 63), 2);
			KUNIT_EXPECT_EQ(test, drain(f), 4);
		}
	}
	expect_faults(test, &f->a, VNI_FAULT_NONE, 0);
	expect_faults(test, &f->b, VNI_FAULT_NONE, 0);
	expect_all_free(test, f);
}

static void post_refuses(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_ring *ring = vni_ring_of(&f->a, 1);
	struct vni_frame frame = frame_make(f, 100), bad = frame;

	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 0, 5, &frame, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, NODES, 5, &frame, 1), -EINVAL);
	KUNIT_EXPECT_TRUE(test, !vni_ring_of(&f->a, NODES));
	KUNIT_EXPECT_EQ(test, vni_ring_space(&f->a, NODES), 0);
	KUNIT_EXPECT_FALSE(test, vni_ring_needs_kick(&f->a, NODES));
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 8, &frame, 1), -ENETDOWN);
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 10, &frame, 1), -ENETDOWN);
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 2, 0, &frame, 1), -ENETDOWN);
	ring->receiver.open = 0;
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frame, 1), -ENETDOWN);
	ring->receiver.open = 1;
	ring->lock.word = mint_lock_word(2, 0, 1);
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frame, 1), -EBUSY);
	ring->lock.word = 0;
	bad.length = VNI_MIN_FRAME - 1;
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &bad, 1), -EINVAL);
	bad.length = VNI_SMALL_BYTES + 1;
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &bad, 1), -EINVAL);
	bad = frame;
	bad.handle = f->header->nr_bufs;
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &bad, 1), -EINVAL);
	bad = frame;
	bad.flags = 8;
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &bad, 1), -EINVAL);
	vni_buf_free(&f->a, &f->ca, frame.handle);
	KUNIT_EXPECT_EQ(test, vni_ring_post(&f->a, 0, 1, 9, &frame, 1), -EINVAL);
	expect_all_free(test, f);
}

static void expect_left_alone(struct kunit *test, const struct damage *damage)
{
	struct fixture *f = test->priv;
	struct vni_slot *slot = slot_b(f, f->b.rx[0].head);
	u32 handle;

	KUNIT_ASSERT_EQ(test, send(f, 60), 1);
	handle = slot->word & 0xffffff;
	expect_rejected(test, f, damage);
	KUNIT_EXPECT_EQ(test, *state_of(f, handle), inflight(0, 5, 1, 9));
}

/* One descriptor made wrong in every way: counted, skipped, not freed. */
static void take_rejects(struct kunit *test)
{
	static const struct damage more[] = {
		{ 0, (60ULL ^ (VNI_SMALL_BYTES + 1)) << 24, VNI_FAULT_LENGTH },
		{ 7, 1ULL << 63, VNI_FAULT_SLOT },	/* data */
		{ 1, 2, VNI_FAULT_STATE },		/* another source */
		{ 1, 1ULL << 32, VNI_FAULT_STALE },	/* generation */
	};
	unsigned int i;

	for (i = 0; damage_nr(i); i++)
		expect_left_alone(test, damage_nr(i));
	for (i = 0; i < ARRAY_SIZE(more); i++)
		expect_left_alone(test, &more[i]);
}

static void take_believes_the_state_word(struct kunit *test)
{
	struct fixture *f = test->priv;
	const struct {
		u64 word;
		enum vni_fault fault;
	} bad[] = {
		{ VNI_STATE_POOL, VNI_FAULT_STATE },
		{ VNI_STATE_BAD, VNI_FAULT_STATE },
		{ state(VNI_STATE_HELD, 1, 9), VNI_FAULT_STATE },
		{ inflight(0, 5, 2, 9), VNI_FAULT_STATE },
		{ inflight(2, 5, 1, 9), VNI_FAULT_STATE },
		{ inflight(0, 4, 1, 9), VNI_FAULT_STALE },
		{ inflight(0, 5, 1, 8), VNI_FAULT_STALE },
	};
	struct vni_frame frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_ASSERT_EQ(test, send(f, 60), 1);
		*state_of(f, slot_b(f, i)->word & 0xffffff) = bad[i].word;
		memset(f->b.faults, 0, sizeof(f->b.faults));
		KUNIT_EXPECT_EQ(test, vni_ring_take(&f->b, 0, &frame), -EBADMSG);
		expect_faults(test, &f->b, bad[i].fault, 1);
	}
}

static void wrong_tail_is_found_from_the_slots(struct kunit *test)
{
	static const int off_by[] = { -1, -2, 1, 3, SLOTS + 1, -3 * SLOTS };
	struct fixture *f = test->priv;
	struct vni_ring *ring = vni_ring_of(&f->a, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(off_by); i++) {
		KUNIT_ASSERT_EQ(test, send(f, 60) + send(f, 61), 2);
		ring->tail += off_by[i];
		KUNIT_EXPECT_EQ(test, send(f, 62), 1);
		KUNIT_EXPECT_EQ(test, drain(f), 3);
		KUNIT_EXPECT_EQ(test, f->a.faults[VNI_FAULT_RING_INDEX], i + 1);
	}
	expect_faults(test, &f->b, VNI_FAULT_NONE, 0);
	expect_all_free(test, f);
}

static void ring_lock_of_the_dead_is_taken_over(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_ring *ring = vni_ring_of(&f->a, 1);

	KUNIT_ASSERT_EQ(test, send(f, 60) + send(f, 61), 2);
	ring->tail = 0;
	ring->lock.word = mint_lock_word(2, 0, 3);
	f->fenced[2] = 3;
	KUNIT_EXPECT_EQ(test, send(f, 62), 1);
	KUNIT_EXPECT_EQ(test, f->a.takeovers, 1);
	expect_faults(test, &f->a, VNI_FAULT_NONE, 0);
	KUNIT_EXPECT_EQ(test, drain(f), 3);
	expect_all_free(test, f);
}

static void lock_of_another_is_not_released(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_ring *ring = vni_ring_of(&f->a, 1);
	u64 other = mint_lock_word(2, 0, 5);

	ring->lock.word = other;
	KUNIT_EXPECT_EQ(test, mint_lock_release(&ring->lock, other + 1), 0);
	KUNIT_EXPECT_EQ(test, ring->lock.word, other);
	KUNIT_EXPECT_NE(test, mint_lock_release(&ring->lock, other), 0);
}

static void doorbell_is_rung_once_and_only_when_armed(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, send(f, 60), 1);
	KUNIT_EXPECT_FALSE(test, vni_ring_needs_kick(&f->a, 1));
	KUNIT_EXPECT_FALSE(test, vni_ring_arm(&f->b, 0, 1));
	KUNIT_EXPECT_FALSE(test, vni_ring_needs_kick(&f->a, 1));
	KUNIT_EXPECT_EQ(test, drain(f), 1);
	KUNIT_EXPECT_TRUE(test, vni_ring_arm(&f->b, 0, 1));
	KUNIT_EXPECT_FALSE(test, vni_ring_needs_kick(&f->a, 1));
	KUNIT_EXPECT_EQ(test, send(f, 60), 1);
	KUNIT_EXPECT_TRUE(test, vni_ring_needs_kick(&f->a, 1));
	KUNIT_EXPECT_FALSE(test, vni_ring_needs_kick(&f->a, 1));
	KUNIT_EXPECT_EQ(test, drain(f), 1);
	KUNIT_EXPECT_TRUE(test, vni_ring_arm(&f->b, 0, 1));
	vni_ring_disarm(&f->b, 0);
	KUNIT_EXPECT_EQ(test, send(f, 60), 1);
	KUNIT_EXPECT_FALSE(test, vni_ring_needs_kick(&f->a, 1));
	KUNIT_EXPECT_EQ(test, drain(f), 1);
	expect_all_free(test, f);
}

static void waiters_are_told_at_half_and_at_empty(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame frame;
	int i;

	for (i = 0; i < SLOTS; i++)
		KUNIT_ASSERT_EQ(test, send(f, 60), 1);
	KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 0);
	vni_ring_wait_space(&f->a, 1);
	vni_ring_wait_space(&f->a, NODES);
	vni_ring_of(&f->a, 1)->waiters |= 1ULL << 63;
	for (i = 0; i < SLOTS / 2; i++) {
		KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 0);
		KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &frame), 1);
		vni_buf_free(&f->b, &f->cb, frame.handle);
	}
	KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 1);
	KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 0);
	KUNIT_EXPECT_EQ(test, drain(f), SLOTS / 2);
	vni_ring_wait_space(&f->a, 1);
	KUNIT_EXPECT_FALSE(test, vni_ring_arm(&f->b, 0, 1));
	KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 1);
	KUNIT_EXPECT_TRUE(test, vni_ring_arm(&f->b, 0, 1));
	expect_all_free(test, f);
}

static void watchers_are_told_of_their_own_frames(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame frame;
	int i;

	for (i = 0; i < SLOTS; i++)
		KUNIT_ASSERT_EQ(test, send(f, 60), 1);
	vni_ring_watch(&f->a, 1);
	vni_ring_watch(&f->a, NODES);
	vni_ring_of(&f->a, 1)->watchers |= 1ULL << 2 | 1ULL << 63;
	f->b.rx[0].served = 0;
	KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 0);
	KUNIT_ASSERT_EQ(test, vni_ring_take(&f->b, 0, &frame), 1);
	vni_buf_free(&f->b, &f->cb, frame.handle);
	KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 1);
	KUNIT_EXPECT_EQ(test, drain(f), SLOTS - 1);
	KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 0);
	/* Two of which there was no frame: they may wait in its sleep. */
	KUNIT_EXPECT_TRUE(test, vni_ring_arm(&f->b, 0, 1));
	KUNIT_EXPECT_EQ(test, vni_ring_of(&f->a, 1)->watchers,
			1ULL << 2 | 1ULL << 63);
	expect_all_free(test, f);
}

static void every_watcher_is_told_of_frames_of_unknown_source(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 0);
	vni_ring_watch(&f->a, 1);
	KUNIT_ASSERT_EQ(test, send(f, 60) + send(f, 61), 2);
	slot_b(f, 0)->word = 0;
	vni_ring_mend(&f->b, 0);
	KUNIT_EXPECT_FALSE(test, vni_ring_arm(&f->b, 0, 1));
	KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 1);
	KUNIT_EXPECT_TRUE(test, vni_ring_arm(&f->b, 0, 1));

	vni_ring_watch(&f->a, 1);
	KUNIT_ASSERT_EQ(test, send(f, 60), 1);
	slot_b(f, vni_ring_posted(&f->a, 1) - 1)->source = 2;
	KUNIT_EXPECT_EQ(test, drain(f), 0);
	KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 1);

	vni_ring_watch(&f->a, 1);
	KUNIT_ASSERT_EQ(test, vni_ring_open(&f->b, 0, 0, &anyone), 0);
	KUNIT_EXPECT_EQ(test, vni_ring_release(&f->b, 0), 1);
}

static void frames_are_in_flight_until_taken(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 end = vni_ring_posted(&f->a, 1);

	KUNIT_EXPECT_FALSE(test, vni_ring_in_flight(&f->a, 1, end));
	KUNIT_ASSERT_EQ(test, send(f, 60), 1);
	end = vni_ring_posted(&f->a, 1);
	KUNIT_EXPECT_TRUE(test, vni_ring_in_flight(&f->a, 1, end));
	/* Damaged indices keep nobody waiting. */
	KUNIT_EXPECT_FALSE(test, vni_ring_in_flight(&f->a, 1, end + SLOTS));
	KUNIT_EXPECT_FALSE(test, vni_ring_in_flight(&f->a, NODES, end));
	vni_ring_of(&f->a, 1)->head += 0x80000000;
	KUNIT_EXPECT_FALSE(test, vni_ring_in_flight(&f->a, 1, end));
	vni_ring_of(&f->a, 1)->head -= 0x80000000;
	KUNIT_EXPECT_EQ(test, drain(f), 1);
	KUNIT_EXPECT_FALSE(test, vni_ring_in_flight(&f->a, 1, end));
	KUNIT_EXPECT_EQ(test, vni_ring_posted(&f->a, NODES), 0);
	expect_all_free(test, f);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(words_are_golden),
	KUNIT_CASE(frame_arrives_as_it_was_posted),
	KUNIT_CASE(headers_of_a_tunnel_go_along),
	KUNIT_CASE(payload_may_begin_at_a_page_border),
	KUNIT_CASE(impossible_heads_are_refused),
	KUNIT_CASE(frame_may_begin_anywhere),
	KUNIT_CASE(received_frame_goes_on_in_its_buffer),
	KUNIT_CASE(impossible_starts_are_refused),
	KUNIT_CASE(damaged_starts_are_refused),
	KUNIT_CASE(longest_frame_takes_one_slot_and_one_buffer),
	KUNIT_CASE(full_ring_takes_no_more),
	KUNIT_CASE(positions_wrap),
	KUNIT_CASE(post_refuses),
	KUNIT_CASE(take_rejects),
	KUNIT_CASE(take_believes_the_state_word),
	KUNIT_CASE(wrong_tail_is_found_from_the_slots),
	KUNIT_CASE(ring_lock_of_the_dead_is_taken_over),
	KUNIT_CASE(lock_of_another_is_not_released),
	KUNIT_CASE(doorbell_is_rung_once_and_only_when_armed),
	KUNIT_CASE(waiters_are_told_at_half_and_at_empty),
	KUNIT_CASE(watchers_are_told_of_their_own_frames),
	KUNIT_CASE(every_watcher_is_told_of_frames_of_unknown_source),
	KUNIT_CASE(frames_are_in_flight_until_taken),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "vni_ring",
	.init = setup,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);

MODULE_DESCRIPTION("KUnit tests of vni's buffer manager and address rings");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
