// SPDX-License-Identifier: GPL-2.0
/*
 * Who fences whom: a user kills a node, and the running node with the lowest
 * id fences those that have ended by themselves.
 */
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <asm/mint.h>
#include "life.h"

/* A holder is at work for no longer than a fence and the reset of a device. */
#define AT_WORK_MS	5000

/**
 * mint_life_stop_wanted() - let no supervisor start a node again
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 *
 * Return: 0, -ENOENT for an unused id, -ESTALE for another start.
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
 * mint_life_kill() - stop a node at whatever instruction it is, whoever has it
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 *
 * A holder that is at work on the node is waited for, 5 s at most.
 *
 * Return: as mint_life_seize(), or -EINTR.
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

static bool mint_first_of_the_running(void)
{
	struct mint_peer peer;
	u32 node;

	for (node = 0; node < mint_facts.node; node++) {
		mint_peer_get(node, &peer);
		if (peer.running)
			return false;
	}
	return true;
}

/* A node has ended, or the one that was fencing it is dead: nobody else would go on. */
static bool mint_fence_is_due(u32 node, u32 generation)
{
	switch (mint_life_of(node)) {
	case MINT_LIFE_STARTED:
		return mint_node_ended(node, generation);
	case MINT_LIFE_LOADING:
		return mint_hold_is_orphaned(node);
	default:
		return false;
	}
}

/*
 * A node that has ended may have held a lock, and holds buffers. It is fenced
 * by the lowest of those that run, so that all can take over what it held.
 */
static void mint_fence_if_ended(u32 node)
{
	struct mint_node_life *life = &mint_node_entry(node)->life;
	u32 generation = mint_load(&life->generation);

	if (mint_load(&life->fenced) < generation && mint_fence_is_due(node, generation) &&
	    !mint_fence_failed(node, generation) && mint_first_of_the_running())
		mint_life_halt(node, generation, false);
}

static int mint_fence_the_ended(struct notifier_block *nb, unsigned long event, void *unused)
{
	u32 node;

	if (event != MINT_WATCH_LOOKED)
		return NOTIFY_DONE;
	for (node = 0; node < MINT_MAX_NODES; node++)
		if (node != mint_facts.node)
			mint_fence_if_ended(node);
	return NOTIFY_DONE;
}

static struct notifier_block watch_notifier = {
	.notifier_call = mint_fence_the_ended,
};

static int __init mint_kill_init(void)
{
	return mint_active() ? mint_watch_register(&watch_notifier) : 0;
}
device_initcall(mint_kill_init);
