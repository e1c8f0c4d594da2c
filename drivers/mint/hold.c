// SPDX-License-Identifier: GPL-2.0
/*
 * Holds: who has a node in its hands, to load, stop or destroy it. A hold is one
 * word in the node table. It is at work while its kernel touches the node. It is
 * at rest between the calls of a process that loads the node, which may be
 * stopped and never go on: then the word is all that the process loses.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/atomic.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/mint.h>
#include "core.h"

static struct mint_hold *mint_hold_entry(u32 node)
{
	return &mint_node_entry(node)->hold;
}

/* No two words are alike, so a hold that was lost is never mistaken for a later one. */
static u64 mint_hold_next(void)
{
	static atomic_t turns;

	return mint_hold_word(mint_facts.node, atomic_inc_return(&turns), 1,
			      mint_facts.generation);
}

static bool mint_holder_ended(u64 word)
{
	u32 node = mint_hold_node(word);

	return node < MINT_MAX_NODES && mint_node_ended(node, mint_hold_generation(word));
}

/* A holder at work may still write, until it is dead. To have ended is not enough. */
static bool mint_hold_can_be_had(u64 word, bool force)
{
	if (!word)
		return true;
	if (word & MINT_HOLD_AT_WORK)
		return mint_owner_dead(NULL, mint_hold_node(word),
				       mint_hold_generation(word));
	return force || mint_holder_ended(word);
}

/**
 * mint_hold_is_orphaned() - did who is at work on a node die over it?
 * @node: node id, less than MINT_MAX_NODES
 */
bool mint_hold_is_orphaned(u32 node)
{
	u64 word = mint_load(&mint_hold_entry(node)->word);

	return word & MINT_HOLD_AT_WORK && mint_hold_can_be_had(word, false);
}

static void mint_hold_sign(struct mint_hold *hold)
{
	bool user = !(current->flags & PF_KTHREAD);
	char command[sizeof(hold->command)] = {};

	if (user)
		strscpy(command, current->comm);
	mint_store(&hold->process, user ? task_tgid_nr(current) : 0);
	memcpy(hold->command, command, sizeof(command));
}

/**
 * mint_hold_take() - get hold of a node, and begin to work on it
 * @node: node id, less than MINT_MAX_NODES
 * @force: take it also from a process that is loading it, but is at rest
 *
 * Return: the hold, or 0 if another one has the node.
 */
u64 mint_hold_take(u32 node, bool force)
{
	struct mint_hold *hold = mint_hold_entry(node);
	u64 seen = mint_load(&hold->word), own = mint_hold_next();

	/* Pairs with the releases in mint_hold_rest() and mint_hold_end(). */
	if (!mint_hold_can_be_had(seen, force) || mint_cmpxchg(&hold->word, seen, own) != seen)
		return 0;
	if (seen)
		pr_info("node %u: taken from process %u of node %u, which was loading it\n",
			node, mint_load(&hold->process), mint_hold_node(seen));
	mint_hold_sign(hold);
	return own;
}

/**
 * mint_hold_rest() - leave the node alone until the next call of the process
 * @node: node id
 * @hold: what mint_hold_take() returned; at work
 */
void mint_hold_rest(u32 node, u64 hold)
{
	/* What was written is there. Pairs with the exchanges of the word. */
	mint_store_release(&mint_hold_entry(node)->word, hold & ~MINT_HOLD_AT_WORK);
}

/**
 * mint_hold_resume() - work on the node again
 * @node: node id
 * @hold: what mint_hold_take() returned; at rest
 *
 * Return: 0, or -ESTALE if another one has taken the node meanwhile.
 */
int mint_hold_resume(u32 node, u64 hold)
{
	u64 rest = hold & ~MINT_HOLD_AT_WORK;

	return mint_cmpxchg(&mint_hold_entry(node)->word, rest, rest | MINT_HOLD_AT_WORK) == rest ?
		0 : -ESTALE;
}

/**
 * mint_hold_end() - let go of a node
 * @node: node id of a node whose hold is ours and at work
 */
void mint_hold_end(u32 node)
{
	/* What was done is seen. Pairs with the exchange in mint_hold_take(). */
	mint_store_release(&mint_hold_entry(node)->word, 0ULL);
}
