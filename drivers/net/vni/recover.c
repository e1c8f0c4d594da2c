// SPDX-License-Identifier: GPL-2.0
/*
 * Life and death of a vni port: opening and closing its rings, mending one that
 * is damaged, and freeing what dead incarnations held.
 *
 * Buffers are reclaimed under the locks of their pools. Protocol: top of
 * ring.c.
 */
#include "recover.h"
#include "ring.h"
#include "shared.h"

/**
 * struct vni_reclaim - which buffers are reclaimed
 * @port: of the node that does it
 * @node: a dead node
 * @generation: its incarnations up to this one are dead
 * @own_posts: true if buffers in flight from this node to @node are among them
 * @ring: number of the own ring that is mended
 */
struct vni_reclaim {
	struct vni_port *port;
	u32 node;
	u32 generation;
	bool own_posts;
	u32 ring;
};

/* Is a generation of 22 bits the same as, or older than, a full one? */
static bool vni_not_newer(u32 generation, u32 than)
{
	return ((than - generation) & VNI_GENERATION_MASK) <=
	       VNI_GENERATION_MASK / 2;
}

/*
 * Is the incarnation dead that a state word names by 22 bits of its generation?
 * The missing bits are those of the generation that the node has or had last,
 * or one less.
 */
static bool vni_state_dead(const struct vni_reclaim *r, u32 node,
			   u32 generation)
{
	struct vni_ring *ring = vni_ring_of(r->port,
					    vni_ring_number(r->port, node, 0));
	u32 full;

	if (!ring)
		return false;
	if (node == r->node && vni_not_newer(generation, r->generation))
		return true;
	if (node == r->port->node)
		full = r->port->generation;
	else
		full = mint_load(&ring->receiver.generation);
	if (vni_not_newer(generation, full))
		full -= (full - generation) & VNI_GENERATION_MASK;
	else
		full += (generation - full) & VNI_GENERATION_MASK;
	return vni_owner_dead(r->port, node, full);
}

/* Does a state word name this incarnation of this node? */
static bool vni_is_own(const struct vni_port *port, u32 node, u32 generation)
{
	return node == port->node &&
	       generation == (port->generation & VNI_GENERATION_MASK);
}

/* Is a buffer with this state word left behind by the dead? */
static bool vni_may_reclaim(const struct vni_reclaim *r, u64 word)
{
	u32 to = vni_ring_node(r->port, vni_state_ring(word));
	u32 from = vni_state_owner(word);
	u32 from_generation = vni_state_generation(word);

	switch (vni_state_kind(word)) {
	case VNI_STATE_CACHED:
	case VNI_STATE_ALLOC:
	case VNI_STATE_HELD:
		return from == r->node &&
		       vni_not_newer(from_generation, r->generation);
	case VNI_STATE_INFLIGHT:
		if (!vni_state_dead(r, to, vni_state_to_generation(word)))
			return false;
		if (vni_is_own(r->port, from, from_generation))
			return r->own_posts && to == r->node;
		return vni_state_dead(r, from, from_generation);
	default:
		return false;
	}
}

typedef bool (*vni_reclaim_fn)(const struct vni_reclaim *r, u64 word);

/* Move all buffers that @match picks into their pools. */
static unsigned int vni_reclaim_matching(const struct vni_reclaim *r,
					 vni_reclaim_fn match, u32 cpu)
{
	struct vni_port *port = r->port;
	unsigned int class, freed = 0;
	u32 i;

	for (class = 0; class < VNI_NR_CLASSES; class++) {
		const struct vni_class *c = &port->geometry.classes[class];

		if (vni_pool_lock(port, class, cpu))
			continue;
		for (i = 0; i < c->count; i++) {
			if (!match(r, vni_state_get(port, c->first + i)))
				continue;
			vni_state_free(port, c->first + i);
			freed++;
		}
		vni_pool_rebuild(port, class);
		vni_unlock(port, &vni_pool_of(port, class)->lock, cpu);
	}
	return freed;
}

/* Is a buffer with this state word in flight to this incarnation? */
static bool vni_flies_to_us(const struct vni_reclaim *r, u64 word)
{
	return vni_state_kind(word) == VNI_STATE_INFLIGHT &&
	       vni_is_own(r->port, vni_ring_node(r->port, vni_state_ring(word)),
			  vni_state_to_generation(word));
}

