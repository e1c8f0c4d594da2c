// SPDX-License-Identifier: GPL-2.0
/*
 * Keys of SysRq from node to node, by one word of the receiver's console. They are
 * taken in the doorbell's interrupt, as a UART takes a break: whatever hangs
 * above that does not matter.
 */
#include <linux/atomic.h>
#include <linux/sched/signal.h>
#include <linux/sysrq.h>
#include <asm/mint.h>
#include "core.h"

#define TAKEN_MS	1000

static u64 *mint_sysrq_word_of(u32 node)
{
	return &mint_console_entry(node)->sysrq;
}

static bool mint_sysrq_is_key(u32 key)
{
	return key > ' ' && key < 0x7f;
}

/* Waits for the node to take the key. One that is not taken in time is taken back. */
static int mint_sysrq_wait_taken(u64 *word, u64 key)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(TAKEN_MS);
	int err = -ETIMEDOUT;

	while (mint_load(word) == key && time_before(jiffies, deadline)) {
		if (schedule_timeout_interruptible(1)) {
			err = -EINTR;
			break;
		}
	}
	/* Pairs with the exchange in mint_sysrq_rung(): one of us has it. */
	return mint_cmpxchg(word, key, 0ULL) == key ? err : 0;
}

/**
 * mint_sysrq_send() - give a node a key of SysRq
 * @node: node id, any value
 * @key: the character, any value
 *
 * Return: 0, or an error of MINT_IOC_SYSRQ. Context: may sleep, a second at most.
 */
int mint_sysrq_send(u32 node, u32 key)
{
	static atomic_t numbers;
	u32 generation;
	u64 word, other;
	int err;

	if (!mint_sysrq_is_key(key))
		return -EINVAL;
	err = mint_node_running(node, &generation);
	if (err)
		return err;
	word = mint_sysrq_word(atomic_inc_return(&numbers), mint_facts.node, key);
	/* Full barrier: pairs with the exchange in mint_sysrq_rung(). */
	other = mint_cmpxchg(mint_sysrq_word_of(node), 0ULL, word);
	/* Even if another key is there: its sender may have died before it rang. */
	mint_doorbell_ring_node(node, MINT_CHANNEL_CONSOLE);
	if (other)
		return -EBUSY;
	return mint_sysrq_wait_taken(mint_sysrq_word_of(node), word);
}

/**
 * mint_sysrq_forget() - drop a key that was meant for a former start of this node
 */
void mint_sysrq_forget(void)
{
	mint_store(mint_sysrq_word_of(mint_facts.node), 0ULL);
}

/**
 * mint_sysrq_rung() - take a key, if there is one
 *
 * Context: hard interrupt.
 */
void mint_sysrq_rung(void)
{
	u32 key;

	if (!mint_load(mint_sysrq_word_of(mint_facts.node)))
		return;
	/* Full barrier: pairs with the exchanges of the sender. */
	key = mint_xchg(mint_sysrq_word_of(mint_facts.node), 0ULL) & 0xff;
	if (mint_sysrq_is_key(key))
		handle_sysrq(key);
}
