// SPDX-License-Identifier: GPL-2.0
/*
 * Own heartbeat and state, and what this kernel knows of the other nodes.
 * peers_lock guards peers[]; the shared table is read once per look and
 * checked. Notifiers run in process context without a lock.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/export.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/panic_notifier.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <asm/mint.h>
#include "core.h"

#define HEARTBEAT_MS	50
#define WATCH_MS	100
#define SILENCE_MS	1500

/**
 * struct watch - a peer under observation
 * @peer: what drivers are told
 * @heartbeat: its last value
 * @changed: jiffies when @heartbeat last changed
 */
struct watch {
	struct mint_peer peer;
	u64 heartbeat;
	unsigned long changed;
};

static struct watch peers[MINT_MAX_NODES];
static DEFINE_SPINLOCK(peers_lock);
static BLOCKING_NOTIFIER_HEAD(peer_chain);

static struct mint_node_self *self_line(void)
{
	return &mint_node_entry(mint_facts.node)->self;
}

static bool ended_state(u32 state)
{
	return state == MINT_SELF_PANICKED || state == MINT_SELF_OFF ||
	       state == MINT_SELF_REBOOT || state == MINT_SELF_REFUSED;
}

/**
 * mint_node_ended() - has one start of a node come to its end?
 * @node: node id
 * @generation: which start
 *
 * True too when a later start has begun. A node that hangs has not ended.
 */
bool mint_node_ended(u32 node, u32 generation)
{
	struct mint_node *entry = mint_node_entry(node);

	if (mint_load(&entry->life.generation) != generation ||
	    mint_load(&entry->life.fenced) >= generation)
		return true;
	return mint_load(&entry->self.generation) == generation &&
	       ended_state(mint_load(&entry->self.state));
}

/**
 * mint_owner_dead() - is the owner of a lock fenced?
 * @unused: not used
 * @node: node id out of a lock word, any value
 * @generation: likewise
 */
int mint_owner_dead(void *unused, __u32 node, __u32 generation)
{
	return node < MINT_MAX_NODES && generation &&
	       generation <= mint_load(&mint_node_entry(node)->life.fenced);
}
EXPORT_SYMBOL_GPL(mint_owner_dead);

/**
 * mint_others_running() - does any other node still use its CPUs?
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
 * mint_self_state() - tell the others what this node is doing
 * @state: MINT_SELF_*
 */
void mint_self_state(u32 state)
{
	mint_store(&self_line()->nr_cpus, num_online_cpus());
	mint_store_release(&self_line()->state, state);
	mint_doorbell_ring_peers(MINT_CHANNEL_STATE);
}

/**
 * mint_self_ended() - tell the others that this node has come to its end
 * @state: MINT_SELF_PANICKED, _OFF or _REBOOT; the first word is the last
 */
void mint_self_ended(u32 state)
{
	if (!ended_state(mint_load(&self_line()->state)))
		mint_self_state(state);
}

static bool heartbeat_moves(struct watch *watch, u64 heartbeat)
{
	if (heartbeat != watch->heartbeat) {
		watch->heartbeat = heartbeat;
		watch->changed = jiffies;
	}
	return time_before(jiffies, watch->changed + msecs_to_jiffies(SILENCE_MS));
}

/* One look at a peer. Returns whether what drivers are told has changed. */
static bool look_at(u32 node, struct mint_peer *now)
{
	struct mint_node *entry = mint_node_entry(node);
	struct watch *watch = &peers[node];
	bool moves, changed;

	*now = (struct mint_peer) {
		.node = node,
		.generation = mint_load(&entry->life.generation),
		.fenced = mint_load(&entry->life.fenced),
		.boot_cpu = mint_load(&entry->life.boot_cpu),
	};
	spin_lock_bh(&peers_lock);
	moves = heartbeat_moves(watch, mint_load(&entry->self.heartbeat));
	now->running = moves &&
		mint_load(&entry->life.life) == MINT_LIFE_STARTED &&
		mint_load(&entry->self.generation) == now->generation &&
		mint_load(&entry->self.state) == MINT_SELF_RUNNING &&
		now->generation > now->fenced;
	changed = now->generation != watch->peer.generation ||
		now->fenced != watch->peer.fenced ||
		now->running != watch->peer.running;
	watch->peer = *now;
	spin_unlock_bh(&peers_lock);
	return changed;
}

static void tell(struct mint_peer *peer, bool was_running)
{
	if (peer->running && !was_running)
		pr_info("node %u runs, generation %u\n", peer->node, peer->generation);
	if (!peer->running && was_running)
		pr_info("node %u stopped running\n", peer->node);
	blocking_notifier_call_chain(&peer_chain, 0, peer);
}

