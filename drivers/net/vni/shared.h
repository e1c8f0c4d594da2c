/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared words of a vni section, for the files of the protocol: where they lie,
 * how they are read and written. At the end, what these files have of each
 * other and the driver does not need.
 *
 * Who may write what, and in which order: top of ring.c.
 */
#ifndef VNI_SHARED_H
#define VNI_SHARED_H

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/prefetch.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "frame.h"
#include "pool.h"
#include "port.h"
#include "words.h"

/* Count what is wrong with shared words. */
static inline void vni_fault_count(struct vni_port *port, enum vni_fault kind)
{
	mint_store(&port->faults[kind], mint_load(&port->faults[kind]) + 1);
}

static inline void *vni_at(const struct vni_port *port, u64 offset)
{
	return (char *)port->base + offset;
}

static inline struct vni_ring *vni_own_ring(const struct vni_port *port,
					    u32 queue)
{
	return vni_at(port, port->rx[queue].ring_offset);
}

/* The node that a ring leads to. */
static inline u32 vni_ring_node(const struct vni_port *port, u32 number)
{
	return number >> port->queue_shift;
}

static inline u32 vni_ring_queue(const struct vni_port *port, u32 number)
{
	return number & (port->geometry.nr_queues - 1);
}

static inline struct vni_pool *vni_pool_of(const struct vni_port *port,
					   unsigned int class)
{
	return vni_at(port, port->geometry.classes[class].pool_offset);
}

static inline u64 *vni_state_of(const struct vni_port *port, u32 handle)
{
	return (u64 *)vni_at(port, port->geometry.state_offset) + handle;
}

static inline u64 vni_state_get(const struct vni_port *port, u32 handle)
{
	return mint_load(vni_state_of(port, handle));
}

/* For a buffer of ours. What shows it to others is stored later, with release. */
static inline void vni_state_set(const struct vni_port *port, u32 handle,
				 u64 word)
{
	mint_store(vni_state_of(port, handle), word);
}

/* For a buffer that was ours: what was read of it comes before. */
static inline void vni_state_free(const struct vni_port *port, u32 handle)
{
	mint_store_release(vni_state_of(port, handle), (u64)VNI_STATE_POOL);
}

/* A hint, so any handle will do. */
static inline void vni_state_prefetch(const struct vni_port *port, u32 handle)
{
	prefetchw(vni_state_of(port, handle));
}

/* The state word of a buffer that this node has by itself. */
static inline u64 vni_state_own(const struct vni_port *port, u32 state)
{
	return port->own | state;
}

/* May this node give the buffer away: is it ALLOC or HELD by us? */
static inline bool vni_state_mine(const struct vni_port *port, u64 word)
{
	return word == vni_state_own(port, VNI_STATE_ALLOC) ||
	       word == vni_state_own(port, VNI_STATE_HELD);
}

static inline struct vni_slot *vni_slot_at(const struct vni_port *port,
					   struct vni_ring *ring, u32 position)
{
	return &ring->slots[position & (port->geometry.nr_slots - 1)];
}

static inline u64 *vni_slot_words(const struct vni_port *port,
				  struct vni_ring *ring, u32 position)
{
	return (u64 *)vni_slot_at(port, ring, position);
}

/* The line that goes with a slot. */
static inline u64 *vni_rest_words(const struct vni_port *port,
				  struct vni_ring *ring, u32 position)
{
	u32 nr_slots = port->geometry.nr_slots;
	struct vni_rest *rests = (struct vni_rest *)&ring->slots[nr_slots];

	return (u64 *)&rests[position & (nr_slots - 1)];
}

/* Is a slot word that of this position? */
static inline bool vni_word_fills(u64 word, u32 position)
{
	return word >> 48 == ((position + 1) & 0xffff);
}

/*
 * Has the slot of this position been filled? The acquire pairs with the
 * release of the slot word in vni_slot_publish().
 */
static inline bool vni_slot_filled(const struct vni_port *port,
				   struct vni_ring *ring, u32 position)
{
	u64 word = mint_load_acquire(&vni_slot_at(port, ring, position)->word);

	return vni_word_fills(word, position);
}

/*
 * Let senders reuse the slots of what has been taken. Every buffer of these is
 * HELD by now. Pairs with the acquire in vni_tail_find().
 */
static inline void vni_head_publish(struct vni_rx *rx, struct vni_ring *ring)
{
	if (rx->published == rx->head)
		return;
	mint_store_release(&ring->head, rx->head);
	rx->published = rx->head;
}

/* section.c */
void vni_ring_reset(struct vni_ring *ring, u32 nr_slots, u32 position);

/* lock.c */
int vni_owner_dead(void *context, u32 node, u32 generation);
enum mint_lock_result vni_lock(struct vni_port *port, struct mint_lock *lock,
			       u32 cpu);
void vni_unlock(struct vni_port *port, struct mint_lock *lock, u32 cpu);

/* pool.c */
int vni_pool_lock(struct vni_port *port, unsigned int class, u32 cpu);
void vni_pool_rebuild(struct vni_port *port, unsigned int class);
void vni_cache_put(struct vni_port *port, struct vni_cache *cache, u32 handle);

/* frame.c */
unsigned int vni_frames_give(struct vni_port *port, u64 state,
			     const struct vni_frame *frames, unsigned int n);
enum vni_fault vni_frame_fault(const struct vni_port *port, u32 queue,
			       const struct vni_frame *frame);

/* ring.c */
int vni_ring_lock(struct vni_port *port, struct vni_ring *ring, u32 cpu);
bool vni_ring_damaged(struct vni_port *port, struct vni_ring *ring, u32 head);

#endif /* VNI_SHARED_H */
