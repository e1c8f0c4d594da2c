/* SPDX-License-Identifier: GPL-2.0 */
/* As the kernel has them */
#ifndef MINT_LOADER_UTIL_H
#define MINT_LOADER_UTIL_H

#define __printf(a, b)	__attribute((__format__(printf, a, b)))
#define __noreturn	__attribute((__noreturn__))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#endif /* MINT_LOADER_UTIL_H */
