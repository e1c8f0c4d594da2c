/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whole zeroed pages.
 */
#ifndef TESTS_USERSPACE_LINUX_VMALLOC_H
#define TESTS_USERSPACE_LINUX_VMALLOC_H

#include <stdlib.h>
#include <string.h>

static inline void *vzalloc(unsigned long bytes)
{
	unsigned long whole = (bytes + 4095) & ~4095UL;
	void *p = aligned_alloc(4096, whole);

	return p ? memset(p, 0, whole) : NULL;
}

static inline void vfree(const void *p)
{
	free((void *)p);
}

#endif /* TESTS_USERSPACE_LINUX_VMALLOC_H */
