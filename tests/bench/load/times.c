// SPDX-License-Identifier: GPL-2.0
/*
 * Times of single round trips, kept until all are made.
 */
#include <stdio.h>
#include <stdlib.h>
#include "load.h"

#define MOST_TIMES	1000000

static __u32 times[MOST_TIMES];
static size_t nr_times;
static __u64 total_ns;

int times_full(void)
{
	return nr_times == MOST_TIMES;
}

void times_add(__u64 ns)
{
	times[nr_times++] = ns;
	total_ns += ns;
}

static int compare(const void *one, const void *other)
{
	__u32 a = *(const __u32 *)one, b = *(const __u32 *)other;

	return a < b ? -1 : a > b;
}

void times_print(void)
{
	if (!nr_times)
		die("no answer at all");
	qsort(times, nr_times, sizeof(*times), compare);
	printf("count=%zu mean_ns=%llu min_ns=%u median_ns=%u p99_ns=%u\n",
	       nr_times, total_ns / nr_times, times[0], times[nr_times / 2],
	       times[nr_times - 1 - nr_times / 100]);
}
