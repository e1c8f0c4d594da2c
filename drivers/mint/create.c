// SPDX-License-Identifier: GPL-2.0
/*
 * Nodes come and go: what a new one wants is claimed, and what a node owns is
 * given back. Both are one step under the ledger's lock: CPUs, memory, PCI
 * functions and the life line.
 */
#include <linux/ctype.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <asm/mint.h>
#include "life.h"

/* Only one call at a time gives PCI functions of ours away: see mint_pci_freeze(). */
static DEFINE_MUTEX(mint_create_mutex);

static bool mint_life_valid_name(const char *name)
{
	size_t i, n = strnlen(name, MINT_NAME_BYTES);

	if (!n || n == MINT_NAME_BYTES)
		return false;
	for (i = 0; i < n; i++)
		if (!isalnum(name[i]) && !strchr("-_.", name[i]))
			return false;
	return true;
}

static int mint_life_find_free_id(const char *name, u32 *id)
{
	u32 node;

	*id = MINT_MAX_NODES;
	for (node = MINT_MAX_NODES; node-- > 0;) {
		struct mint_node_life *life = &mint_node_entry(node)->life;

		if (life->life == MINT_LIFE_NONE)
			*id = node;
		else if (!strncmp(life->name, name, MINT_NAME_BYTES))
			return -EEXIST;
	}
	return *id == MINT_MAX_NODES ? -ENOSPC : 0;
}

static void mint_life_enter(u32 node, const struct mint_ioc_create *want)
{
	struct mint_node_life *life = &mint_node_entry(node)->life;
	u32 cpus[MINT_MAX_CPUS];

	mint_ledger_cpus(node, cpus);
	/* A kernel starts its other CPUs by INIT. */
	mint_store(&life->boot_cpu, mint_ledger_has_boot_cpu(node) ?
		   mint_ledger_boot_cpu() : cpus[0]);
	mint_store(&life->policy, want->policy);
	memcpy(life->name, want->name, MINT_NAME_BYTES);
	mint_store_release(&life->life, MINT_LIFE_CREATED);
}

static int mint_life_claim_and_enter(struct mint_ioc_create *want)
{
	int err = mint_ledger_lock();

	if (err)
		return err;
	err = mint_life_find_free_id(want->name, &want->node);
	if (!err)
		err = mint_pci_check(want);
	if (!err)
		err = mint_ledger_claim(want->node, want);
	if (!err) {
		mint_pci_claim(want->node, want);
		mint_life_enter(want->node, want);
	}
	mint_ledger_unlock();
	return err;
}

/**
 * mint_life_create() - claim CPUs, memory and PCI functions for a new node
 * @want: see MINT_IOC_CREATE; node id and addresses of extents are filled in
 *
 * Return: 0, or an error of MINT_IOC_CREATE; then nothing is claimed.
 */
int mint_life_create(struct mint_ioc_create *want)
{
	int err;

	if (!mint_life_valid_name(want->name) || !want->nr_extents ||
	    want->nr_extents > MINT_HANDOVER_EXTENTS ||
	    want->nr_functions > MINT_NODE_FUNCTIONS ||
	    want->policy > MINT_POLICY_ALWAYS)
		return -EINVAL;
	if (!mint_facts.low_phys)
		return -EOPNOTSUPP;
	mutex_lock(&mint_create_mutex);
	err = mint_pci_freeze(want);
	if (!err) {
		err = mint_life_claim_and_enter(want);
		if (err)
			mint_pci_thaw(want);
		else
			mint_pci_let_go(want);
	}
	mutex_unlock(&mint_create_mutex);
	if (!err)
		mint_peers_changed();
	return err;
}

/**
 * mint_life_destroy() - stop a node and give back what it owns
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 *
 * The id keeps its generation: its next owner starts under a higher one.
 *
 * Return: 0, what mint_life_seize() returns, or -ETIMEDOUT if another node keeps
 * the ledger.
 */
int mint_life_destroy(u32 node, u32 generation)
{
	u64 hold;
	int err;

	err = mint_life_seize(node, &generation, &hold);
	if (err)
		return err;
	err = mint_ledger_lock();
	if (err) {
		mint_life_abort(node);
		return err;
	}
	mint_ledger_release(node);
	memset(mint_node_entry(node)->life.name, 0, MINT_NAME_BYTES);
	mint_store_release(&mint_node_entry(node)->life.life, MINT_LIFE_NONE);
	mint_hold_end(node);
	mint_ledger_unlock();
	mint_peers_changed();
	return 0;
}
