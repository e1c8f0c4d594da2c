/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the protocol share: addresses within the
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
#include <linux/prefetch.h>
#include <kunit/visibility.h>
#else
#define EXPORT_SYMBOL_IF_KUNIT(symbol)	static_assert(sizeof(#symbol))

static inline void prefetchw(const void *p)
{
	__builtin_prefetch(p, 1);
}
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

static inline __u64 vni_state_get(const struct vni_port *port, __u32 handle)
{
	return mint_load(vni_state_of(port, handle));
}

/* For a buffer of ours; what lets others see it is stored later, with release */
static inline void vni_state_set(const struct vni_port *port, __u32 handle,
				 __u64 word)
{
	mint_store(vni_state_of(port, handle), word);
}

/* For a buffer that was ours: what was read of it comes before. */
static inline void vni_state_free(const struct vni_port *port, __u32 handle)
{
	mint_store_release(vni_state_of(port, handle), (__u64)VNI_STATE_POOL);
}

/* A hint, so any handle will do. */
static inline void vni_state_prefetch(const struct vni_port *port, __u32 handle)
{
	prefetchw(vni_state_of(port, handle));
}

static inline struct vni_pool *vni_pool_of(const struct vni_port *port,
					   unsigned int class)
{
	return vni_at(port, port->geometry.classes[class].pool_offset);
}

static inline __u64 vni_state_make(__u32 state, __u32 node, __u32 generation)
{
	return state | (__u64)node << 4 |
	       (__u64)(generation & VNI_GENERATION_MASK) << 20;
}

/* Where a buffer in flight goes to. */
static inline __u64 vni_state_to(__u32 ring, __u32 generation)
{
	return (__u64)ring << 12 |
	       (__u64)(generation & VNI_GENERATION_MASK) << 42;
}

static inline __u64 vni_state_inflight(__u32 from, __u32 from_generation,
				       __u32 ring, __u32 to_generation)
{
	return vni_state_make(VNI_STATE_INFLIGHT, from, from_generation) |
	       vni_state_to(ring, to_generation);
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
	return number >> port->queue_shift;
}

static inline __u32 vni_ring_queue(const struct vni_port *port, __u32 number)
{
	return number & (port->geometry.nr_queues - 1);
}

/* The state word of a buffer that this node has by itself. */
static inline __u64 vni_state_own(const struct vni_port *port, __u32 state)
{
	return port->own | state;
}

/* May this node give the buffer away: is it ALLOC or HELD by us? */
static inline int vni_state_mine(const struct vni_port *port, __u64 word)
{
	return word == vni_state_own(port, VNI_STATE_ALLOC) ||
	       word == vni_state_own(port, VNI_STATE_HELD);
}

static inline __u64 vni_slot_word(__u32 position, __u32 handle, __u32 length,
				  __u32 flags)
{
	return (__u64)((position + 1) & 0xffff) << 48 | (__u64)flags << 44 |
	       (__u64)length << 24 | handle;
}

/* What frames of one post have in common in the second word of their slots. */
static inline __u64 vni_slot_from(__u32 source, __u32 queue, __u32 generation)
{
	return (__u64)generation << 32 | (__u64)queue << 16 | source;
}

/* vni_slot.head in that word. */
static inline __u64 vni_slot_head(__u8 head)
{
	return (__u64)head << 8;
}

static inline struct vni_slot *vni_slot_at(const struct vni_port *port,
					   struct vni_ring *ring,
					   __u32 position)
{
	return &ring->slots[position & (port->geometry.nr_slots - 1)];
}

static inline __u64 *vni_slot_words(const struct vni_port *port,
				    struct vni_ring *ring, __u32 position)
{
	return (__u64 *)vni_slot_at(port, ring, position);
}

/* The line that goes with a slot. */
static inline __u64 *vni_rest_words(const struct vni_port *port,
				    struct vni_ring *ring, __u32 position)
{
	__u32 nr_slots = port->geometry.nr_slots;
	struct vni_rest *rests = (struct vni_rest *)&ring->slots[nr_slots];

	return (__u64 *)&rests[position & (nr_slots - 1)];
}

/* Is a slot word that of this position? */
static inline int vni_word_fills(__u64 word, __u32 position)
{
	return word >> 48 == ((position + 1) & 0xffff);
}

/*
 * Has the slot of this position been filled? The acquire pairs with the
 * release of the slot word in slot_publish().
 */
static inline int vni_slot_filled(const struct vni_port *port,
				  struct vni_ring *ring, __u32 position)
{
	__u64 word = mint_load_acquire(&vni_slot_at(port, ring, position)->word);

	return vni_word_fills(word, position);
}

#define VNI_SLOT_FLAGS	(VNI_SLOT_VLAN | VNI_SLOT_HASH | VNI_SLOT_HASH_L4)

/* Can the headers end at a page border, if they are said to? */
static inline int vni_head_ok(const struct vni_frame *frame)
{
	__u32 head = frame->slot.head;

	return !head || (head >= VNI_MIN_HEAD && head <= frame->length);
}

/*
 * Does a frame fit into its buffer, which may not even exist, or its slot? One
 * that begins late fits into no slot.
 */
