/* SPDX-License-Identifier: GPL-2.0 */
/* The start-up page as stub.S, low.c and start.c see it. */
#ifndef _ARCH_X86_MINT_STUB_H
#define _ARCH_X86_MINT_STUB_H

#define MINT_STUB_DATA		0x900

#ifndef __ASSEMBLY__

#include <linux/types.h>
#include "local.h"

/**
 * struct mint_stub_data - constants of the stub, at MINT_STUB_DATA in its page
 * @gdt_limit: operand of LGDT
 * @gdt_base: operand of LGDT
 * @pad: keeps @far_offset aligned
 * @far_offset: physical address of the 64-bit part
 * @far_selector: its code segment
 * @pad1: zero
 * @cr3: the low area's page tables
 * @gdt: MINT_GDT
 *
 * What changes from start to start is in struct mint_startup.
 */
struct mint_stub_data {
	u16 gdt_limit;
	u32 gdt_base;
	u16 pad;
	u32 far_offset;
	u16 far_selector;
	u16 pad1;
	u32 cr3;
	struct desc_struct gdt[MINT_GDT_ENTRIES];
} __packed;

extern const u8 mint_stub_start[], mint_stub_end[], mint_stub_64[];

#endif /* __ASSEMBLY__ */
#endif /* _ARCH_X86_MINT_STUB_H */
