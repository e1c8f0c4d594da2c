// SPDX-License-Identifier: GPL-2.0
/*
 * What the shared tables say of nodes and of what they own. Reads only, any
 * context: each word is read once and may be old when the caller uses it. The
 * bottom of the node core, which calls no other file of it: docs/design.md.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/smp.h>
#include <asm/mint.h>
#include "core.h"

struct mint_region mint_region __ro_after_init;

/* Private: what a peer corrupts must not send an INIT to the boot CPU. */
/*
 * Private copies of what the ledger says for good: what a peer corrupts must redirect
 * no interrupt, least of all one that stops a CPU.
 */
static u32 machine_boot_cpu __ro_after_init;
static u32 apic_ids[MINT_MAX_CPUS] __ro_after_init;

/**
 * mint_self_node() - node id of this kernel
 */
u32 mint_self_node(void)
{
	return mint_facts.node;
}
EXPORT_SYMBOL_GPL(mint_self_node);

/**
 * mint_self_generation() - which start of its node id this kernel is
 */
u32 mint_self_generation(void)
{
	return mint_facts.generation;
}
EXPORT_SYMBOL_GPL(mint_self_generation);

/**
 * mint_self_word() - owner word of this CPU, for a lock between kernels
 *
 * Context: preemption off until the lock is released.
 */
u64 mint_self_word(void)
{
	return mint_lock_word(mint_facts.node, raw_smp_processor_id(),
			      mint_facts.generation);
}
EXPORT_SYMBOL_GPL(mint_self_word);

/**
 * mint_state_ended() - is this the last word of a node that has parked its CPUs?
 * @state: MINT_SELF_*, any value
 */
bool mint_state_ended(u32 state)
{
	return state == MINT_SELF_PANICKED || state == MINT_SELF_OFF ||
	       state == MINT_SELF_REBOOT || state == MINT_SELF_REFUSED;
}

/**
 * mint_node_ended() - has one start of a node come to its end?
 * @node: node id, less than MINT_MAX_NODES
 * @generation: the start, any value
 *
 * Also true once a later start has begun. A node that hangs has not ended. One
 * that has ended may hold locks still: see mint_owner_dead().
 */
bool mint_node_ended(u32 node, u32 generation)
{
	struct mint_node *entry = mint_node_entry(node);

	if (mint_load(&entry->life.generation) != generation ||
	    mint_load(&entry->life.fenced) >= generation)
		return true;
	return mint_load(&entry->self.generation) == generation &&
	       mint_state_ended(mint_load(&entry->self.state));
}

/**
 * mint_node_running() - does a node run, by its own word?
 * @node: node id, any value
 * @generation: filled in: its present start
 *
 * Its heartbeat is not looked at, so it may hang.
 *
 * Return: 0, -ENOENT for an unused id, -EHOSTDOWN for a node that does not run.
 */
int mint_node_running(u32 node, u32 *generation)
{
	struct mint_node *entry = mint_node_entry(node);
	enum mint_node_state state;

	if (node >= MINT_MAX_NODES)
		return -ENOENT;
	*generation = mint_load(&entry->life.generation);
	state = mint_node_state(&entry->life, &entry->self, false);
	if (state == MINT_NODE_NONE)
		return -ENOENT;
	/* The state may already be that of a later start. */
	if (mint_load(&entry->life.generation) != *generation)
		return -EHOSTDOWN;
	return mint_node_state_answers(state) ? 0 : -EHOSTDOWN;
}

/**
 * mint_owner_dead() - is the owner of a lock fenced?
 * @unused: not used
 * @node: node id out of a lock word, any value
 * @generation: generation out of a lock word, any value
 *
 * Return: 1 if that start of the node is fenced, so that it can never run again;
 * else 0.
 */
int mint_owner_dead(void *unused, __u32 node, __u32 generation)
{
	return node < MINT_MAX_NODES && generation &&
	       generation <= mint_load(&mint_node_entry(node)->life.fenced);
}
EXPORT_SYMBOL_GPL(mint_owner_dead);

/**
 * mint_others_running() - does any other node still use its CPUs?
 *
 * A node that hangs counts. Context: any.
 */
bool mint_others_running(void)
{
	u32 node;

	for (node = 0; node < MINT_MAX_NODES; node++) {
		struct mint_node_life *life = &mint_node_entry(node)->life;

		if (node != mint_facts.node &&
		    mint_load(&life->life) == MINT_LIFE_STARTED &&
		    !mint_node_ended(node, mint_load(&life->generation)))
			return true;
	}
	return false;
}

/**
 * mint_ledger_nr_cpus() - number of CPUs of the machine
 *
 * Return: at most MINT_MAX_CPUS.
 */
unsigned int mint_ledger_nr_cpus(void)
{
	return min(mint_load(&mint_region.ledger->nr_cpus), MINT_MAX_CPUS);
}

/**
 * mint_ledger_apic_id() - APIC id of a CPU
 * @cpu: machine-wide number, less than mint_ledger_nr_cpus()
 */
u32 mint_ledger_apic_id(u32 cpu)
{
	return apic_ids[cpu];
}

/**
 * mint_ledger_cpus() - list the CPUs of a node
 * @node: node id, any value
 * @cpus: room for MINT_MAX_CPUS machine-wide numbers
 *
 * Return: how many, in ascending order.
 */
unsigned int mint_ledger_cpus(u32 node, u32 *cpus)
{
	unsigned int nr = mint_ledger_nr_cpus(), i, n = 0;

	for (i = 0; i < nr; i++)
		if (mint_load(&mint_region.ledger->cpus[i].owner) == node)
			cpus[n++] = i;
	return n;
}

/**
 * mint_ledger_bytes() - how much memory does a node own?
 * @node: node id, any value
 *
 * Return: bytes, the sum of its extents.
 */
u64 mint_ledger_bytes(u32 node)
{
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < MINT_MAX_EXTENTS; i++)
		if (mint_load(&mint_region.ledger->extents[i].owner) == node)
			bytes += mint_load(&mint_region.ledger->extents[i].bytes);
	return bytes;
}

/**
 * mint_ledger_init() - copy the number of the boot CPU, and the APIC ids of all
 */
void __init mint_ledger_init(void)
{
	unsigned int nr = mint_ledger_nr_cpus(), i;

	for (i = 0; i < nr; i++) {
		apic_ids[i] = mint_load(&mint_region.ledger->cpus[i].apic_id);
		if (mint_load(&mint_region.ledger->cpus[i].boot))
			machine_boot_cpu = i;
	}
}

/**
 * mint_ledger_boot_cpu() - number of the CPU that the firmware booted
 */
u32 mint_ledger_boot_cpu(void)
{
	return machine_boot_cpu;
}

/**
 * mint_ledger_has_boot_cpu() - is the machine's boot CPU among a node's?
 * @node: node id, any value
 */
bool mint_ledger_has_boot_cpu(u32 node)
{
	return mint_load(&mint_region.ledger->cpus[machine_boot_cpu].owner) == node;
}

/**
 * mint_boot_cpu_rests() - is the machine's boot CPU in its parking place?
 * @node: a node that is being fenced, MINT_MAX_NODES for none
 *
 * Only if it says so of an incarnation that is dead, or of the one that is
 * being fenced: a word of any other kind is not believed.
 */
bool mint_boot_cpu_rests(u32 node)
{
	u64 word = mint_park_word();
	u32 whose = mint_lock_node(word), generation = mint_lock_generation(word);

	if (node < MINT_MAX_NODES && whose == node &&
	    generation == mint_load(&mint_node_entry(node)->life.generation))
		return true;
	return mint_owner_dead(NULL, whose, generation);
}
