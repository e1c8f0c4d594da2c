// SPDX-License-Identifier: GPL-2.0
/*
 * Fencing a node: no CPU of it executes anything any more, whatever it did.
 * Each gets an INIT, but for the CPU that the firmware booted: that one is
 * halted by NMI. Each has to confirm it. Callers hold the node in state LOADING.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/delay.h>
#include <asm/mint.h>
#include "core.h"

#define HALT_MS		3000	/* a kernel that has just started attaches in 1 s */
#define HALT_LOOK_MS	10

/* By node id: the last generation that could not be fenced, 0 = none. */
static u32 given_up[MINT_MAX_NODES];

/* A kernel that has not attached is not asked: it could not take an NMI yet. */
static void mint_fence_ask_to_halt(u32 node, u32 cpu)
{
	struct mint_node *entry = mint_node_entry(node);

	if (mint_load(&entry->self.generation) == mint_load(&entry->life.generation))
		mint_cpu_nmi(mint_ledger_apic_id(cpu));
}

/**
 * mint_fence_failed() - has a fence of this start of a node failed before?
 * @node: node id, less than MINT_MAX_NODES
 * @generation: the start
 */
bool mint_fence_failed(u32 node, u32 generation)
{
	return generation && READ_ONCE(given_up[node]) == generation;
}

static int mint_fence_give_up(u32 node, u32 cpu)
{
	u32 generation = mint_load(&mint_node_entry(node)->life.generation);

	if (!mint_fence_failed(node, generation))
		pr_err("node %u: CPU %u%s: the node is not fenced, what it has stays its own\n",
		       node, cpu, cpu == mint_ledger_boot_cpu() ?
		       ", which must not get an INIT, does not halt by NMI" :
		       " stops neither by INIT nor by NMI");
	WRITE_ONCE(given_up[node], generation);
	return -EHOSTDOWN;
}

/* The NMI that follows orders the store. */
static void mint_fence_want_halt(u32 node)
{
	struct mint_node_life *life = &mint_node_entry(node)->life;

	mint_store(&life->halt, mint_load(&life->generation));
}

static int mint_fence_halt_boot_cpu(u32 node)
{
	u32 cpu = mint_ledger_boot_cpu();
	unsigned int tries;

	mint_fence_want_halt(node);
	for (tries = 0; tries < HALT_MS / HALT_LOOK_MS; tries++) {
		if (mint_boot_cpu_rests(node))
			return 0;
		mint_fence_ask_to_halt(node, cpu);
		usleep_range(HALT_LOOK_MS * 1000, HALT_LOOK_MS * 1100);
	}
	return mint_boot_cpu_rests(node) ? 0 : mint_fence_give_up(node, cpu);
}

/*
 * Where one CPU has to be asked by NMI, the rest is asked at once: all CPUs of a
 * kernel run guests, or none does.
 */
static int mint_fence_confirm_cpu(u32 node, u32 cpu, bool *ask)
{
	u32 apic_id = mint_ledger_apic_id(cpu);
	int err = *ask ? -EIO : mint_cpu_confirm(apic_id, node);

	if (err != -EIO)
		return err;
	if (!*ask)
		mint_fence_want_halt(node);
	*ask = true;
	mint_fence_ask_to_halt(node, cpu);
	mint_cpu_init(apic_id);
	return mint_cpu_confirm(apic_id, node);
}

/*
 * All get their INIT before the first one confirms, since that takes the start-up
 * page from the node, of which no CPU may go on then to use it.
 */
static int mint_fence_stop_others(u32 node)
{
	u32 cpus[MINT_MAX_CPUS];
	unsigned int i, n = mint_ledger_cpus(node, cpus);
	bool ask = false;
	int err = 0;

	for (i = 0; i < n; i++)
		if (cpus[i] != mint_ledger_boot_cpu())
			mint_cpu_init(mint_ledger_apic_id(cpus[i]));
	for (i = 0; !err && i < n; i++)
		if (cpus[i] != mint_ledger_boot_cpu())
			err = mint_fence_confirm_cpu(node, cpus[i], &ask);
	return err == -EIO ? mint_fence_give_up(node, cpus[i - 1]) : err;
}

/**
 * mint_fence() - stop every CPU of a node
 * @node: node id of a node that is in our hands (take.c)
 *
 * Unless this succeeds the node counts as alive. Takes 10 ms for each CPU, and
 * up to 3 s for the machine's boot CPU. Context: may sleep.
 *
 * Return: 0. -EHOSTDOWN if a CPU did not stop, -ENOLCK if another node keeps the
 * start-up page; then what the node has is not touched. -ETIMEDOUT if the node is
 * fenced, but another one keeps the ledger.
 */
int mint_fence(u32 node)
{
	struct mint_node_life *life = &mint_node_entry(node)->life;
	int err = mint_ledger_has_boot_cpu(node) ? mint_fence_halt_boot_cpu(node) : 0;

	if (!err)
		err = mint_fence_stop_others(node);
	if (err)
		return err;
	mint_pci_fence(node);
	mint_store_release(&life->fenced, mint_load(&life->generation));
	mint_peers_changed();
	/* If the fenced node holds the ledger, this takes it over. */
	return mint_roles_inherit(node);
}