/* The same, but to the ring that is mended. */
static bool vni_flies_to_ring(const struct vni_reclaim *r, u64 word)
{
	return vni_flies_to_us(r, word) && vni_state_ring(word) == r->ring;
}

/* Free every buffer in flight to an own ring that has just been emptied. */
static void vni_reclaim_orphans(struct vni_port *port, u32 queue)
{
	struct vni_reclaim r = {
		.port = port,
		.ring = vni_ring_number(port, port->node, queue),
	};

	vni_reclaim_matching(&r, vni_flies_to_ring, port->rx[queue].cpu);
}

/**
 * vni_ring_mend() - empty an own ring if it is damaged
 * @port: the receiver's
 * @queue: own queue, its ring open, in its receive context
 *
 * Frees all that was in flight to it, since nothing but the ring could hold
 * it, and counts VNI_FAULT_RING_INDEX. Nothing is done for a sound ring, nor
 * if the ring's lock cannot be had: the next call does it then.
 */
void vni_ring_mend(struct vni_port *port, u32 queue)
{
	struct vni_ring *ring = vni_own_ring(port, queue);
	struct vni_rx *rx = &port->rx[queue];

	if (!vni_ring_damaged(port, ring, rx->head) ||
	    vni_ring_lock(port, ring, rx->cpu))
		return;
	/* Again: a post may have been under way. */
	if (vni_ring_damaged(port, ring, rx->head)) {
		vni_fault_count(port, VNI_FAULT_RING_INDEX);
		vni_ring_reset(ring, port->geometry.nr_slots, rx->head);
		rx->served = ~0ULL;
		vni_reclaim_orphans(port, queue);
	}
	vni_unlock(port, &ring->lock, rx->cpu);
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_mend);

/* Drop from @handles those that stand in an own ring; how many are left? */
static unsigned int vni_drop_in_ring(struct vni_port *port, u32 queue,
				     u32 *handles, unsigned int n)
{
	struct vni_ring *ring = vni_own_ring(port, queue);
	u32 head = port->rx[queue].head;
	u32 p, i;

	for (p = 0; n && p < port->geometry.nr_slots; p++) {
		struct vni_slot *slot = vni_slot_at(port, ring, head + p);
		/* Pairs with the release in vni_slot_publish(). */
		u64 word = mint_load_acquire(&slot->word);

		if (!vni_word_fills(word, head + p))
			break;
		for (i = 0; i < n; i++)
			if (handles[i] == vni_slot_handle(word))
				handles[i--] = handles[--n];
	}
	return n;
}

/* Drop from @handles those that stand in any own ring. */
static unsigned int vni_drop_posted(struct vni_port *port, u32 *handles,
				    unsigned int n)
{
	u32 queue;

	for (queue = 0; queue < port->geometry.nr_queues; queue++)
		n = vni_drop_in_ring(port, queue, handles, n);
	return n;
}

static unsigned int vni_free_unposted(struct vni_port *port,
				      struct vni_cache *cache, u32 *handles,
				      unsigned int n)
{
	unsigned int i;

	n = vni_drop_posted(port, handles, n);
	for (i = 0; i < n; i++)
		vni_cache_put(port, cache, handles[i]);
	return n;
}

/* Free what the dead node marked as in flight to this one, but did not post. */
static unsigned int vni_bury_unposted(const struct vni_reclaim *r,
				      struct vni_cache *cache)
{
	struct vni_port *port = r->port;
	u32 handles[VNI_BATCH];
	unsigned int n = 0, freed = 0;
	u32 i;

	for (i = 0; i < port->geometry.nr_bufs; i++) {
		u64 word = vni_state_get(port, i);

		if (!vni_flies_to_us(r, word) ||
		    vni_state_owner(word) != r->node ||
		    !vni_not_newer(vni_state_generation(word), r->generation))
			continue;
		handles[n++] = i;
		if (n < VNI_BATCH)
			continue;
		freed += vni_free_unposted(port, cache, handles, n);
		n = 0;
	}
	return freed + vni_free_unposted(port, cache, handles, n);
}

/*
 * After this, no CPU of this node posts to the buried incarnation. Pairs with
 * the look at @buried under the same locks in vni_receiver_takes().
 */