static inline int vni_length_ok(const struct vni_port *port,
				const struct vni_frame *frame)
{
	__u32 room = vni_frame_inline(frame) ? VNI_INLINE_BYTES :
		     vni_buf_bytes(port, frame->handle);

	return frame->length >= VNI_MIN_FRAME &&
	       vni_frame_start(frame) + frame->length <= room &&
	       frame->length <= VNI_MAX_FRAME && vni_head_ok(frame);
}

/* May this frame be sent: is it well-formed and its buffer ours? */
static inline int vni_frame_ok(const struct vni_port *port,
			       const struct vni_frame *frame)
{
	return vni_length_ok(port, frame) &&
	       !(frame->flags & ~VNI_SLOT_FLAGS) &&
	       (vni_frame_inline(frame) ||
		vni_state_mine(port, vni_state_get(port, frame->handle)));
}

/* A private copy of a slot, of which @word has been read: each word once. */
static inline void vni_frame_read(struct vni_frame *frame, __u64 *from,
				  __u64 word)
{
	__u64 *to = (__u64 *)&frame->slot;

	frame->handle = word & 0xffffff;
	frame->length = (word >> 24) & 0xfffff;
	frame->flags = (word >> 44) & 0xf;
	to[0] = word;
	to[1] = mint_load(&from[1]);
	to[2] = mint_load(&from[2]);
	to[3] = mint_load(&from[3]);
	to[4] = mint_load(&from[4]);
	to[5] = mint_load(&from[5]);
	to[6] = mint_load(&from[6]);
	to[7] = mint_load(&from[7]);
}

/* The rest of an inline frame of which the slot has been read. */
static inline void vni_rest_read(struct vni_frame *frame, __u64 *from)
{
	__u64 *to = (__u64 *)&frame->rest;
	unsigned int i;

	for (i = 0; i < sizeof(frame->rest) / sizeof(*to); i++)
		to[i] = mint_load(&from[i]);
}

static inline int vni_slot_ok(const struct vni_port *port, __u32 queue,
			      const struct vni_frame *frame)
{
	const __u64 *words = (const __u64 *)&frame->slot;
	/* The source alone, or more than any if queue is wrong. */
	__u32 source = (__u32)words[1] ^ queue << 16 ^
		       (__u32)vni_slot_head(frame->slot.head);

	return source < port->geometry.nr_nodes && source != port->node &&
	       !(frame->flags & ~VNI_SLOT_FLAGS) &&
	       (vni_frame_inline(frame) ||
		frame->slot.vnet_flags & VNI_NET_ENCAP ||
		!(words[4] >> 32 | words[5] | words[6] | words[7]));
}

/* What is wrong with a frame, as an enum vni_fault; VNI_NR_FAULTS: nothing */
static inline enum vni_fault vni_frame_fault(const struct vni_port *port,
					     __u32 queue,
					     const struct vni_frame *frame)
{
	__u32 number = vni_ring_number(port, port->node, queue);
	const struct vni_slot *slot = &frame->slot;
	__u64 state, expected;

	if (frame->handle >= port->geometry.nr_bufs && !vni_frame_inline(frame))
		return VNI_FAULT_HANDLE;
	if (!vni_length_ok(port, frame))
		return VNI_FAULT_LENGTH;
	if (!vni_slot_ok(port, queue, frame))
		return VNI_FAULT_SLOT;
	if (vni_frame_inline(frame))
		return VNI_NR_FAULTS;
	state = vni_state_get(port, frame->handle);
	expected = vni_state_make(VNI_STATE_INFLIGHT, slot->source,
				  slot->generation) | port->rx[queue].state;
	if (state == expected)
		return VNI_NR_FAULTS;
	if (vni_state_kind(state) == VNI_STATE_INFLIGHT &&
	    vni_state_owner(state) == slot->source &&
	    vni_state_ring(state) == number)
		return VNI_FAULT_STALE;
	return VNI_FAULT_STATE;
}

/*
 * Let senders reuse the slots of what has been taken. Every buffer of these is
 * HELD by now. Pairs with the acquire in tail_find().
 */
static inline void vni_head_publish(struct vni_rx *rx, struct vni_ring *ring)
{
	if (rx->published == rx->head)
		return;
	mint_store_release(&ring->head, rx->head);
	rx->published = rx->head;
}

/* section.c */
void vni_ring_reset(struct vni_ring *ring, __u32 nr_slots, __u32 position);

/* lock.c */
int vni_owner_dead(void *context, __u32 node, __u32 generation);
enum mint_lock_result vni_lock(struct vni_port *port, struct mint_lock *lock,
			       __u32 cpu);
void vni_unlock(struct vni_port *port, struct mint_lock *lock, __u32 cpu);

/* pool.c */
int vni_pool_lock(struct vni_port *port, unsigned int class, __u32 cpu);
void vni_pool_rebuild(struct vni_port *port, unsigned int class);
void vni_cache_put(struct vni_port *port, struct vni_cache *cache,
		   __u32 handle);

/* ring.c */
int vni_ring_lock(struct vni_port *port, struct vni_ring *ring, __u32 cpu);
int vni_ring_damaged(struct vni_port *port, struct vni_ring *ring, __u32 head);

#endif /* VNI_RING_PRIV_H */
