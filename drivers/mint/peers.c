// SPDX-License-Identifier: GPL-2.0
/*
 * What this kernel knows of the other nodes. It only observes: whoever acts on
 * what is seen registers with a notifier chain, drivers with the one of peers,
 * the node core with that of the watch. mint_peers_lock guards peers[]; the shared
 * table is read once per look and checked. A look is taken every 100 ms and
 * whenever a peer rings. Notifiers run in process context without a lock.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/export.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <asm/mint.h>
#include "core.h"

#define WATCH_BEATS	2
#define SILENCE_MS	1500

/**
 * struct mint_watch - a node under observation
 * @peer: what drivers were told last
 * @heartbeat: its last value
 * @changed: jiffies when @heartbeat last changed
 * @state: its state as it was told last, MINT_NODE_NONE at first
 * @generation: the start to which @state belongs
 */
struct mint_watch {
	struct mint_peer peer;
	u64 heartbeat;
	unsigned long changed;
	enum mint_node_state state;
	u32 generation;
};

static struct mint_watch peers[MINT_MAX_NODES];
static DEFINE_SPINLOCK(mint_peers_lock);
static BLOCKING_NOTIFIER_HEAD(mint_peer_chain);
static BLOCKING_NOTIFIER_HEAD(mint_watch_chain);
static struct workqueue_struct *watch_queue;
static bool watching;

/* Counts changes of any node's state, for those that wait in poll(). */
static unsigned int nr_changes;
static DECLARE_WAIT_QUEUE_HEAD(change_wait);

/*
 * Returns too little rather than too much: a change of the heartbeat is seen when
 * we look, which is after it was made.
 */
static u32 mint_heartbeat_age_ms(u32 node)
{
	u64 heartbeat = mint_load(&mint_node_entry(node)->self.heartbeat);
	struct mint_watch *watch = &peers[node];

	lockdep_assert_held(&mint_peers_lock);
	if (heartbeat != watch->heartbeat) {
		watch->heartbeat = heartbeat;
		watch->changed = jiffies;
	}
	return jiffies_to_msecs(jiffies - watch->changed);
}

/**
 * mint_peer_heartbeat_age_ms() - how long ago did a node's heartbeat change?
 * @node: node id, less than MINT_MAX_NODES
 *
 * Return: milliseconds since this kernel saw it change, which is up to 100 ms
 * after the change.
 */
u32 mint_peer_heartbeat_age_ms(u32 node)
{
	u32 age;

	spin_lock_bh(&mint_peers_lock);
	age = mint_heartbeat_age_ms(node);
	spin_unlock_bh(&mint_peers_lock);
	return age;
}

/**
 * mint_peer_state() - the state of a node
 * @node: node id, less than MINT_MAX_NODES
 */
enum mint_node_state mint_peer_state(u32 node)
{
	const struct mint_node *entry = mint_node_entry(node);

	return mint_node_state(&entry->life, &entry->self,
			       mint_peer_heartbeat_age_ms(node) > MINT_SILENT_MS);
}

/* Looks at a peer once. Returns whether drivers have to be told. */
static bool mint_peer_look(u32 node, struct mint_peer *now)
{
	struct mint_node *entry = mint_node_entry(node);
	struct mint_watch *watch = &peers[node];
	bool changed;

	*now = (struct mint_peer) {
		.node = node,
		.generation = mint_load(&entry->life.generation),
		.fenced = mint_load(&entry->life.fenced),
		.boot_cpu = mint_load(&entry->life.boot_cpu),
	};
	spin_lock_bh(&mint_peers_lock);
	now->running = mint_heartbeat_age_ms(node) < SILENCE_MS &&
		mint_load(&entry->life.life) == MINT_LIFE_STARTED &&
		mint_load(&entry->self.generation) == now->generation &&
		mint_load(&entry->self.state) == MINT_SELF_RUNNING &&
		now->generation > now->fenced;
	changed = now->generation != watch->peer.generation ||
		now->fenced != watch->peer.fenced ||
		now->running != watch->peer.running;
	watch->peer = *now;
	spin_unlock_bh(&mint_peers_lock);
	return changed;
}

/* States of a node before its kernel is up get no line in the log. */
static bool mint_state_worth_a_line(enum mint_node_state state)
{
	return mint_node_state_answers(state) || mint_node_state_hangs(state);
}

static void mint_peer_tell_state(u32 node)
{
	u32 generation = mint_load(&mint_node_entry(node)->life.generation);
	enum mint_node_state state = mint_peer_state(node);
	struct mint_watch *watch = &peers[node];

	if (state == watch->state && generation == watch->generation)
		return;
	if (node != mint_facts.node &&
	    (mint_state_worth_a_line(state) || mint_state_worth_a_line(watch->state)))
		pr_info("node %u: %s, was %s, generation %u\n", node,
			mint_node_state_name(state), watch->state == MINT_NODE_NONE ?
			"unknown" : mint_node_state_name(watch->state), generation);
	watch->state = state;
	watch->generation = generation;
	blocking_notifier_call_chain(&mint_watch_chain, MINT_WATCH_STATE,
				     &(struct mint_state_change){ node, state });
	WRITE_ONCE(nr_changes, nr_changes + 1);
	wake_up_interruptible(&change_wait);
}