static int vni_end_posts(struct vni_port *port, u32 cpu, u32 node,
			 u32 generation)
{
	u32 buried = port->buried[node];
	u32 queue;

	if (!buried || (s32)(generation - buried) > 0)
		mint_store(&port->buried[node], generation);
	for (queue = 0; queue < port->geometry.nr_queues; queue++) {
		struct vni_ring *ring =
			vni_ring_of(port, vni_ring_number(port, node, queue));

		if (vni_ring_lock(port, ring, cpu))
			return -EBUSY;
		vni_unlock(port, &ring->lock, cpu);
	}
	return 0;
}

/**
 * vni_port_bury() - free what a dead node held
 * @port: of the node that does it; none of its receive contexts runs meanwhile
 * @cache: of the calling CPU
 * @node: node id; the own one for its former generations
 * @generation: it is fenced up to this generation
 *
 * Every node does this for itself, as often as it likes. Scans all state
 * words under the locks of the pools. A lock that cannot be had is counted
 * (VNI_FAULT_LOCK_TIMEOUT) and what it guards is left for another call.
 *
 * Return: number of buffers freed.
 */
unsigned int vni_port_bury(struct vni_port *port, struct vni_cache *cache,
			   u32 node, u32 generation)
{
	struct vni_reclaim r = {
		.port = port, .node = node, .generation = generation,
	};
	unsigned int freed = 0;

	if (node >= port->geometry.nr_nodes || !generation)
		return 0;
	if (node == port->node) {
		if ((s32)(generation - port->generation) >= 0)
			return 0;
	} else {
		r.own_posts = !vni_end_posts(port, cache->cpu, node, generation);
		freed = vni_bury_unposted(&r, cache);
	}
	return freed + vni_reclaim_matching(&r, vni_may_reclaim, cache->cpu);
}
EXPORT_SYMBOL_IF_KUNIT(vni_port_bury);

/* Write the receiver line: our generation, what is wanted, open last. */
static void vni_ring_announce(struct vni_receiver *shared,
			      const struct vni_receiver *receiver,
			      u32 generation)
{
	struct vni_receiver r = *receiver;

	r.generation = generation;
	r.open = 0;
	memcpy(shared, &r, sizeof(r));
	/* Pairs with the ring's lock: senders look at open under it. */
	mint_store_release(&shared->open, 1);
}

/**
 * vni_ring_open() - begin to take frames
 * @port: the receiver's; former generations of its node have been buried
 * @queue: own queue
 * @cpu: number of the CPU that its receive context runs on
 * @receiver: what is wanted; its @generation and @open are filled in here
 *
 * The ring starts empty. The caller polls it once after this, and kicks the
 * nodes that vni_ring_release() names: they may have stopped before.
 *
 * Return: 0, or -EBUSY if the ring's lock could not be had.
 */
int vni_ring_open(struct vni_port *port, u32 queue, u32 cpu,
		  const struct vni_receiver *receiver)
{
	struct vni_ring *ring = vni_own_ring(port, queue);
	struct vni_rx *rx = &port->rx[queue];

	rx->cpu = cpu;
	if (vni_ring_lock(port, ring, cpu))
		return -EBUSY;
	mint_store(&ring->receiver.open, 0);
	rx->head = mint_load(&ring->tail);
	rx->published = rx->head;
	vni_ring_reset(ring, port->geometry.nr_slots, rx->head);
	mint_store(&ring->armed, 0ULL);
	rx->served = ~0ULL;
	vni_ring_announce(&ring->receiver, receiver, port->generation);
	vni_unlock(port, &ring->lock, cpu);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_open);

/**
 * vni_ring_close() - take no more frames from a ring, and let go of them
 * @port: the receiver's
 * @queue: own queue, its ring open, in its receive context
 * @cache: of the calling CPU; flushed
 *
 * Caches of other CPUs are the caller's to flush.
 */
void vni_ring_close(struct vni_port *port, u32 queue, struct vni_cache *cache)
{
	struct vni_ring *ring = vni_own_ring(port, queue);
	struct vni_frame frame;
	u32 i;
	int err;

	mint_store(&ring->receiver.open, 0);
	/* Once the lock has been ours, no sender believes it still open. */
	if (!vni_ring_lock(port, ring, cache->cpu))
		vni_unlock(port, &ring->lock, cache->cpu);
	for (i = 0; i < port->geometry.nr_slots; i++) {
		err = vni_ring_take(port, queue, &frame);
		if (!err)
			break;
		if (err > 0)
			vni_buf_free(port, cache, frame.handle);
	}
	mint_store(&ring->armed, 0ULL);
	vni_cache_flush(port, cache);
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_close);
