/* SPDX-License-Identifier: GPL-2.0 */
/* The parking place as parking.S and park.c both see it. */
#ifndef _ARCH_X86_MINT_PARK_H
#define _ARCH_X86_MINT_PARK_H

#define MINT_PARK_MAILBOX_BYTES	64
#define MINT_PARK_DATA		0x800
#define MINT_PARK_IDT		0x900
#define MINT_PARK_STACK		0x1000

/* Commands of the mailbox: docs/abi.md */
#define MINT_MAILBOX_REST	0
#define MINT_MAILBOX_WAKE	1
#define MINT_MAILBOX_AWAKE	2
#define MINT_MAILBOX_GO		3

#ifndef __ASSEMBLY__
extern const u8 mint_park_start[], mint_park_enter[], mint_park_nmi[],
	mint_park_mce[], mint_park_fault[], mint_park_end[];
void __noreturn mint_park_jump(u64 cr3, u64 entry);
#endif

#endif /* _ARCH_X86_MINT_PARK_H */
