// SPDX-License-Identifier: GPL-2.0
/*
 * Who fences whom: a user kills a node, and the running node with the lowest
 * id fences those that have ended by themselves.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <asm/mint.h>
#include "life.h"

/* What is done with a node at one go is done by then: a fence and a reset. */
#define AT_WORK_MS	5000

/**
 * mint_life_stop_wanted() - let no supervisor start a node again
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 *
 * Return: 0, -ENOENT or -ESTALE.
 */
int mint_life_stop_wanted(u32 node, u32 generation)
{
	struct mint_node_life *life;

	if (node >= MINT_MAX_NODES || mint_life_of(node) == MINT_LIFE_NONE)
		return -ENOENT;
	if (!mint_life_is_meant(node, generation))
		return -ESTALE;
	life = &mint_node_entry(node)->life;
	mint_store(&life->stop_wanted, mint_load(&life->generation));
	return 0;
}

/**
 * mint_life_stop() - stop a node, unless somebody has it
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 */
int mint_life_stop(u32 node, u32 generation)
{
	return mint_life_halt(node, generation, false);
}

/**
 * mint_life_kill() - stop a node at whatever instruction it is, whoever has it
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 *
 * One that is at work on the node comes to the end of that first.
 */
int mint_life_kill(u32 node, u32 generation)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(AT_WORK_MS);
	int err;

	for (;;) {
		err = mint_life_halt(node, generation, true);
		if (err != -EBUSY || time_after(jiffies, deadline))
			return err;
		if (schedule_timeout_interruptible(1))
			return -EINTR;
	}
}
