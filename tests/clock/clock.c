// SPDX-License-Identifier: GPL-2.0
/*
 * What rate the time stamp counter has by the clock of the node that runs this:
 * prints its ticks in a second of CLOCK_MONOTONIC_RAW, measured for so many
 * milliseconds. All nodes see the same counter, so their clocks are compared by it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <x86intrin.h>
#include <linux/types.h>

#define TRIES	200

struct instant {
	__u64 tsc;
	__u64 ns;
};

/* Of several readings that whose two clocks are closest to each other. */
static struct instant look(void)
{
	struct instant best = { 0 };
	__u64 before, after, least = ~0ULL;
	struct timespec now;
	int i;

	for (i = 0; i < TRIES; i++) {
		_mm_lfence();
		before = __rdtsc();
		clock_gettime(CLOCK_MONOTONIC_RAW, &now);
		_mm_lfence();
		after = __rdtsc();
		if (after - before >= least)
			continue;
		least = after - before;
		best.tsc = before;
		best.ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	}
	return best;
}

int main(int argc, char **argv)
{
	long ms = argc == 2 ? atol(argv[1]) : 0;
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };
	struct instant from, to;

	if (ms <= 0) {
		fprintf(stderr, "usage: clock MILLISECONDS\n");
		return 2;
	}
	from = look();
	nanosleep(&pause, NULL);
	to = look();
	if (to.ns <= from.ns) {
		fprintf(stderr, "clock: it stands still\n");
		return 1;
	}
	printf("%.0f\n", 1e9 * (to.tsc - from.tsc) / (to.ns - from.ns));
	return 0;
}