static bool first_of_the_running(void)
{
	u32 node;

	for (node = 0; node < mint_facts.node; node++)
		if (READ_ONCE(peers[node].peer.running))
			return false;
	return true;
}

/*
 * A node that has ended may have held a lock, and holds buffers. It is fenced
 * by the lowest of those that run, so that all can take over what it held.
 */
static void fence_ended(const struct mint_peer *peer)
{
	if (mint_load(&mint_node_entry(peer->node)->life.life) == MINT_LIFE_STARTED &&
	    peer->generation > peer->fenced &&
	    mint_node_ended(peer->node, peer->generation) && first_of_the_running())
		mint_life_kill(peer->node);
}

static void watch_peers(struct work_struct *work);
static DECLARE_DELAYED_WORK(watch_work, watch_peers);

static void watch_peers(struct work_struct *work)
{
	struct mint_peer now;
	u32 node;

	for (node = 0; node < MINT_MAX_NODES; node++) {
		bool was_running = READ_ONCE(peers[node].peer.running);

		if (node == mint_facts.node)
			continue;
		if (look_at(node, &now))
			tell(&now, was_running);
		fence_ended(&now);
	}
	queue_delayed_work(system_wq, &watch_work, msecs_to_jiffies(WATCH_MS));
}

static void state_rung(void *unused)
{
	mod_delayed_work(system_wq, &watch_work, 0);
}

/**
 * mint_peers_changed() - look at the table now, and make the others look
 */
void mint_peers_changed(void)
{
	state_rung(NULL);
	mint_doorbell_ring_peers(MINT_CHANNEL_STATE);
}

/**
 * mint_peer_get() - what is known of a peer
 * @node: node id, less than MINT_MAX_NODES
 * @peer: filled in
 */
void mint_peer_get(u32 node, struct mint_peer *peer)
{
	spin_lock_bh(&peers_lock);
	*peer = peers[node].peer;
	spin_unlock_bh(&peers_lock);
}
EXPORT_SYMBOL_GPL(mint_peer_get);

/**
 * mint_peer_notifier_register() - be called when a peer changes
 * @nb: see <linux/mint.h>
 */
int mint_peer_notifier_register(struct notifier_block *nb)
{
	return blocking_notifier_chain_register(&peer_chain, nb);
}
EXPORT_SYMBOL_GPL(mint_peer_notifier_register);

/**
 * mint_peer_notifier_unregister() - be called no more
 * @nb: what was registered
 */
int mint_peer_notifier_unregister(struct notifier_block *nb)
{
	return blocking_notifier_chain_unregister(&peer_chain, nb);
}
EXPORT_SYMBOL_GPL(mint_peer_notifier_unregister);

static void beat(struct timer_list *timer)
{
	mint_store(&self_line()->heartbeat, mint_load(&self_line()->heartbeat) + 1);
	mint_doorbell_check();
	mod_timer(timer, jiffies + msecs_to_jiffies(HEARTBEAT_MS));
}

static DEFINE_TIMER(heartbeat_timer, beat);

static int panicked(struct notifier_block *nb, unsigned long unused, void *text)
{
	mint_self_ended(MINT_SELF_PANICKED);
	return NOTIFY_DONE;
}

static struct notifier_block panic_notifier = {
	.notifier_call = panicked,
};

static int __init peers_init(void)
{
	u32 node;

	if (!mint_active())
		return 0;
	for (node = 0; node < MINT_MAX_NODES; node++) {
		peers[node].peer.node = node;
		peers[node].changed = jiffies - msecs_to_jiffies(SILENCE_MS);
	}
	/* The watch passes over the own entry. */
	peers[mint_facts.node].peer.generation = mint_facts.generation;
	peers[mint_facts.node].peer.running = true;
	peers[mint_facts.node].peer.boot_cpu =
		mint_load(&mint_node_entry(mint_facts.node)->life.boot_cpu);
	atomic_notifier_chain_register(&panic_notifier_list, &panic_notifier);
	beat(&heartbeat_timer);
	return mint_channel_register(MINT_CHANNEL_STATE, state_rung, NULL);
}
subsys_initcall(peers_init);

/* From here on doorbells are answered and drivers are bound. */
static int __init announce_running(void)
{
	if (!mint_active())
		return 0;
	mint_self_state(MINT_SELF_RUNNING);
	watch_peers(NULL);
	return 0;
}
late_initcall_sync(announce_running);
