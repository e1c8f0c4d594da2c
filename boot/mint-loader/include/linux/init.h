/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks of functions and structures that mean nothing to a program.
 */
#ifndef MINT_LOADER_LINUX_INIT_H
#define MINT_LOADER_LINUX_INIT_H

#define __init
#define __initdata

#ifndef __packed
#define __packed	__attribute__((packed))
#endif

#endif /* MINT_LOADER_LINUX_INIT_H */
