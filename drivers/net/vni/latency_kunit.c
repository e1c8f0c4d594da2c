// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_latency": the buckets in which latencies are counted.
 */
#include <kunit/test.h>

#include "device.h"

/* Around each power of two, and between them. */
static u32 latency_nr(unsigned int i)
{
	static const int around[] = { -1, 0, 1 };
	u32 power = 1U << i / 6;

	return power + (i % 6 < 3 ? 0 : power / 3) + around[i % 3];
}

#define LATENCIES	(32 * 6)

static void a_bucket_holds_what_begins_with_it(struct kunit *test)
{
	unsigned int i, bucket;

	for (i = 0; i < LATENCIES; i++) {
		bucket = vni_latency_bucket(latency_nr(i));
		KUNIT_EXPECT_LT(test, bucket, VNI_LATENCY_BUCKETS);
		KUNIT_EXPECT_GE(test, latency_nr(i), vni_latency_first(bucket));
		KUNIT_EXPECT_LT(test, latency_nr(i), vni_latency_first(bucket + 1));
	}
	KUNIT_EXPECT_EQ(test, vni_latency_bucket(0), 0);
	KUNIT_EXPECT_EQ(test, vni_latency_bucket(U32_MAX), VNI_LATENCY_BUCKETS - 1);
}

/* What is told is the end of a bucket. */
static void what_is_told_is_at_most_a_fifth_too_high(struct kunit *test)
{
	unsigned int bucket;

	for (bucket = 4; bucket < VNI_LATENCY_BUCKETS; bucket++) {
		u64 first = vni_latency_first(bucket), end = vni_latency_first(bucket + 1);

		KUNIT_EXPECT_GT(test, end, first);
		KUNIT_EXPECT_LE(test, (end - first) * 5, end);
	}
}

static struct kunit_case latency_cases[] = {
	KUNIT_CASE(a_bucket_holds_what_begins_with_it),
	KUNIT_CASE(what_is_told_is_at_most_a_fifth_too_high),
	{}
};

static struct kunit_suite latency_suite = {
	.name = "vni_latency",
	.test_cases = latency_cases,
};

kunit_test_suite(latency_suite);
