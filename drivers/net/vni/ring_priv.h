/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What section.c, pool.c, ring.c and recover.c share: addresses within the
 * section, state words, slot words and the two locks.
 *
 * The protocol is described at the top of ring.c.
 */
#ifndef VNI_RING_PRIV_H
#define VNI_RING_PRIV_H

#include <linux/errno.h>
#include <linux/string.h>
#ifdef __KERNEL__
#include <linux/export.h>
#include <kunit/visibility.h>
#else
#define EXPORT_SYMBOL_IF_KUNIT(symbol)	static_assert(sizeof(#symbol))
#endif

#include "ring.h"

static inline void vni_fault(struct vni_port *port, enum vni_fault kind)
{
	mint_store(&port->faults[kind], mint_load(&port->faults[kind]) + 1);
}

static inline void *vni_at(const struct vni_port *port, __u64 offset)
{
	return (char *)port->base + offset;
}

static inline __u64 *vni_state_of(const struct vni_port *port, __u32 handle)
{
	return (__u64 *)vni_at(port, port->geometry.state_offset) + handle;
}

static inline struct vni_pool *vni_pool_of(const struct vni_port *port,
					   unsigned int class)
{
	return vni_at(port, port->geometry.classes[class].pool_offset);
}

/* The class of a handle that is known to be below nr_bufs. */
static inline unsigned int vni_class_of(const struct vni_port *port,
					__u32 handle)
{
	unsigned int class = VNI_NR_CLASSES - 1;

	while (class && handle < port->geometry.classes[class].first)
		class--;
	return class;
}

static inline __u64 vni_state_make(__u32 state, __u32 node, __u32 generation)
{
	return state | (__u64)node << 4 |
	       (__u64)(generation & VNI_GENERATION_MASK) << 20;
}

static inline __u64 vni_state_inflight(__u32 from, __u32 from_generation,
				       __u32 ring, __u32 to_generation)
{
	return vni_state_make(VNI_STATE_INFLIGHT, from, from_generation) |
	       (__u64)ring << 12 |
	       (__u64)(to_generation & VNI_GENERATION_MASK) << 42;
}

static inline __u32 vni_state_kind(__u64 word)
{
	return word & 0xf;
}

static inline __u32 vni_state_owner(__u64 word)
{
	return (word >> 4) & 0xff;
}

static inline __u32 vni_state_ring(__u64 word)
{
	return (word >> 12) & 0xff;
}

static inline __u32 vni_state_generation(__u64 word)
{
	return (word >> 20) & VNI_GENERATION_MASK;
}

static inline __u32 vni_state_to_generation(__u64 word)
{
	return word >> 42;
}

/* The node that a ring leads to. */
static inline __u32 vni_ring_node(const struct vni_port *port, __u32 number)
{
	return number / port->geometry.nr_queues;
}

/* May this node give the buffer away: is it ALLOC or HELD by us? */
static inline int vni_state_mine(const struct vni_port *port, __u64 word)
{
	return word == vni_state_make(VNI_STATE_ALLOC, port->node,
				      port->generation) ||
	       word == vni_state_make(VNI_STATE_HELD, port->node,
				      port->generation);
}

static inline __u64 vni_slot_word(__u32 position, __u32 handle, __u32 length,
				  __u32 flags)
{
	return (__u64)((position + 1) & 0xffff) << 48 | (__u64)flags << 44 |
	       (__u64)length << 24 | handle;
}

static inline struct vni_slot *vni_slot_at(const struct vni_port *port,
					   struct vni_ring *ring,
					   __u32 position)
{
	return &ring->slots[position & (port->geometry.nr_slots - 1)];
}

/* Is a slot word that of this position? */
static inline int vni_word_fills(__u64 word, __u32 position)
{
	return word >> 48 == ((position + 1) & 0xffff);
}

/*
 * Has the slot of this position been filled? The acquire pairs with the
 * release of the slot word in slot_fill().
 */
static inline int vni_slot_filled(const struct vni_port *port,
				  struct vni_ring *ring, __u32 position)
{
	__u64 word = mint_load_acquire(&vni_slot_at(port, ring, position)->word);

	return vni_word_fills(word, position);
}

/* section.c */
void vni_ring_reset(struct vni_ring *ring, __u32 nr_slots, __u32 position);

/* pool.c */
int vni_pool_lock(struct vni_port *port, unsigned int class, __u32 cpu);
void vni_pool_rebuild(struct vni_port *port, unsigned int class);
void vni_cache_put(struct vni_port *port, struct vni_cache *cache,
		   __u32 handle);

/* ring.c */
int vni_ring_lock(struct vni_port *port, struct vni_ring *ring, __u32 cpu);

/* recover.c */
int vni_owner_dead(void *context, __u32 node, __u32 generation);
enum mint_lock_result vni_lock(struct vni_port *port, struct mint_lock *lock,
			       __u32 cpu);
void vni_unlock(struct vni_port *port, struct mint_lock *lock, __u32 cpu);
unsigned int vni_reclaim_orphans(struct vni_port *port, __u32 queue);

#endif /* VNI_RING_PRIV_H */
