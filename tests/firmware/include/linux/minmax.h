/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The smaller and the larger of two.
 */
#ifndef TESTS_FIRMWARE_LINUX_MINMAX_H
#define TESTS_FIRMWARE_LINUX_MINMAX_H

#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))

#endif /* TESTS_FIRMWARE_LINUX_MINMAX_H */
