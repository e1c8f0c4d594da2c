/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks of functions and structures that mean nothing to a program.
 */
#ifndef TESTS_FIRMWARE_LINUX_INIT_H
#define TESTS_FIRMWARE_LINUX_INIT_H

#define __init

#ifndef __packed
#define __packed	__attribute__((packed))
#endif

#endif /* TESTS_FIRMWARE_LINUX_INIT_H */
