/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's names of types, beside those that user space has.
 */
#ifndef MINT_LOADER_LINUX_TYPES_H
#define MINT_LOADER_LINUX_TYPES_H

#include_next <linux/types.h>

#include <stdbool.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;

#endif /* MINT_LOADER_LINUX_TYPES_H */
