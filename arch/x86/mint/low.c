// SPDX-License-Identifier: GPL-2.0
/*
 * The low area: five pages below 1 MB through which CPUs come into a kernel,
 * since a CPU starts in real mode. Node 0 finds and formats it; its address is
 * handed over from node to node and kept privately, so that a damaged ledger
 * sends no CPU anywhere. Layout: <mint/boot.h>.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sizes.h>
#include <asm/mint.h>
#include <asm/realmode.h>
#include "local.h"
#include "stub.h"

/* Top of the page tables between this kernel's text and the low area. */
static u64 way_pgd[PTRS_PER_PGD] __page_aligned_bss;

/**
 * mint_low() - where a part of the low area is mapped
 * @offset: MINT_LOW_*
 *
 * Every kernel has the first megabyte in its direct map. The area must be there:
 * mint_facts.low_phys.
 */
void *mint_low(unsigned int offset)
{
	return __va(mint_facts.low_phys + offset);
}

/**
 * mint_low_reserve() - find a place for the low area beside node 0's trampoline
 *
 * Both have to be below 1 MB. Where there is no room for two, node 0 keeps its
 * CPUs and starts no other node. Asks memblock, which knows what the firmware
 * and EFI still use.
 */
void __init mint_low_reserve(void)
{
	size_t bytes = real_mode_size_needed();
	phys_addr_t trampoline = 0;

	if (bytes)
		trampoline = memblock_phys_alloc_range(bytes, PAGE_SIZE, 0, SZ_1M);
	if (trampoline || !bytes)
		mint_facts.low_phys = memblock_phys_alloc_range(MINT_LOW_BYTES, PAGE_SIZE,
								PAGE_SIZE, SZ_1M);
	/* The kernel takes the same place again. */
	if (trampoline)
		memblock_phys_free(trampoline, bytes);
	reserve_real_mode();
	if (!mint_facts.low_phys)
		pr_warn("no %u KB of RAM below 1 MB are free: no other node can be started\n",
			MINT_LOW_BYTES / SZ_1K);
}

/* The first 2 MB one to one, in one page. */
static void __init mint_low_fill_tables(void)
{
	u64 *pml4 = mint_low(MINT_LOW_PML4), *pdpt = mint_low(MINT_LOW_PDPT);
	u64 *pd = mint_low(MINT_LOW_PD);

	pml4[0] = (mint_facts.low_phys + MINT_LOW_PDPT) | _KERNPG_TABLE_NOENC;
	pdpt[0] = (mint_facts.low_phys + MINT_LOW_PD) | _KERNPG_TABLE_NOENC;
	pd[0] = __PAGE_KERNEL_LARGE_EXEC;
}

static void __init mint_low_fill_stub(void)
{
	phys_addr_t phys = mint_facts.low_phys + MINT_LOW_STARTUP;
	void *page = mint_low(MINT_LOW_STARTUP);
	struct mint_stub_data *data = page + MINT_STUB_DATA;

	memcpy(page, mint_stub_start, mint_stub_end - mint_stub_start);
	*data = (struct mint_stub_data) {
		.gdt_limit = sizeof(data->gdt) - 1,
		.gdt_base = phys + MINT_STUB_DATA + offsetof(struct mint_stub_data, gdt),
		.far_offset = phys + (mint_stub_64 - mint_stub_start),
		.far_selector = __BOOT_CS,
		.cr3 = mint_facts.low_phys + MINT_LOW_PML4,
		.gdt = MINT_GDT,
	};
}

/**
 * mint_low_format() - fill the low area, on the node that found it
 *
 * Return: its physical address, 0 if there is none.
 */
u64 __init mint_low_format(void)
{
	if (!mint_facts.low_phys)
		return 0;
	memset(mint_low(0), 0, MINT_LOW_BYTES);
	mint_low_fill_tables();
	mint_low_fill_stub();
	return mint_facts.low_phys;
}

/**
 * mint_way_prepare() - map the low area one to one beside this kernel's text
 *
 * With 5 levels of page tables, the top of the low area's is one below ours.
 */
void __init mint_way_prepare(void)
{
	unsigned int text = pgd_index(__START_KERNEL_map);
	u64 below = mint_facts.low_phys +
		(pgtable_l5_enabled() ? MINT_LOW_PML4 : MINT_LOW_PDPT);

	way_pgd[0] = below | _KERNPG_TABLE_NOENC;
	way_pgd[text] = pgd_val(init_mm.pgd[text]);
}

/**
 * mint_way_cr3() - page tables that map the first 2 MB and this kernel's text
 *
 * Context: any.
 */
u64 noinstr mint_way_cr3(void)
{
	return __pa_symbol(way_pgd);
}
