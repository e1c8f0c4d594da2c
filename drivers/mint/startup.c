// SPDX-License-Identifier: GPL-2.0
/*
 * Whose the start-up page of the low area is: one node's at a time, all CPUs of
 * the machine come into their kernels through it. Lock: struct
 * mint_ledger.start_lock, inside mint_startup_mutex of this kernel.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/delay.h>
#include <linux/init.h>
#include <linux/mutex.h>
#include <asm/mint.h>
#include "core.h"

/* A start takes a second at most, and others may come before us. */
#define TAKE_MS	5000

static DEFINE_MUTEX(mint_startup_mutex);

/* The mutex makes us one, and the holder sleeps: no CPU stands for it. */
static u64 mint_startup_word(void)
{
	return mint_lock_word(mint_facts.node, 0, mint_facts.generation);
}

/* The dead one's CPU must not come now, and find what is meant for another. */
static void mint_startup_repair(void)
{
	unsigned int nr = mint_ledger_nr_cpus(), cpu;
	u32 apic_id;

	if (!mint_startup_pending(&apic_id))
		return;
	for (cpu = 0; cpu < nr; cpu++)
		if (cpu != mint_ledger_boot_cpu() && mint_ledger_apic_id(cpu) == apic_id)
			mint_cpu_init(apic_id);
}

/* All CPUs of the node that is being fenced got an INIT: it ends nothing that it began. */
static int mint_startup_owner_dead(void *dying, u32 node, u32 generation)
{
	return mint_owner_dead(NULL, node, generation) ||
		(node < MINT_MAX_NODES && node == *(u32 *)dying);
}

static int mint_startup_take(u32 dying)
{
	struct mint_lock *lock = &mint_region.ledger->start_lock;
	unsigned int ms;

	mutex_lock(&mint_startup_mutex);
	for (ms = 0; ms < TAKE_MS; ms++) {
		switch (mint_lock_acquire(lock, mint_startup_word(), 1, mint_startup_owner_dead,
					  &dying)) {
		case MINT_LOCK_TAKEN_OVER:
			mint_startup_repair();
			fallthrough;
		case MINT_LOCK_TAKEN:
			return 0;
		case MINT_LOCK_BUSY:
			usleep_range(1000, 1100);
		}
	}
	mutex_unlock(&mint_startup_mutex);
	pr_err("no CPU can be started: node %u keeps the start-up page\n",
	       mint_lock_node(mint_load(&lock->word)));
	return -ENOLCK;
}

static void mint_startup_give(void)
{
	mint_lock_release(&mint_region.ledger->start_lock, mint_startup_word());
	mutex_unlock(&mint_startup_mutex);
}

static const struct mint_startup_guard guard = {
	.take = mint_startup_take,
	.give = mint_startup_give,
};

/**
 * mint_startup_init() - let this kernel use the start-up page
 */
void __init mint_startup_init(void)
{
	mint_startup_register(&guard);
}
