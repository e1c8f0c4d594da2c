// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_recover": rings that open, close and are mended, and burial.
 *
 * What needs several CPUs or a node that dies in the middle is tested in
 * tests/ring, which also runs this file in user space.
 */
#include "ring_fixture.h"

static void damaged_ring_is_mended_by_its_receiver(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_ring *ring = vni_ring_of(&f->a, 1);

	KUNIT_ASSERT_EQ(test, send(f, 60) + send(f, 61), 2);
	slot_b(f, 0)->word = 0;
	KUNIT_EXPECT_EQ(test, drain(f), 0);
	KUNIT_EXPECT_TRUE(test, vni_ring_pending(&f->b, 0));
	vni_ring_mend(&f->b, 0);
	expect_faults(test, &f->b, VNI_FAULT_RING_INDEX, 1);
	KUNIT_EXPECT_FALSE(test, vni_ring_pending(&f->b, 0));
	KUNIT_EXPECT_EQ(test, census(f).state[VNI_STATE_INFLIGHT], 0);
	ring->head += 0x1234;
	KUNIT_EXPECT_EQ(test, send(f, 60), -EPROTO);
	KUNIT_EXPECT_TRUE(test, vni_ring_arm(&f->b, 0, 1));
	KUNIT_EXPECT_EQ(test, send(f, 60), 1);
	KUNIT_EXPECT_EQ(test, drain(f), 1);
}

static void close_lets_go_of_everything(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, send(f, 60) + send(f, 9000), 2);
	vni_ring_close(&f->b, 0, &f->cb);
	KUNIT_EXPECT_EQ(test, send(f, 60), -ENETDOWN);
	vni_cache_flush(&f->a, &f->ca);
	KUNIT_EXPECT_EQ(test, census(f).state[VNI_STATE_ALLOC], 1);
	KUNIT_EXPECT_EQ(test, census(f).listed, f->header->nr_bufs - 1);
	KUNIT_EXPECT_EQ(test, vni_ring_open(&f->b, 0, 0, &anyone), 0);
	KUNIT_EXPECT_EQ(test, send(f, 60), 1);
	KUNIT_EXPECT_EQ(test, drain(f), 1);
}

static void busy_ring_is_not_opened(struct kunit *test)
{
	struct fixture *f = test->priv;

	vni_ring_of(&f->b, 1)->lock.word = mint_lock_word(2, 0, 1);
	KUNIT_EXPECT_EQ(test, vni_ring_open(&f->b, 0, 0, &anyone), -EBUSY);
	expect_faults(test, &f->b, VNI_FAULT_LOCK_TIMEOUT, 1);
}

/* Node b restarts: its old frames are discarded and come back to their sender. */
static void new_incarnation_starts_empty(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, send(f, 60) + send(f, 61), 2);
	f->fenced[1] = 9;
	KUNIT_ASSERT_EQ(test, port_init(f, &f->b, 1, 10), 0);
	KUNIT_ASSERT_EQ(test, vni_ring_open(&f->b, 0, 0, &anyone), 0);
	KUNIT_EXPECT_EQ(test, drain(f), 0);
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->b, &f->cb, 1, 9), 0);
	KUNIT_EXPECT_EQ(test, send(f, 62), -ENETDOWN);
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 1, 9), 2);
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 1, 9), 0);
	KUNIT_EXPECT_EQ(test, census(f).state[VNI_STATE_INFLIGHT], 0);
}

static void buried_incarnation_is_not_posted_to(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->fenced[1] = 9;
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 1, 9), 0);
	KUNIT_EXPECT_EQ(test, send(f, 60), -ENETDOWN);
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 1, 3), 0);
	KUNIT_EXPECT_EQ(test, send(f, 60), -ENETDOWN);
}

