/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rounding up and down.
 */
#ifndef MINT_LOADER_LINUX_ALIGN_H
#define MINT_LOADER_LINUX_ALIGN_H

#define ALIGN(x, a)	(((x) + (a) - 1) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)
#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))

#endif /* MINT_LOADER_LINUX_ALIGN_H */
