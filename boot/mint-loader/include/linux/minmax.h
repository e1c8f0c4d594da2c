/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The smaller and the larger of two.
 */
#ifndef MINT_LOADER_LINUX_MINMAX_H
#define MINT_LOADER_LINUX_MINMAX_H

#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))

#endif /* MINT_LOADER_LINUX_MINMAX_H */
