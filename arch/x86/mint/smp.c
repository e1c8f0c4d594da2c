// SPDX-License-Identifier: GPL-2.0
/*
 * The further CPUs of a started node. They come through the start-up page like
 * the first one, one after the other, so the node needs no low memory of its own
 * for a trampoline, however large that of its kernel is.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <asm/apic.h>
#include <asm/mint.h>
#include <asm/pgtable.h>
#include <asm/processor.h>
#include <asm/realmode.h>
#include <asm/smp.h>
#include <asm/x86_init.h>
#include "local.h"

/* For the first calls of secondary_startup_64(), until it has the idle task's. */
static u64 way_stack[32] __aligned(16);

/* do_boot_cpu() reads an address from it, which is then not used. */
static struct real_mode_header no_real_mode;

/* Our page tables may not be used with an EFER that does not know NX. */
static u32 mint_smp_flags(void)
{
	if (!(__supported_pte_mask & _PAGE_NX))
		return 0;
	return boot_cpu_data.x86_vendor == X86_VENDOR_INTEL ?
		MINT_STARTUP_NX | MINT_STARTUP_ALLOW_NX : MINT_STARTUP_NX;
}

static int mint_smp_wake(u32 apic_id, unsigned long unused)
{
	return mint_cpu_start(apic_id, &(struct mint_startup) {
		.cr3 = mint_way_cr3(),
		.entry = (u64)secondary_startup_64,
		.stack = (u64)(way_stack + ARRAY_SIZE(way_stack)),
		.flags = mint_smp_flags(),
	});
}

/**
 * mint_smp_init() - let this node's further CPUs start by the start-up page
 *
 * One at a time: there is one page, and one stack.
 */
void __init mint_smp_init(void)
{
	real_mode_header = &no_real_mode;
	x86_cpuinit.parallel_bringup = false;
	apic_update_callback(wakeup_secondary_cpu, mint_smp_wake);
}
