// SPDX-License-Identifier: GPL-2.0
/*
 * Setting a loaded node going: the hand-over in its memory tells it what it
 * is, then its first CPU is started. See docs/abi.md.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/io.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <asm/mint.h>
#include <asm/msr.h>
#include "life.h"

static void mint_handover_fill_extents(struct mint_handover *handover, u32 node)
{
	unsigned int i;

	for (i = 0; i < MINT_MAX_EXTENTS; i++) {
		struct mint_extent extent = mint_region.ledger->extents[i];

		if (extent.owner == node &&
		    handover->nr_extents < MINT_HANDOVER_EXTENTS)
			handover->extents[handover->nr_extents++] = extent;
	}
}

/*
 * Gives a piece of the node's memory its NUMA domain. What of it lies in others
 * becomes a piece of its own, if there is room, else counts with the first one.
 */
static void mint_handover_fill_domain(struct mint_handover *handover, unsigned int i)
{
	struct mint_extent *extent = &handover->extents[i], *rest;
	u64 end = extent->base + extent->bytes, border;

	extent->domain = mint_ledger_domain(extent->base, &border);
	if (border >= end || handover->nr_extents == MINT_HANDOVER_EXTENTS)
		return;
	rest = &handover->extents[handover->nr_extents++];
	*rest = *extent;
	rest->base = border;
	rest->bytes = end - border;
	extent->bytes -= rest->bytes;
}

static void mint_handover_fill_domains(struct mint_handover *handover)
{
	const struct mint_ledger *ledger = mint_region.ledger;
	unsigned int i;
	u64 border;

	for (i = 0; i < handover->nr_extents; i++)
		mint_handover_fill_domain(handover, i);
	handover->region_domain = mint_ledger_domain(handover->region_phys, &border);
	handover->nr_domains = min(ledger->nr_domains, MINT_MAX_DOMAINS);
	memcpy(handover->distances, ledger->distances, sizeof(handover->distances));
}

static void mint_handover_add_cpu(struct mint_handover *handover, u32 cpu)
{
	u32 at = handover->nr_cpus++;

	handover->apic_ids[at] = mint_ledger_apic_id(cpu);
	handover->cpu_domains[at] = mint_load(&mint_region.ledger->cpus[cpu].domain);
}

/* The node boots on the first of the list. */
static void mint_handover_fill_cpus(struct mint_handover *handover, u32 node)
{
	u32 boot_cpu = mint_load(&mint_node_entry(node)->life.boot_cpu);
	u32 cpus[MINT_MAX_CPUS];
	unsigned int i, n;

	n = mint_ledger_cpus(node, cpus);
	mint_handover_add_cpu(handover, boot_cpu);
	for (i = 0; i < n; i++)
		if (cpus[i] != boot_cpu)
			mint_handover_add_cpu(handover, cpus[i]);
}

static struct mint_handover *mint_handover_make(u32 node, u32 generation)
{
	struct mint_handover *handover = kzalloc(sizeof(*handover), GFP_KERNEL);

	if (!handover)
		return NULL;
	handover->magic = MINT_HANDOVER_MAGIC;
	handover->abi_major = MINT_ABI_MAJOR;
	handover->abi_minor = MINT_ABI_MINOR;
	handover->bytes = sizeof(*handover);
	handover->node = node;
	handover->generation = generation;
	handover->region_phys = mint_facts.region_phys;
	handover->region_bytes = mint_facts.region_bytes;
	handover->low_phys = mint_facts.low_phys;
	handover->tsc_khz = mint_clock_khz();
	handover->lapic_khz = mint_load(&mint_region.ledger->lapic_khz);
	handover->x2apic = mint_x2apic();
	handover->self_phys = mint_facts.region_phys +
		((void *)&mint_node_entry(node)->self - mint_region.base);
	mint_handover_fill_extents(handover, node);
	mint_handover_fill_domains(handover);
	mint_handover_fill_cpus(handover, node);
	/* Last of all, so that little time passes until the node uses the pair. */
	handover->wallclock_ns = ktime_get_real_ns();
	handover->tsc = rdtsc_ordered();
	return handover;
}

