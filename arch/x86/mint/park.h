/* SPDX-License-Identifier: GPL-2.0 */
/* The parking page as parking.S and park.c both see it. */
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

#include <linux/types.h>
#include "local.h"

/**
 * struct mint_park_data - variables of the parking page, at MINT_PARK_DATA
 * @gdt_limit: operand of LGDT
 * @gdt_base: operand of LGDT
 * @idt_limit: operand of LIDT
 * @idt_base: operand of LIDT
 * @pad: zero
 * @cr3: the low area's page tables
 * @parked_word: what to write to mint_mailbox.parked
 * @gdt: MINT_GDT
 */
struct mint_park_data {
	u16 gdt_limit;
	u64 gdt_base;
	u16 idt_limit;
	u64 idt_base;
	u32 pad;
	u64 cr3;
	u64 parked_word;
	struct desc_struct gdt[MINT_GDT_ENTRIES];
} __packed;

extern const u8 mint_park_start[], mint_park_enter[], mint_park_nmi[],
	mint_park_mce[], mint_park_fault[], mint_park_end[];
/* Does not return. Not marked, since objtool has a list of all that do not. */
void mint_park_jump(u64 cr3, u64 entry);

#endif /* __ASSEMBLY__ */

#endif /* _ARCH_X86_MINT_PARK_H */
