// SPDX-License-Identifier: GPL-2.0
/*
 * The hook in setup_arch(): node 0 limits itself to its partition, a started
 * node to what it was handed, and both replace hooks of the platform. Top of
 * this folder. When the shared region is mapped, it calls the node core.
 */
#include <linux/init.h>
#include <linux/memblock.h>
#include <asm/e820/api.h>
#include <asm/mint.h>
#include <asm/x86_init.h>
#include "local.h"

/* As early as the shared region is in the direct map, so that the log begins early. */
static void __init mint_pagetable_init(void)
{
	native_pagetable_init();
	mint_apic_take_platform();
	mint_region_init();
}

/* Whoever starts a node keeps the region out of its e820, so that KASLR avoids it. */
static void __init mint_add_region(void)
{
	e820__range_add(mint_facts.region_phys, mint_facts.region_bytes,
			E820_TYPE_RAM);
	e820__update_table(e820_table);
	memblock_reserve(mint_facts.region_phys, mint_facts.region_bytes);
}

/**
 * mint_setup_memory() - limit this kernel to its share
 *
 * Called by setup_arch() between the firmware's memory map and its first use.
 */
void __init mint_setup_memory(void)
{
	if (!mint_facts.active)
		return;
	if (mint_facts.secondary) {
		mint_secondary_check();
		mint_add_region();
	} else if (mint_partition()) {
		x86_platform.realmode_reserve = mint_low_reserve;
		mint_take_platform();
	} else {
		return;
	}
	mint_guest_setup();
	mint_pci_take_platform();
	x86_init.paging.pagetable_init = mint_pagetable_init;
}
