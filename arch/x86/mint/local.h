/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the files of arch/x86/mint only. */
#ifndef _ARCH_X86_MINT_LOCAL_H
#define _ARCH_X86_MINT_LOCAL_H

#include <linux/types.h>

int mint_madt_cpus(u32 *apic_ids, unsigned int max);
bool mint_partition(void);
void mint_secondary_check(void);
void mint_pci_take_platform(void);
void mint_identity_map(u64 *pml4, u64 *pdpt, phys_addr_t pdpt_phys);
void mint_firmware_off(void);
void mint_firmware_reset(void);

#ifdef CONFIG_SERIAL_8250
void mint_limit_uarts(void);
#else
static inline void mint_limit_uarts(void) { }
#endif

/**
 * struct mint_stub_data - variables of the start stub, at MINT_STUB_DATA in
 * its page; the layout is known to stub.S
 * @gdt_limit: operand of LGDT
 * @gdt_base: operand of LGDT
 * @pad: keeps @far_offset aligned
 * @far_offset: physical address of the 64-bit part
 * @far_selector: its code segment
 * @pad1: zero
 * @cr3: page tables
 * @arrived: the stub writes 1 when it runs in 64-bit mode
 * @entry: where to jump
 * @boot_params: value of RSI there
 * @gdt: null, unused, 0x10 code, 0x18 data, as the boot protocol asks
 */
struct mint_stub_data {
	u16 gdt_limit;
	u32 gdt_base;
	u16 pad;
	u32 far_offset;
	u16 far_selector;
	u16 pad1;
	u32 cr3;
	u32 arrived;
	u64 entry;
	u64 boot_params;
	u64 gdt[4];
} __packed;

#define MINT_STUB_DATA		0x800

extern const u8 mint_stub_start[], mint_stub_end[], mint_stub_64[];

#endif /* _ARCH_X86_MINT_LOCAL_H */
