// SPDX-License-Identifier: GPL-2.0
/*
 * The NUMA nodes of a started node: the machine's domains in which it has CPUs or
 * memory, counted from 0. Another node has read them from the firmware's tables and
 * handed them over.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/bitmap.h>
#include <linux/init.h>
#include <linux/nodemask.h>
#include <linux/numa_memblks.h>
#include <asm/apicdef.h>
#include <asm/mint.h>
#include <asm/numa.h>
#include "local.h"

/* The domains in which we have something, a bit for each. */
static DECLARE_BITMAP(own, MINT_MAX_DOMAINS) __initdata;

/* What is in no domain that is known counts with the CPU that boots. */
static unsigned int __init mint_numa_domain(const struct mint_handover *told, u8 domain)
{
	if (domain >= told->nr_domains)
		domain = told->cpu_domains[0];
	return domain < told->nr_domains ? domain : 0;
}

/*
 * A kernel has a node 0, and can do nothing with a node in which it has no memory of
 * its own. So our domains are counted, and the shared region, if it is in none of
 * them, counts with the CPU that boots.
 */
static int __init mint_numa_node(const struct mint_handover *told, u8 domain)
{
	unsigned int known = mint_numa_domain(told, domain);

	if (!test_bit(known, own))
		known = mint_numa_domain(told, told->cpu_domains[0]);
	return bitmap_weight(own, known);
}

static void __init mint_numa_find_domains(const struct mint_handover *told, unsigned int nr_extents)
{
	unsigned int i;

	for (i = 0; i < mint_facts.nr_cpus; i++)
		__set_bit(mint_numa_domain(told, told->cpu_domains[i]), own);
	for (i = 0; i < nr_extents; i++)
		__set_bit(mint_numa_domain(told, told->extents[i].domain), own);
}

static void __init mint_numa_add_cpus(const struct mint_handover *told)
{
	unsigned int i;

	for (i = 0; i < mint_facts.nr_cpus; i++) {
		int node = mint_numa_node(told, told->cpu_domains[i]);

		node_set(node, numa_nodes_parsed);
		if (mint_facts.apic_ids[i] < MAX_LOCAL_APIC)
			set_apicid_to_node(mint_facts.apic_ids[i], node);
	}
}

static int __init mint_numa_add_memory(const struct mint_handover *told, u64 base, u64 bytes,
				       u8 domain)
{
	int node = mint_numa_node(told, domain);

	node_set(node, numa_nodes_parsed);
	return numa_add_memblk(node, base, base + bytes);
}

/* All nodes are parsed by now: the first distance sizes the kernel's table. */
static void __init mint_numa_set_distances(const struct mint_handover *told)
{
	unsigned int from, to;

	for_each_set_bit(from, own, MINT_MAX_DOMAINS) {
		if (bitmap_weight(own, from) != from)
			pr_info("NUMA node %u is domain %u of the machine\n",
				bitmap_weight(own, from), from);
		for_each_set_bit(to, own, MINT_MAX_DOMAINS)
			if (from != to)
				numa_set_distance(bitmap_weight(own, from), bitmap_weight(own, to),
						  told->distances[from * MINT_MAX_DOMAINS + to]);
	}
}

/**
 * mint_numa_init() - tell the kernel its NUMA nodes
 *
 * Called by x86_numa_init(), on a started node.
 *
 * Return: 0, or a negative errno: the machine has no domains, or we are in more than
 * this kernel has room for; it takes all its memory for equally near then.
 */
int __init mint_numa_init(void)
{
	const struct mint_handover *told = mint_handed_over();
	unsigned int i, nr = min(told->nr_extents, MINT_HANDOVER_EXTENTS);
	int err;

	if (told->nr_domains < 2 || told->nr_domains > MINT_MAX_DOMAINS)
		return -ENODEV;
	mint_numa_find_domains(told, nr);
	if (bitmap_weight(own, MINT_MAX_DOMAINS) > MAX_NUMNODES) {
		pr_warn("this kernel has room for %u NUMA nodes only\n", MAX_NUMNODES);
		return -ENOSPC;
	}
	mint_numa_add_cpus(told);
	err = mint_numa_add_memory(told, told->region_phys, told->region_bytes,
				   told->region_domain);
	for (i = 0; !err && i < nr; i++)
		err = mint_numa_add_memory(told, told->extents[i].base, told->extents[i].bytes,
					   told->extents[i].domain);
	if (!err)
		mint_numa_set_distances(told);
	return err;
}