static void mint_watch_peer(u32 node)
{
	struct mint_peer now;

	if (mint_peer_look(node, &now))
		blocking_notifier_call_chain(&mint_peer_chain, 0, &now);
}

static void mint_watch_peers(struct work_struct *work)
{
	u32 node;

	for (node = 0; node < MINT_MAX_NODES; node++)
		if (node != mint_facts.node)
			mint_watch_peer(node);
	/* First what has ended is fenced: supervisors start it as soon as they hear. */
	blocking_notifier_call_chain(&mint_watch_chain, MINT_WATCH_LOOKED, NULL);
	for (node = 0; node < MINT_MAX_NODES; node++)
		mint_peer_tell_state(node);
}

static DECLARE_WORK(watch_work, mint_watch_peers);

static void mint_state_rung(void *unused)
{
	if (READ_ONCE(watching))
		queue_work(watch_queue, &watch_work);
}

/**
 * mint_peers_watch() - begin to look at the other nodes
 *
 * Called once, when all of the core has registered.
 */
void mint_peers_watch(void)
{
	WRITE_ONCE(watching, true);
	mint_state_rung(NULL);
}

/**
 * mint_peers_beat() - look at the other nodes at every second heartbeat
 *
 * Called at each heartbeat of this node, every 50 ms. Context: any.
 */
void mint_peers_beat(void)
{
	static unsigned int beats;

	if (++beats % WATCH_BEATS == 0)
		mint_state_rung(NULL);
}

/**
 * mint_peers_changed() - look at the node table now, and make the others look
 *
 * For whoever has changed a life line. Context: any but NMI; the look follows in
 * a work item.
 */
void mint_peers_changed(void)
{
	mint_state_rung(NULL);
	mint_doorbell_ring_peers(MINT_CHANNEL_STATE);
}

/**
 * mint_peers_poll() - wait until the state of any node has changed
 * @seen: the caller's count of changes, any value at first; brought up to date
 * @file: what is polled
 * @table: where to wait, may be NULL
 *
 * Return: EPOLLPRI once after each change, else 0.
 */
__poll_t mint_peers_poll(unsigned int *seen, struct file *file, poll_table *table)
{
	unsigned int now;

	poll_wait(file, &change_wait, table);
	now = READ_ONCE(nr_changes);
	if (now == READ_ONCE(*seen))
		return 0;
	WRITE_ONCE(*seen, now);
	return EPOLLPRI;
}

/**
 * mint_peer_get() - what this kernel saw of a node at its last look
 * @node: node id, less than MINT_MAX_NODES; the own one too
 * @peer: filled in
 *
 * Context: any but hard interrupt.
 */
void mint_peer_get(u32 node, struct mint_peer *peer)
{
	spin_lock_bh(&mint_peers_lock);
	*peer = peers[node].peer;
	spin_unlock_bh(&mint_peers_lock);
}
EXPORT_SYMBOL_GPL(mint_peer_get);

/**
 * mint_peer_notifier_register() - be called when a peer changes
 * @nb: called in process context with a struct mint_peer, see <linux/mint.h>
 *
 * Return: 0.
 */
int mint_peer_notifier_register(struct notifier_block *nb)
{
	return blocking_notifier_chain_register(&mint_peer_chain, nb);
}
EXPORT_SYMBOL_GPL(mint_peer_notifier_register);

/**
 * mint_peer_notifier_unregister() - be called no more
 * @nb: what was registered; does not run when this returns
 *
 * Return: 0, or -ENOENT if it was not registered.
 */
int mint_peer_notifier_unregister(struct notifier_block *nb)
{
	return blocking_notifier_chain_unregister(&mint_peer_chain, nb);
}
EXPORT_SYMBOL_GPL(mint_peer_notifier_unregister);

/**
 * mint_watch_register() - be called by the watch, within the node core
 * @nb: its call gets an enum mint_watch_event; runs in the one work item that
 *	watches the nodes, so no two of them run at the same time
 */
int mint_watch_register(struct notifier_block *nb)
{
	return blocking_notifier_chain_register(&mint_watch_chain, nb);
}

static int __init mint_peers_init(void)
{
	u32 node;

	if (!mint_active())
		return 0;
	for (node = 0; node < MINT_MAX_NODES; node++) {
		peers[node].peer.node = node;
		peers[node].changed = jiffies - msecs_to_jiffies(SILENCE_MS);
	}
	/* The watch does not look at the own node. */
	peers[mint_facts.node].peer.generation = mint_facts.generation;
	peers[mint_facts.node].peer.running = true;
	peers[mint_facts.node].peer.boot_cpu =
		mint_load(&mint_node_entry(mint_facts.node)->life.boot_cpu);
	/* On any CPU, since one may hang, and before the work that keeps it busy. */
	watch_queue = alloc_workqueue("mint", WQ_UNBOUND | WQ_HIGHPRI, 1);
	if (!watch_queue)
		return -ENOMEM;
	return mint_channel_register(MINT_CHANNEL_STATE, mint_state_rung, NULL);
}
core_initcall_sync(mint_peers_init);
