/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A doorbell between processes or threads: a number that is counted up.
 */
#ifndef TESTS_USERSPACE_BELL_H
#define TESTS_USERSPACE_BELL_H

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include "world.h"

#define BELL_LIMIT_S	20

static inline void bell_ring(__u32 *bell)
{
	__atomic_fetch_add(bell, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, bell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Sleeps unless it was rung since @seen: a bell that never comes ends the program. */
static inline void bell_sleep(__u32 *bell, __u32 seen)
{
	struct timespec limit = { .tv_sec = BELL_LIMIT_S };
	int err = syscall(SYS_futex, bell, FUTEX_WAIT, seen, &limit, NULL, 0);

	CHECK(!(err && errno == ETIMEDOUT));	/* lost wake-up */
}

#endif /* TESTS_USERSPACE_BELL_H */
