/* SPDX-License-Identifier: GPL-2.0 */
/* As the kernel has them */
#ifndef MINT_LOADER_UTIL_H
#define MINT_LOADER_UTIL_H

#include <linux/types.h>

#define __printf(a, b)	__attribute((__format__(printf, a, b)))
#define __noreturn	__attribute((__noreturn__))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static inline __u64 align_up(__u64 value, __u64 align)
{
	return (value + align - 1) & ~(align - 1);
}

#endif /* MINT_LOADER_UTIL_H */
