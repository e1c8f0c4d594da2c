// SPDX-License-Identifier: GPL-2.0
/*
 * Address rings of vni: what a sender can tell of a receiver's progress, and
 * how a receiver tells of it.
 *
 * A node that waits for space in a full ring is a waiter, a node that wants to
 * hear that its frames have been taken a watcher; the receiver kicks both.
 * Takes no lock. Ordering: top of ring.c.
 */
#include "ring.h"
#include "shared.h"

/**
 * vni_ring_space() - free slots of a ring, as far as can be told unlocked
 * @port: the sender's
 * @to: number of the ring
 *
 * Return: number of slots; all of them when the indices make no sense, so
 * that the caller posts and vni_ring_post() finds out.
 */
unsigned int vni_ring_space(struct vni_port *port, u32 to)
{
	struct vni_ring *ring = vni_ring_of(port, to);
	u32 slots = port->geometry.nr_slots;
	u32 used;

	if (!ring)
		return 0;
	used = mint_load(&ring->tail) - mint_load_acquire(&ring->head);
	return used <= slots ? slots - used : slots;
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_space);

/**
 * vni_ring_posted() - the position up to which frames just posted lie
 * @port: the sender's
 * @to: number of the ring
 *
 * Return: a position not before the end of what this node has posted, as
 * others may have posted since.
 */
u32 vni_ring_posted(struct vni_port *port, u32 to)
{
	struct vni_ring *ring = vni_ring_of(port, to);

	return ring ? mint_load(&ring->tail) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_posted);

/**
 * vni_ring_in_flight() - is the frame before a position still to be taken?
 * @port: the sender's
 * @to: number of the ring
 * @end: what vni_ring_posted() returned
 *
 * Return: true if so. False if head has passed it, and also if the two make no
 * sense together: a damaged index must not keep anybody waiting.
 */
bool vni_ring_in_flight(struct vni_port *port, u32 to, u32 end)
{
	struct vni_ring *ring = vni_ring_of(port, to);

	return ring &&
	       end - mint_load(&ring->head) - 1 < port->geometry.nr_slots;
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_in_flight);

/*
 * If the bit still stands, the receiver has not looked since it was set. Its
 * next look will kick this node, so nothing needs to be ordered.
 */
static void vni_set_own_bit(const struct vni_port *port, u64 *word)
{
	u64 bit = 1ULL << port->node;

	/*
	 * A full barrier, bit before head: pairs with the ones in
	 * vni_ring_release() and vni_ring_arm().
	 */
	if (!(mint_load(word) & bit))
		mint_or(word, bit);
}

/**
 * vni_ring_wait_space() - ask to be kicked when a ring has space again
 * @port: the sender's
 * @to: number of the ring
 *
 * Look at vni_ring_space() once more afterwards: space that came about before
 * this call kicks nobody.
 */
void vni_ring_wait_space(struct vni_port *port, u32 to)
{
	struct vni_ring *ring = vni_ring_of(port, to);

	if (!ring)
		return;
	vni_set_own_bit(port, &ring->waiters);
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_wait_space);

/**
 * vni_ring_watch() - ask to be kicked when own frames are taken from a ring
 * @port: the sender's
 * @to: number of the ring
 *
 * Look at vni_ring_in_flight() once more afterwards: what was taken before
 * this call kicks nobody.
 */
void vni_ring_watch(struct vni_port *port, u32 to)
{
	struct vni_ring *ring = vni_ring_of(port, to);

	if (!ring)
		return;
	vni_set_own_bit(port, &ring->watchers);
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_watch);

/* Clear and return the waiters, once half of the ring is free. */
static u64 vni_take_waiters(struct vni_port *port, struct vni_ring *ring,
			    u32 head)
{
	u32 half = port->geometry.nr_slots / 2;

	if (!mint_load(&ring->waiters))
		return 0;
	if (vni_slot_filled(port, ring, head) &&
	    vni_slot_filled(port, ring, head + half))
		return 0;
	return mint_xchg(&ring->waiters, 0ULL);
}

/* Clear and return the watchers that had frames taken since the last look. */
static u64 vni_take_watchers(struct vni_rx *rx, struct vni_ring *ring)
{
	u64 served = mint_load(&ring->watchers) & rx->served;

	if (served)
		mint_andnot(&ring->watchers, served);
	rx->served = 0;
	return served;
}

/**
 * vni_ring_release() - hand what has been taken back to the senders
 * @port: the receiver's
 * @queue: own queue, its ring open, in its receive context
 *
 * The slots of all frames taken so far become free. To be called after taking
 * frames, at the latest before vni_ring_arm().
 *
 * Return: a bit for each node that the caller has to kick, and that will not be
 * named again: those that wait for space, once half of the ring is free, and
 * those that watch for frames of their own.
 */
u64 vni_ring_release(struct vni_port *port, u32 queue)
{
	struct vni_ring *ring = vni_own_ring(port, queue);
	struct vni_rx *rx = &port->rx[queue];
	u64 nodes = ~0ULL >> (64 - port->geometry.nr_nodes);

	vni_head_publish(rx, ring);
	/*
	 * Head before waiters and watchers: pairs with the ones in
	 * vni_ring_wait_space() and vni_ring_watch().
	 */
	mint_mb();
	return (vni_take_waiters(port, ring, rx->head) |
		vni_take_watchers(rx, ring)) &
	       nodes;
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_release);
