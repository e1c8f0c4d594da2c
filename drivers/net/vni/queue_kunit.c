// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_queue": a node with several rings. Each is a ring of its
 * own, and a burial looks at all of them.
 */
#include "ring_fixture.h"

#define QUEUES	2
#define RING_B0	(1 * QUEUES)
#define RING_B1	(1 * QUEUES + 1)

static int setup_queues(struct kunit *test)
{
	struct fixture *f;
	u32 queue;

	if (setup(test))
		return -ENOMEM;
	f = test->priv;
	KUNIT_ASSERT_EQ(test, vni_section_format(f->section, SECTION_BYTES,
						 NODES, QUEUES, SLOTS), 0);
	KUNIT_ASSERT_EQ(test, port_init(f, &f->a, 0, 5), 0);
	KUNIT_ASSERT_EQ(test, port_init(f, &f->b, 1, 9), 0);
	for (queue = 0; queue < QUEUES; queue++)
		KUNIT_ASSERT_EQ(test, vni_ring_open(&f->b, queue, 0, &anyone), 0);
	return 0;
}

static int send_to(struct fixture *f, u32 ring, u32 length)
{
	struct vni_frame frame = frame_make(f, length);

	return vni_ring_post(&f->a, 0, ring, 9, &frame, 1);
}

static int take_one(struct fixture *f, u32 queue, u32 length)
{
	struct vni_frame frame;
	int got = vni_ring_take(&f->b, queue, &frame);

	if (got != 1)
		return got;
	vni_buf_free(&f->b, &f->cb, frame.handle);
	return frame.slot.queue == queue && frame.length == length;
}

static void frame_arrives_on_its_queue(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, vni_ring_number(&f->a, 1, 1), RING_B1);
	KUNIT_EXPECT_TRUE(test, !vni_ring_of(&f->a, NODES * QUEUES));
	KUNIT_ASSERT_EQ(test, send_to(f, RING_B1, 61), 1);
	KUNIT_EXPECT_EQ(test, take_one(f, 0, 61), 0);
	KUNIT_EXPECT_EQ(test, take_one(f, 1, 61), 1);
	expect_faults(test, &f->b, VNI_FAULT_NONE, 0);
	expect_all_free(test, f);
}

static void queues_sleep_alone(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_TRUE(test, vni_ring_arm(&f->b, 0, 1));
	KUNIT_ASSERT_EQ(test, send_to(f, RING_B1, 60), 1);
	KUNIT_EXPECT_FALSE(test, vni_ring_needs_kick(&f->a, RING_B1));
	KUNIT_EXPECT_FALSE(test, vni_ring_needs_kick(&f->a, RING_B0));
	KUNIT_ASSERT_EQ(test, send_to(f, RING_B0, 60), 1);
	KUNIT_EXPECT_TRUE(test, vni_ring_needs_kick(&f->a, RING_B0));
}

static void doorbell_waits_for_as_many_frames(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_TRUE(test, vni_ring_arm(&f->b, 1, 3));
	KUNIT_ASSERT_EQ(test, send_to(f, RING_B1, 60), 1);
	KUNIT_EXPECT_FALSE(test, vni_ring_needs_kick(&f->a, RING_B1));
	KUNIT_ASSERT_EQ(test, send_to(f, RING_B1, 61), 1);
	KUNIT_EXPECT_FALSE(test, vni_ring_needs_kick(&f->a, RING_B1));
	/* Two wait already: only a third is worth staying awake. */
	KUNIT_EXPECT_TRUE(test, vni_ring_arm(&f->b, 1, 3));
	KUNIT_EXPECT_FALSE(test, vni_ring_arm(&f->b, 1, 2));
	KUNIT_ASSERT_TRUE(test, vni_ring_arm(&f->b, 1, 3));
	KUNIT_ASSERT_EQ(test, send_to(f, RING_B1, 62), 1);
	KUNIT_EXPECT_TRUE(test, vni_ring_needs_kick(&f->a, RING_B1));
}

static void foreign_queue_in_a_slot_is_rejected(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame frame;

	KUNIT_ASSERT_EQ(test, send_to(f, RING_B1, 60), 1);
	vni_ring_of(&f->b, RING_B1)->slots[0].queue = 0;
	KUNIT_EXPECT_EQ(test, vni_ring_take(&f->b, 1, &frame), -EBADMSG);
	expect_faults(test, &f->b, VNI_FAULT_SLOT, 1);
}

/* A slot of one ring that names a buffer in flight to the other. */
static void buffer_of_another_ring_is_not_taken(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame frame;

	KUNIT_ASSERT_EQ(test, send_to(f, RING_B0, 60), 1);
	KUNIT_ASSERT_EQ(test, send_to(f, RING_B1, 60), 1);
	vni_ring_of(&f->b, RING_B1)->slots[0].word =
		vni_ring_of(&f->b, RING_B0)->slots[0].word;
	KUNIT_EXPECT_EQ(test, vni_ring_take(&f->b, 1, &frame), -EBADMSG);
	expect_faults(test, &f->b, VNI_FAULT_STATE, 1);
	KUNIT_EXPECT_EQ(test, take_one(f, 0, 60), 1);
}

static void mending_one_ring_spares_the_other(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_ring *ring = vni_ring_of(&f->b, RING_B0);

	KUNIT_ASSERT_EQ(test, send_to(f, RING_B0, 60), 1);
	KUNIT_ASSERT_EQ(test, send_to(f, RING_B1, 61), 1);
	ring->slots[0].word = 0;
	vni_ring_mend(&f->b, 0);
	expect_faults(test, &f->b, VNI_FAULT_RING_INDEX, 1);
	KUNIT_EXPECT_EQ(test, census(f).state[VNI_STATE_INFLIGHT], 1);
	KUNIT_EXPECT_EQ(test, take_one(f, 1, 61), 1);
	expect_all_free(test, f);
}

static void burial_looks_at_all_rings(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_frame lost = frame_make(f, 60);

	KUNIT_ASSERT_EQ(test, send_to(f, RING_B0, 60), 1);
	KUNIT_ASSERT_EQ(test, send_to(f, RING_B1, 61), 1);
	*state_of(f, lost.handle) = inflight(0, 5, RING_B1, 9);
	vni_cache_flush(&f->a, &f->ca);
	f->fenced[0] = 5;
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->b, &f->cb, 0, 5), 1);
	KUNIT_EXPECT_EQ(test, take_one(f, 0, 60), 1);
	KUNIT_EXPECT_EQ(test, take_one(f, 1, 61), 1);
	expect_all_free(test, f);
}

static void frames_to_all_rings_of_the_dead_are_freed(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, send_to(f, RING_B0, 60), 1);
	KUNIT_ASSERT_EQ(test, send_to(f, RING_B1, 61), 1);
	f->fenced[1] = 9;
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 1, 9), 2);
	KUNIT_EXPECT_EQ(test, send_to(f, RING_B1, 62), -ENETDOWN);
	KUNIT_EXPECT_EQ(test, census(f).state[VNI_STATE_INFLIGHT], 0);
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(frame_arrives_on_its_queue),
	KUNIT_CASE(queues_sleep_alone),
	KUNIT_CASE(doorbell_waits_for_as_many_frames),
	KUNIT_CASE(foreign_queue_in_a_slot_is_rejected),
	KUNIT_CASE(buffer_of_another_ring_is_not_taken),
	KUNIT_CASE(mending_one_ring_spares_the_other),
	KUNIT_CASE(burial_looks_at_all_rings),
	KUNIT_CASE(frames_to_all_rings_of_the_dead_are_freed),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "vni_queue",
	.init = setup_queues,
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);
