// SPDX-License-Identifier: GPL-2.0
/*
 * Getting a node into our hands, to stop, load or destroy it. It belongs to
 * whoever has its hold, and is in MINT_LIFE_LOADING meanwhile. Its CPUs are
 * fenced before anything of it is touched.
 */
#include <linux/mutex.h>
#include <asm/mint.h>
#include "life.h"

/* A kill is short, so a command that wants the node meanwhile waits for it. */
static DEFINE_MUTEX(mint_kill_mutex);

/**
 * mint_life_is_meant() - is this the start of a node that the caller speaks of?
 * @node: node id, less than MINT_MAX_NODES
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 */
bool mint_life_is_meant(u32 node, u32 generation)
{
	return generation == MINT_ANY_GENERATION ||
	       generation == mint_load(&mint_node_entry(node)->life.generation);
}

static int mint_life_enter_loading(u32 node)
{
	struct mint_node_life *life = &mint_node_entry(node)->life;
	u32 seen = mint_load(&life->life);
	u16 loader = mint_load(&life->loader);

	if (seen == MINT_LIFE_NONE)
		return -ENOENT;
	if (seen == MINT_LIFE_LOADING)
		return mint_cmpxchg(&life->loader, loader, (u16)mint_facts.node) == loader ?
			0 : -EBUSY;
	/*
	 * Stored before the exchange, so that nobody finds a dead loader, and
	 * again after it, since one that lost may have stored its own id.
	 */
	mint_store(&life->loader, (u16)mint_facts.node);
	if (mint_cmpxchg(&life->life, seen, MINT_LIFE_LOADING) != seen)
		return -EBUSY;
	mint_store(&life->loader, (u16)mint_facts.node);
	return 0;
}

static void mint_life_let_go(u32 node, u32 life)
{
	mint_store_release(&mint_node_entry(node)->life.life, life);
	mint_hold_end(node);
	mint_peers_changed();
}

/**
 * mint_life_abort() - let go of a node without a start
 * @node: a node that is in our hands
 *
 * If it was not fenced, it goes on. Else it is stopped, or has never run.
 */
void mint_life_abort(u32 node)
{
	struct mint_node_life *life = &mint_node_entry(node)->life;
	u32 generation = mint_load(&life->generation);

	if (mint_load(&life->fenced) < generation)
		mint_life_let_go(node, MINT_LIFE_STARTED);
	else
		mint_life_let_go(node, generation ? MINT_LIFE_STOPPED : MINT_LIFE_CREATED);
}

/*
 * Makes us the only one who may touch the node. Not under the ledger's lock:
 * its owner may be the very node that is to be stopped.
 */
static int mint_life_take(u32 node, u32 generation, bool force, u64 *hold)
{
	int err;

	if (node >= MINT_MAX_NODES || mint_life_of(node) == MINT_LIFE_NONE)
		return -ENOENT;
	if (node == mint_facts.node)
		return -EPERM;
	if (!mint_life_is_meant(node, generation))
		return -ESTALE;
	*hold = mint_hold_take(node, force);
	if (!*hold)
		return -EBUSY;
	err = mint_life_enter_loading(node);
	if (err) {
		mint_hold_end(node);
		return err;
	}
	if (mint_life_is_meant(node, generation))
		return 0;
	/* It was started between our two looks. */
	mint_life_abort(node);
	return -ESTALE;
}

/**
 * mint_life_seize() - get a node into our hands, fenced
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION; filled in:
 *	what the next start will be
 * @hold: filled in; at work
 *
 * Return: 0. -ENOENT for an unused id, -EPERM for the own node, -ESTALE for
 * another start, -EBUSY if somebody has it, or what mint_fence() returns. Then
 * the node is not in our hands.
 */
int mint_life_seize(u32 node, u32 *generation, u64 *hold)
{
	int err;

	mutex_lock(&mint_kill_mutex);
	err = mint_life_take(node, *generation, false, hold);
	mutex_unlock(&mint_kill_mutex);
	if (err)
		return err;
	err = mint_fence(node);
	if (err) {
		mint_life_abort(node);
		return err;
	}
	*generation = mint_load(&mint_node_entry(node)->life.generation) + 1;
	return 0;
}

/**
 * mint_life_halt() - fence a node and let go of it
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 * @force: also if a process is loading it, but is not at work on it
 *
 * Return: as mint_life_seize().
 */
int mint_life_halt(u32 node, u32 generation, bool force)
{
	u64 hold;
	int err;

	mutex_lock(&mint_kill_mutex);
	err = mint_life_take(node, generation, force, &hold);
	if (!err) {
		err = mint_fence(node);
		mint_life_abort(node);
	}
	mutex_unlock(&mint_kill_mutex);
	return err;
}