/* Every state that a dead node can leave behind, and those that must stay. */
static void bury_frees_what_is_due(struct kunit *test)
{
	struct fixture *f = test->priv;
	const struct {
		u64 word;
		int freed;
	} words[] = {
		{ state(VNI_STATE_CACHED, 1, 9), 1 },
		{ state(VNI_STATE_ALLOC, 1, 8), 1 },
		{ state(VNI_STATE_HELD, 1, 0x3ffffe), 1 },	/* before 0 */
		{ inflight(0, 5, 1, 9), 1 },		/* from us to the dead */
		{ inflight(1, 9, 0, 5), 1 },		/* never got into our ring */
		{ inflight(1, 9, 2, 7), 1 },		/* both dead */
		{ inflight(2, 7, 1, 9), 1 },
		{ inflight(1, 9, 0, 4), 1 },		/* to our former self */
		{ state(VNI_STATE_CACHED, 1, 10), 0 },	/* the new incarnation */
		{ state(VNI_STATE_CACHED, 0, 5), 0 },
		{ state(VNI_STATE_HELD, 2, 7), 0 },	/* a burial of its own */
		{ inflight(0, 5, 1, 10), 0 },
		{ inflight(0, 5, 2, 8), 0 },
		{ inflight(1, 9, 2, 8), 0 },		/* for node 2 to free */
		{ inflight(2, 8, 1, 9), 0 },
		{ inflight(1, 9, 200, 1), 0 },
		{ state(VNI_STATE_BAD, 1, 9), 0 },
		{ state(15, 1, 9), 0 },
	};
	unsigned int i, freed = 0;

	vni_ring_of(&f->a, 2)->receiver.generation = 8;
	f->fenced[1] = 9;
	f->fenced[2] = 7;
	pool_of(f, VNI_CLASS_SMALL)->level -= ARRAY_SIZE(words);
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		*state_of(f, i) = words[i].word;
		freed += words[i].freed;
	}
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 1, 9), freed);
	vni_cache_flush(&f->a, &f->ca);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		KUNIT_EXPECT_EQ(test, *state_of(f, i), words[i].freed ? 0 : words[i].word);
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 1, 9), 0);
	KUNIT_EXPECT_EQ(test, census(f).listed, census(f).state[VNI_STATE_POOL]);
	KUNIT_EXPECT_EQ(test, census(f).invalid, 1);
}

/* In a state word a generation has lost its upper bits. */
static void generations_are_serial_numbers(struct kunit *test)
{
	struct fixture *f = test->priv;

	vni_ring_of(&f->a, 2)->receiver.generation = 0x400001;
	f->fenced[1] = 9;
	f->fenced[2] = 0x400000;
	pool_of(f, VNI_CLASS_SMALL)->level -= 4;
	*state_of(f, 0) = inflight(1, 9, 2, 0x3fffff);
	*state_of(f, 1) = inflight(1, 9, 2, 0);
	*state_of(f, 2) = inflight(1, 9, 2, 1);
	*state_of(f, 3) = inflight(1, 9, 2, 2);
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 1, 9), 2);
	KUNIT_EXPECT_EQ(test, *state_of(f, 0), VNI_STATE_POOL);
	KUNIT_EXPECT_EQ(test, *state_of(f, 1), VNI_STATE_POOL);
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 2, 0x400001), 1);
	KUNIT_EXPECT_EQ(test, *state_of(f, 3), inflight(1, 9, 2, 2));
}

static void bury_leaves_frames_in_the_ring(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, send(f, 60) + send(f, 61), 2);
	vni_cache_flush(&f->a, &f->ca);
	f->fenced[0] = 5;
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->b, &f->cb, 0, 5), 0);
	KUNIT_EXPECT_EQ(test, drain(f), 2);
	expect_faults(test, &f->b, VNI_FAULT_NONE, 0);
	expect_all_free(test, f);
}

static void nobody_buries_the_living(struct kunit *test)
{
	struct fixture *f = test->priv;

	*state_of(f, 0) = state(VNI_STATE_ALLOC, 0, 4);
	*state_of(f, 1) = state(VNI_STATE_ALLOC, 0, 5);
	pool_of(f, VNI_CLASS_SMALL)->level -= 2;
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 0, 5), 0);
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, NODES, 5), 0);
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, vni_port_bury(&f->a, &f->ca, 0, 4), 1);
	KUNIT_EXPECT_EQ(test, *state_of(f, 1), state(VNI_STATE_ALLOC, 0, 5));
}

static struct kunit_case recover_cases[] = {
	KUNIT_CASE(damaged_ring_is_mended_by_its_receiver),
	KUNIT_CASE(close_lets_go_of_everything),
	KUNIT_CASE(busy_ring_is_not_opened),
	KUNIT_CASE(new_incarnation_starts_empty),
	KUNIT_CASE(buried_incarnation_is_not_posted_to),
	KUNIT_CASE(bury_frees_what_is_due),
	KUNIT_CASE(generations_are_serial_numbers),
	KUNIT_CASE(bury_leaves_frames_in_the_ring),
	KUNIT_CASE(nobody_buries_the_living),
	{}
};

static struct kunit_suite recover_suite = {
	.name = "vni_recover",
	.init = setup,
	.test_cases = recover_cases,
};

kunit_test_suite(recover_suite);
