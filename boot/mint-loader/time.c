// SPDX-License-Identifier: GPL-2.0
/* Time, for those who wait with a deadline. */
#include <time.h>
#include "mint.h"

/**
 * now_ms() - a clock that only goes on
 *
 * Return: milliseconds since some moment.
 */
__u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/**
 * pause_ms() - wait before looking again; a signal ends it early
 * @ms: less than 1000
 */
void pause_ms(unsigned int ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}
