// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_rx": when bulk data is taken to move.
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

static struct kunit_case rx_cases[] = {
	KUNIT_CASE(little_is_no_bulk),
	KUNIT_CASE(bulk_ends_after_some_polls_with_little),
	{}
};

static struct kunit_suite rx_suite = {
	.name = "vni_rx",
	.test_cases = rx_cases,
};

kunit_test_suite(rx_suite);
