/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the files of arch/x86/mint only. */
#ifndef _ARCH_X86_MINT_LOCAL_H
#define _ARCH_X86_MINT_LOCAL_H

#include <linux/types.h>
#include <asm/desc_defs.h>
#include <asm/segment.h>

/* Segments of a CPU on its way into a kernel, as the boot protocol asks. */
#define MINT_GDT_ENTRIES	(GDT_ENTRY_BOOT_DS + 1)
#define MINT_GDT_ENTRY_CS32	1
#define MINT_GDT {							\
	[MINT_GDT_ENTRY_CS32] = GDT_ENTRY_INIT(DESC_CODE32, 0, 0xfffff),	\
	[GDT_ENTRY_BOOT_CS] = GDT_ENTRY_INIT(DESC_CODE64, 0, 0xfffff),	\
	[GDT_ENTRY_BOOT_DS] = GDT_ENTRY_INIT(DESC_DATA64, 0, 0xfffff),	\
}

bool mint_partition(void);
void mint_apic_take_platform(void);
bool mint_apic_reaches(u32 apic_id);
void mint_icr_send(u32 command, u32 apic_id);
unsigned int mint_apic_drop_unreachable(u32 *apic_ids, unsigned int nr);
void mint_apic_disable(void);
void mint_secondary_check(void);
const struct mint_handover *mint_handed_over(void);
void mint_pci_take_platform(void);
void *mint_low(unsigned int offset);
void mint_low_reserve(void);
u64 mint_way_cr3(void);
void mint_smp_init(void);
void mint_firmware_off(void);
void mint_firmware_reset(void);

#ifdef CONFIG_HYPERVISOR_GUEST
const char *mint_guest_obstacle(void);
void mint_guest_setup(void);
#else
static inline const char *mint_guest_obstacle(void) { return NULL; }
static inline void mint_guest_setup(void) { }
#endif

#ifdef CONFIG_SERIAL_8250
void mint_limit_uarts(void);
#else
static inline void mint_limit_uarts(void) { }
#endif

#endif /* _ARCH_X86_MINT_LOCAL_H */
