// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_rx": when bulk data is taken to move, and when doorbells are
 * spared.
 */
#include <kunit/test.h>

#include "device.h"

#define BULK	(32 * 1024)
#define POLLS	5

static void little_is_no_bulk(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vni_rx_bulk_polls(0, 0), 0);
	KUNIT_EXPECT_EQ(test, vni_rx_bulk_polls(0, BULK - 1), 0);
	KUNIT_EXPECT_EQ(test, vni_rx_bulk_polls(0, BULK), POLLS);
}

static void bulk_ends_after_some_polls_with_little(struct kunit *test)
{
	unsigned int left = vni_rx_bulk_polls(0, BULK);
	unsigned int poll;

	for (poll = 1; poll < POLLS; poll++) {
		left = vni_rx_bulk_polls(left, BULK - 1);
		KUNIT_EXPECT_NE(test, left, 0);
	}
	KUNIT_EXPECT_EQ(test, vni_rx_bulk_polls(left, BULK - 1), 0);
	KUNIT_EXPECT_EQ(test, vni_rx_bulk_polls(left, BULK), POLLS);
}

#define PAUSE		256
#define LONG_PAUSE	65536

static void learn(struct vni_spare *spare, unsigned int polls, bool late)
{
	while (polls--)
		vni_spare_learn(spare, late);
}

static void frames_in_time_spare_doorbells(struct kunit *test)
{
	struct vni_spare spare = { .next_pause = PAUSE };

	learn(&spare, 10 * PAUSE, false);
	KUNIT_EXPECT_EQ(test, spare.pause, 0);
}

static void a_late_frame_brings_doorbells_for_a_while(struct kunit *test)
{
	struct vni_spare spare = { .next_pause = PAUSE };

	learn(&spare, 1, true);
	KUNIT_EXPECT_EQ(test, spare.pause, PAUSE);
	learn(&spare, PAUSE - 1, false);
	KUNIT_EXPECT_NE(test, spare.pause, 0);
	learn(&spare, 1, false);
	KUNIT_EXPECT_EQ(test, spare.pause, 0);
}

static void late_frames_bring_longer_pauses_up_to_a_bound(struct kunit *test)
{
	struct vni_spare spare = { .next_pause = PAUSE };
	unsigned int pause;

	for (pause = PAUSE; pause < LONG_PAUSE; pause *= 2) {
		learn(&spare, 1, true);
		KUNIT_EXPECT_EQ(test, spare.pause, pause);
		learn(&spare, pause, false);
	}
	learn(&spare, 1, true);
	KUNIT_EXPECT_EQ(test, spare.pause, LONG_PAUSE);
	learn(&spare, LONG_PAUSE, false);
	learn(&spare, 1, true);
	KUNIT_EXPECT_EQ(test, spare.pause, LONG_PAUSE);
}

static void frames_in_time_make_pauses_short_again(struct kunit *test)
{
	struct vni_spare spare = { .next_pause = LONG_PAUSE };

	learn(&spare, PAUSE - 1, false);
	KUNIT_EXPECT_EQ(test, spare.next_pause, LONG_PAUSE);
	learn(&spare, 1, false);
	learn(&spare, 1, true);
	KUNIT_EXPECT_EQ(test, spare.pause, PAUSE);
}

static struct kunit_case rx_cases[] = {
	KUNIT_CASE(little_is_no_bulk),
	KUNIT_CASE(bulk_ends_after_some_polls_with_little),
	KUNIT_CASE(frames_in_time_spare_doorbells),
	KUNIT_CASE(a_late_frame_brings_doorbells_for_a_while),
	KUNIT_CASE(late_frames_bring_longer_pauses_up_to_a_bound),
	KUNIT_CASE(frames_in_time_make_pauses_short_again),
	{}
};

static struct kunit_suite rx_suite = {
	.name = "vni_rx",
	.test_cases = rx_cases,
};

kunit_test_suite(rx_suite);
