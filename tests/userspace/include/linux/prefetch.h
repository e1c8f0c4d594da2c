/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cache line that will be written to, as the kernel has it fetched.
 */
#ifndef TESTS_USERSPACE_LINUX_PREFETCH_H
#define TESTS_USERSPACE_LINUX_PREFETCH_H

static inline void prefetchw(const void *p)
{
	__builtin_prefetch(p, 1);
}

#endif /* TESTS_USERSPACE_LINUX_PREFETCH_H */