static int mint_handover_write(const struct mint_ioc_start *start, u32 generation)
{
	struct mint_handover *handover = mint_handover_make(start->node, generation);
	void *to;

	if (!handover)
		return -ENOMEM;
	to = memremap(start->handover, sizeof(*handover), MEMREMAP_WB);
	if (to) {
		memcpy(to, handover, sizeof(*handover));
		memunmap(to);
	}
	kfree(handover);
	return to ? 0 : -ENOMEM;
}

static int mint_life_check_start(const struct mint_ioc_start *start)
{
	u32 boot_cpu = mint_load(&mint_node_entry(start->node)->life.boot_cpu);

	/* A started node begins with this clock, and has nothing to measure it by. */
	if (!tsc_khz)
		return -ENODATA;
	if (boot_cpu >= mint_ledger_nr_cpus())
		return -ERANGE;
	if (!IS_ALIGNED(start->tables, PAGE_SIZE) ||
	    !mint_ledger_owns(start->node, start->tables, PAGE_SIZE) ||
	    !mint_ledger_owns(start->node, start->entry, 1) ||
	    !mint_ledger_owns(start->node, start->boot_params, PAGE_SIZE) ||
	    !mint_ledger_owns(start->node, start->handover,
			      sizeof(struct mint_handover)))
		return -ERANGE;
	if (mint_load(&mint_region.ledger->cpus[boot_cpu].owner) != start->node)
		return -ERANGE;
	return 0;
}

static int mint_life_start_cpu(const struct mint_ioc_start *start)
{
	u32 cpu = mint_load(&mint_node_entry(start->node)->life.boot_cpu);

	const struct mint_startup to = {
		.cr3 = start->tables,
		.entry = start->entry,
		.argument = start->boot_params,
	};

	return cpu == mint_ledger_boot_cpu() ?
		mint_cpu_wake(mint_ledger_apic_id(cpu), &to) :
		mint_cpu_start(mint_ledger_apic_id(cpu), &to);
}

static void mint_life_set(u32 node, u32 life)
{
	mint_store_release(&mint_node_entry(node)->life.life, life);
	mint_peers_changed();
}

static int mint_life_set_going(const struct mint_ioc_start *start)
{
	struct mint_node_life *life = &mint_node_entry(start->node)->life;
	u32 generation = mint_load(&life->generation) + 1;
	int err;

	err = mint_life_check_start(start);
	if (!err)
		err = mint_handover_write(start, generation);
	if (err)
		return err;
	mint_console_begin(start->node);
	mint_store(&life->generation, generation);
	mint_life_set(start->node, MINT_LIFE_STARTED);
	err = mint_life_start_cpu(start);
	if (err) {
		pr_err("node %u: its CPU did not start (%d)\n", start->node, err);
		mint_life_set(start->node, MINT_LIFE_LOADING);
		mint_fence(start->node);
	}
	return err;
}

/**
 * mint_life_start() - set a loaded node going
 * @start: see MINT_IOC_START
 * @hold: what mint_life_load() filled in; at rest
 *
 * Return: 0: the node runs, and is no longer in our hands. -ESTALE: another one
 * has taken it. -ERANGE: something of @start is not the node's; -ENODATA: the rate
 * of the time stamp counter is not known; or what
 * mint_cpu_start() returns. Then it is still in our hands.
 */
int mint_life_start(const struct mint_ioc_start *start, u64 hold)
{
	int err = mint_hold_resume(start->node, hold);

	if (err)
		return err;
	err = mint_life_set_going(start);
	if (err)
		mint_hold_rest(start->node, hold);
	else
		mint_hold_end(start->node);
	return err;
}
