// SPDX-License-Identifier: GPL-2.0
/*
 * Address rings of vni: posting frames to a ring, taking those of an own one,
 * and who wakes whom.
 *
 * A ring's lock guards its tail and slots; its head belongs to the receiver.
 */
#include "ring.h"
#include "shared.h"

/**
 * DOC: ring protocol
 *
 * One vni section is used by up to 64 kernels at once. Any of them may stop
 * for ever after any instruction, start again under a new generation, or
 * write nonsense. Three rules carry everything:
 *
 * - One array is the truth about buffers (the state words), one about the
 *   frames of a ring (the slot words). All else (free lists, tails) is a
 *   hint that is rebuilt from them.
 * - A state word is written by the buffer's present holder, before the step
 *   that lets another node see the buffer.
 * - A word that another node can write is read once, checked, then used.
 *
 * A frame of a few bytes has no buffer: it lies *inline*, in its slot and the
 * line that goes with it (its rest). All that is said of slots holds for it.
 *
 * Who writes what
 *
 * ==================== ====================================================
 * state word           POOL: whoever holds the pool's lock; CACHED, ALLOC,
 *                      HELD: the owner; INFLIGHT: the destination, or the
 *                      sender once the destination is dead
 * pool, all of it       the holder of the pool's lock
 * ring tail and slots  the holder of the ring's lock
 * ring head, armed     the receiver; senders exchange armed for 0
 * ring waiters         senders set bits, the receiver exchanges it for 0
 * ring watchers        senders set bits, the receiver clears bits
 * receiver line        the receiver
 * ==================== ====================================================
 *
 * Life of a buffer: POOL -> CACHED (refill, under the pool's lock, before level
 * is lowered) -> ALLOC -> INFLIGHT (before the slot word) -> HELD (before
 * head) -> CACHED -> POOL (before the list shows it). A step back from ALLOC
 * or HELD to CACHED frees it unsent. In each state exactly one node may write
 * the next one, so plain stores do.
 *
 * Ordering, by pairs
 *
 * - *publish*: payload, descriptor and state word, then the slot word with
 *   release (vni_slot_publish()). Pairs with the acquire load of the slot word
 *   in vni_ring_take().
 * - *slot reuse*: the receiver reads slots, then stores head with release, for
 *   several at once. Pairs with the acquire load of head in vni_tail_find(). A
 *   later post of the same node relies on what an earlier one has read: they
 *   are ordered by the ring's lock.
 * - *buffer reuse*: the receiver reads a payload, then returns the buffer
 *   under the pool's lock. Pairs with the lock's acquire in a refill.
 * - *doorbell*: vni_ring_arm() stores armed, full barrier, looks at the ring.
 *   Pairs with vni_ring_needs_kick(): slot words stored, full barrier, looks
 *   at armed. One of the two sees the other; if both do, the exchange of
 *   armed picks one winner.
 * - *waiters*: vni_ring_wait_space() sets its bit, full barrier; its caller
 *   then looks at head. Pairs with vni_ring_release() and vni_ring_arm(): head
 *   stored, full barrier, looks at waiters. A ring more than half full keeps
 *   its waiters, since a later look follows; an empty one never does, and
 *   vni_ring_arm() refuses to sleep over one.
 * - *watchers*: vni_ring_watch() sets its bit, full barrier; its caller then
 *   looks at head. Pairs with vni_ring_release(): the frame noted in served and
 *   head stored, full barrier, looks at watchers, then forgets served. Either
 *   the sender sees its frame taken, or the receiver sees the bit while the
 *   note stands. A bit that finds no note stays, for a frame that is still in
 *   the ring. So the receiver need not look before it sleeps.
 *
 * Slots describe themselves. Slot word and position share 16 bits, and a ring
 * has at most 2^14 slots, so a slot that matches position p was filled for p.
 * The receiver uses nothing but this; tail only tells senders where to go on.
 * Under the lock three things hold of a sound tail: it is at most nr_slots
 * past head, the slot before it belongs to it, the slot at it does not. A
 * sender that finds otherwise goes on from head to the first slot that does
 * not match. If that is not sound either, slots are damaged and only the
 * receiver can tell what to do: vni_ring_mend() empties the ring, and frees
 * every buffer in flight to it, since nothing but the ring could hold it.
 *
 * A node has one to four rings, its queues. Each is a ring as described here,
 * with a receive context of its own; the state word of a buffer in flight
 * names the ring, so that no ring needs to know of another. Rings are opened
 * and closed one by one, but buried all at once.
 *
 * Death. A node may act on the death of an incarnation (node, generation)
 * once that one is fenced: it executes no further instruction. Its locks are
 * taken over by whoever meets them, who then rebuilds what they guard. Its
 * buffers come back by vni_port_bury(), which each survivor calls for itself:
 *
 * - First it notes the generation, then passes through the locks of the dead
 *   node's rings: from then on no CPU of the survivor is in the middle of a
 *   post to the dead incarnation and none will begin one. Without this, a
 *   late post could put a buffer in flight that has just been freed.
 * - In flight from the dead to the survivor: a sender posts slot by slot in
 *   order, so what it has posted stands in the ring in one piece after head.
 *   The rest never got there and is freed. Frames in the ring stay good. A
 *   frame taken by a receive context is HELD before it leaves the ring, so this
 *   runs while none of them does.
 * - In flight from the survivor to the dead: freed.
 * - CACHED, ALLOC, HELD by the dead, and in flight between two dead: freed by
 *   whoever comes first. Freeing happens under the pool's lock and looks at
 *   the state word under it, so the second finds nothing.
 *
 * A dead sender may have disarmed a receiver and not kicked it: after a burial,
 * the receiver polls its rings and arms them anew.
 *
 * Every step may be cut off and repeated, by the same or by another survivor.
 * Nobody waits for anybody: a new incarnation may open its ring before the
 * survivors have buried the old one. vni_ring_open() empties the ring under
 * its lock, and what the old one was sent still carries the old generation in
 * its state word, so it can neither be taken for a new frame nor be freed by
 * the new incarnation while its sender is alive to do so. A new incarnation
 * buries its own former generations too, and those of all dead peers: it may
 * be the only one left.
 *
 * Generations are 22 bits wide in a state word and are compared as serial
 * numbers: 2^21 restarts of one node between two looks would confuse them.
 *
 * Files. Each calls functions of lower rows only:
 *
 * ==================== ====================================================
 * recover.c            opens, mends and closes rings; buries the dead
 * pool.c               takes free buffers, and gives them back
 * ring.c               posts frames, takes them, asks for a kick
 * progress.c           tells senders and receiver of each other's progress
 * section.c            formats a section, attaches to one, empties a ring
 * lock.c               takes locks and takes them over
 * frame.c              checks frames
 * shared.h             finds, loads and stores shared words
 * words.h              packs and unpacks them
 * ==================== ====================================================
 *
 * The driver above uses ring.h, recover.h, and what these include: pool.h,
 * frame.h and port.h.
 */

/* How many slots ahead a post takes at least from the receiver's cache. */
#define VNI_SLOTS_AHEAD	4

/* vni_slot_fill() goes word by word. */
static_assert(offsetof(struct vni_slot, vnet_flags) == 2 * sizeof(u64));
static_assert(offsetof(struct vni_slot, tsc) == 4 * sizeof(u64));
static_assert(offsetof(struct vni_slot, data) == 4 * sizeof(u64) + 4);

/* Does the slot before a tail belong to it, and the one at it not? */
static bool vni_tail_fits_slots(const struct vni_port *port,
				struct vni_ring *ring, u32 tail)
{
	return vni_slot_filled(port, ring, tail - 1) &&
	       !vni_slot_filled(port, ring, tail);
}

/* Is a tail sound? See the top of this file for the three conditions. */
static bool vni_tail_sound(const struct vni_port *port, struct vni_ring *ring,
			   u32 head, u32 tail)
{
	return tail - head <= port->geometry.nr_slots &&
	       vni_tail_fits_slots(port, ring, tail);
}

/* The first position from head on that is not filled. */
static u32 vni_tail_from_slots(const struct vni_port *port,
			       struct vni_ring *ring, u32 head)
{
	u32 n = 0;

	while (n < port->geometry.nr_slots &&
	       vni_slot_filled(port, ring, head + n))
		n++;
	return head + n;
}

/*
 * Find where to post @n frames, and how many slots are free from there on:
 * fewer than @n only if the ring has no more. The ring's lock is held.
 * -EPROTO: slots are damaged, so that no position would be right.
 */
static int vni_tail_find(struct vni_port *port, struct vni_ring *ring, u32 to,
			 u32 n, u32 *tail, u32 *space)
{
	const struct vni_tx *tx = &port->tx[to];
	u32 head;

	*tail = mint_load(&ring->tail);
	*space = tx->space;
	if (*tail == tx->tail && *space >= n &&
	    vni_tail_fits_slots(port, ring, *tail))
		return 0;
	/* Pairs with the release of head in vni_head_publish(). */
	head = mint_load_acquire(&ring->head);
	if (!vni_tail_sound(port, ring, head, *tail)) {
		vni_fault_count(port, VNI_FAULT_RING_INDEX);
		*tail = vni_tail_from_slots(port, ring, head);
		if (!vni_tail_sound(port, ring, head, *tail))
			return -EPROTO;
	}
	*space = port->geometry.nr_slots - (*tail - head);
	return 0;
}

/**
 * vni_ring_lock() - take a ring's lock, and repair the ring if need be
 * @port: of the node that becomes the lock's owner
 * @ring: own one or that of another node
 * @cpu: number of the calling CPU in its node
 *
 * A dead owner may have filled slots that tail does not count yet.
 *
 * Return: 0, or -EBUSY when the bound was reached, which is counted.
 */
int vni_ring_lock(struct vni_port *port, struct vni_ring *ring, u32 cpu)
{
	u32 head;

	switch (vni_lock(port, &ring->lock, cpu)) {
	case MINT_LOCK_TAKEN:
		return 0;
	case MINT_LOCK_TAKEN_OVER:
		/* Pairs with the release of head in vni_head_publish(). */
		head = mint_load_acquire(&ring->head);
		mint_store(&ring->tail, vni_tail_from_slots(port, ring, head));
		return 0;
	default:
		return -EBUSY;
	}
}

/*
 * Write all of a slot but its first word. Word by word, without a copy that is
 * put together from fields: loading whole words of it would stall.
 */
static void vni_slot_fill(u64 *to, u64 from, const struct vni_frame *frame)
{
	const u64 *words = (const u64 *)&frame->slot;
	bool data = vni_frame_inline(frame) ||
		    frame->slot.vnet_flags & (VNI_NET_ENCAP | VNI_NET_START);

	mint_store(&to[1], from | vni_slot_head(frame->slot.head));
	mint_store(&to[2], words[2]);
	mint_store(&to[3], words[3]);
	mint_store(&to[4], data ? words[4] : (u64)frame->slot.tsc);
	mint_store(&to[5], data ? words[5] : 0ULL);
	mint_store(&to[6], data ? words[6] : 0ULL);
	mint_store(&to[7], data ? words[7] : 0ULL);
}

static void vni_rest_fill(u64 *to, const struct vni_rest *rest)
{
	const u64 *words = (const u64 *)rest;
	unsigned int i;

	for (i = 0; i < sizeof(*rest) / sizeof(*words); i++)
		mint_store(&to[i], words[i]);
}

static void vni_frame_fill(struct vni_port *port, struct vni_ring *ring,
			   u32 position, u64 from,
			   const struct vni_frame *frame)
{
	vni_slot_fill(vni_slot_words(port, ring, position), from, frame);
	if (vni_frame_inline(frame) && vni_frame_rest(frame->length))
		vni_rest_fill(vni_rest_words(port, ring, position),
			      &frame->rest);
}

static void vni_slot_publish(struct vni_slot *shared, u32 position,
			     const struct vni_frame *frame)
{
	/* Publish: pairs with the acquire in vni_ring_take(). */
	mint_store_release(&shared->word,
			   vni_slot_word(position, frame->handle, frame->length,
					 frame->flags));
}

/* Does the ring's owner take frames, and is it the incarnation meant? */
static bool vni_receiver_takes(const struct vni_port *port,
			       struct vni_ring *ring, u32 to, u32 generation)
{
	u32 buried = mint_load(&port->buried[vni_ring_node(port, to)]);

	return mint_load(&ring->receiver.open) == 1 &&
	       mint_load(&ring->receiver.generation) == generation &&
	       !(buried && (s32)(generation - buried) <= 0);
}

/*
 * Take the cache lines of the next slots from the receiver, by one store to
 * each: the CPU then requests all of them at once. The eight stores that fill a
 * slot would have it wait for one line after the other, and a prefetch ignores
 * a line of which the cache has a copy. Free slots only, as the word may belong
 * to an inline frame.
 */
static void vni_slots_own(struct vni_port *port, struct vni_ring *ring, u32 to,
			  u32 tail, u32 n, u32 space)
{
	struct vni_tx *tx = &port->tx[to];
	u32 i;

	if ((s32)(tx->owned - (tail + n)) >= 0)
		return;
	if (n < VNI_SLOTS_AHEAD)
		n = space < VNI_SLOTS_AHEAD ? space : VNI_SLOTS_AHEAD;
	for (i = 0; i < n; i++)
		mint_store(&vni_slot_words(port, ring, tail + i)[7], 0ULL);
	tx->owned = tail + n;
}

static int vni_ring_post_locked(struct vni_port *port, struct vni_ring *ring,
				u32 to, u32 to_generation,
				const struct vni_frame *frames, unsigned int n)
{
	u64 state = vni_state_inflight(port->node, port->generation, to,
				       to_generation);
	u64 from = vni_slot_from(port->node, vni_ring_queue(port, to),
				 port->generation);
	u32 tail, space, fit, i;

	if (!vni_receiver_takes(port, ring, to, to_generation))
		return -ENETDOWN;
	if (vni_tail_find(port, ring, to, n, &tail, &space))
		return -EPROTO;
	if (n > space)
		n = space;
	vni_slots_own(port, ring, to, tail, n, space);
	fit = vni_frames_give(port, state, frames, n);
	for (i = 0; i < fit; i++)
		vni_frame_fill(port, ring, tail + i, from, &frames[i]);
	/*
	 * Last and together: a receiver that is awake would otherwise fetch
	 * lines of slots that are being filled.
	 */
	for (i = 0; i < fit; i++)
		vni_slot_publish(vni_slot_at(port, ring, tail + i), tail + i,
				 &frames[i]);
	/* Not before the slots: pairs with the acquire in vni_ring_damaged(). */
	mint_store_release(&ring->tail, tail + fit);
	port->tx[to].tail = tail + fit;
	port->tx[to].space = space - fit;
	if (fit == n)
		return n;
	vni_fault_count(port, VNI_FAULT_STATE);
	return fit ? (int)fit : -EINVAL;
}

/**
 * vni_ring_post() - put frames into a ring
 * @port: the sender's
 * @cpu: number of the calling CPU in its node; no other context of it posts
 *	meanwhile
 * @to: number of the ring, not an own one
 * @to_generation: the incarnation of its node that is meant
 * @frames: the frames; their buffers, if any, ALLOC or HELD by this node
 * @n: number of @frames
 *
 * What was posted belongs to the destination; the rest stays with the caller.
 * Follow up with vni_ring_needs_kick().
 *
 * Return: number of frames posted, in order, less than @n when the ring is
 * full; -ENETDOWN if that incarnation takes no frames; -EBUSY if the lock
 * could not be had; -EPROTO if the ring is damaged; -EINVAL for a bad
 * destination or a first frame that cannot be sent.
 */
int vni_ring_post(struct vni_port *port, u32 cpu, u32 to, u32 to_generation,
		  const struct vni_frame *frames, unsigned int n)
{
	struct vni_ring *ring = vni_ring_of(port, to);
	int posted;

	if (!ring || vni_ring_node(port, to) == port->node)
		return -EINVAL;
	if (vni_ring_lock(port, ring, cpu))
		return -EBUSY;
	posted = vni_ring_post_locked(port, ring, to, to_generation, frames, n);
	vni_unlock(port, &ring->lock, cpu);
	return posted;
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_post);

/**
 * vni_ring_needs_kick() - after a post: must the receiver be kicked?
 * @port: the sender's
 * @to: number of the ring
 *
 * Disarms the ring if so: the caller has to kick the receiver then, as no other
 * sender will.
 *
 * Return: true if the receiver sleeps, has enough to take, and no other sender
 * has undertaken to wake it.
 */
bool vni_ring_needs_kick(struct vni_port *port, u32 to)
{
	struct vni_ring *ring = vni_ring_of(port, to);
	u64 armed;

	if (!ring)
		return false;
	/* Slot words before armed: pairs with the barrier in vni_ring_arm(). */
	mint_mb();
	armed = mint_load(&ring->armed);
	if (!(armed & VNI_ARMED) ||
	    (u32)armed - mint_load(&ring->tail) <= port->geometry.nr_slots)
		return false;
	return mint_xchg(&ring->armed, 0ULL) & VNI_ARMED;
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_needs_kick);

/* A private copy of a slot, of which @word has been read: each word once. */
static void vni_frame_read(struct vni_frame *frame, u64 *from, u64 word)
{
	u64 *to = (u64 *)&frame->slot;

	frame->handle = vni_slot_handle(word);
	frame->length = vni_slot_length(word);
	frame->flags = vni_slot_flags(word);
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
static void vni_rest_read(struct vni_frame *frame, u64 *from)
{
	u64 *to = (u64 *)&frame->rest;
	unsigned int i;

	for (i = 0; i < sizeof(frame->rest) / sizeof(*to); i++)
		to[i] = mint_load(&from[i]);
}

/* A sound frame becomes ours: its buffer, or its bytes in the ring. */
static void vni_frame_hold(struct vni_port *port, struct vni_ring *ring,
			   u32 position, struct vni_frame *frame)
{
	if (!vni_frame_inline(frame))
		vni_state_set(port, frame->handle,
			      vni_state_own(port, VNI_STATE_HELD));
	else if (vni_frame_rest(frame->length))
		vni_rest_read(frame, vni_rest_words(port, ring, position));
}

/**
 * vni_ring_take() - take the next frame out of an own ring
 * @port: the receiver's
 * @queue: own queue, its ring open, in its receive context
 * @frame: filled in, all fields checked and private
 *
 * Its buffer is then HELD by this node, until it is freed or posted on. The
 * slot is free for senders when an eighth of the ring has been taken, the ring
 * has been found empty, or vni_ring_release() has been called.
 *
 * Return: 1; 0 if the ring is empty; -EBADMSG if there was a bad descriptor:
 * it was counted and skipped, and its buffer left alone.
 */
int vni_ring_take(struct vni_port *port, u32 queue, struct vni_frame *frame)
{
	struct vni_ring *ring = vni_own_ring(port, queue);
	struct vni_rx *rx = &port->rx[queue];
	u64 *words = vni_slot_words(port, ring, rx->head);
	/* Publish: pairs with the release in vni_slot_publish(). */
	u64 word = mint_load_acquire(&words[0]);
	enum vni_fault fault;

	if (!vni_word_fills(word, rx->head)) {
		vni_head_publish(rx, ring);
		return 0;
	}
	vni_frame_read(frame, words, word);
	fault = vni_frame_fault(port, queue, frame);
	if (!fault) {
		vni_frame_hold(port, ring, rx->head, frame);
		rx->served |= 1ULL << frame->slot.source;
	} else {
		vni_fault_count(port, fault);
		rx->served = ~0ULL;
	}
	rx->head++;
	if (rx->head - rx->published >= port->geometry.nr_slots / 8)
		vni_head_publish(rx, ring);
	return fault ? -EBADMSG : 1;
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_take);

/**
 * vni_ring_damaged() - is an own ring in a state that no sender leaves behind?
 * @port: the receiver's
 * @ring: own ring
 * @head: the private one of its receive context
 *
 * Either tail claims frames that no slot shows, or the slot before head is of
 * another lap. Looks at the slot of head last, as a frame may arrive meanwhile.
 *
 * Return: true if so.
 */
bool vni_ring_damaged(struct vni_port *port, struct vni_ring *ring, u32 head)
{
	/* Pairs with the release of tail in vni_ring_post_locked(). */
	u32 ahead = mint_load_acquire(&ring->tail) - head;

	return ((ahead && ahead <= port->geometry.nr_slots) ||
		!vni_slot_filled(port, ring, head - 1)) &&
	       !vni_slot_filled(port, ring, head);
}

/**
 * vni_ring_pending() - has an own ring something to do?
 * @port: the receiver's
 * @queue: own queue, its ring open
 *
 * Its receive context may be at work meanwhile.
 *
 * Return: true if a frame can be taken, or if the ring is damaged:
 * vni_ring_mend().
 */
bool vni_ring_pending(struct vni_port *port, u32 queue)
{
	struct vni_ring *ring = vni_own_ring(port, queue);
	u32 head = mint_load(&port->rx[queue].head);

	return vni_slot_filled(port, ring, head) ||
	       vni_ring_damaged(port, ring, head);
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_pending);

/**
 * vni_ring_arm() - ask to be kicked, before going to sleep
 * @port: the receiver's
 * @queue: own queue, its ring open, in its receive context
 * @frames: how many frames are worth a kick, 1 to half a ring. More than one
 *	needs a caller that looks again by itself after a while.
 *
 * No frame gets into a damaged ring, so vni_ring_mend() comes before this.
 *
 * Return: true if the ring is armed: the caller may sleep. False if that many
 * frames can be taken, or nodes are to be kicked: vni_ring_release().
 */
bool vni_ring_arm(struct vni_port *port, u32 queue, u32 frames)
{
	struct vni_ring *ring = vni_own_ring(port, queue);
	u32 head = port->rx[queue].head;
	u32 last = head + frames - 1;

	/* Sets right a head that another node may have scribbled on. */
	mint_store(&ring->head, head);
	port->rx[queue].published = head;
	mint_store(&ring->armed, VNI_ARMED | last);
	/*
	 * Armed before the slot: pairs with the one in vni_ring_needs_kick().
	 * Head before waiters: pairs with the one in vni_ring_wait_space().
	 */
	mint_mb();
	if (!vni_slot_filled(port, ring, last) && !mint_load(&ring->waiters) &&
	    !(mint_load(&ring->watchers) & port->rx[queue].served))
		return true;
	vni_ring_disarm(port, queue);
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_arm);

/**
 * vni_ring_disarm() - want no kick, as an own ring is being polled
 * @port: the receiver's
 * @queue: own queue
 */
void vni_ring_disarm(struct vni_port *port, u32 queue)
{
	u64 *armed = &vni_own_ring(port, queue)->armed;

	/* Mostly it is zero: then senders keep their copies of the line. */
	if (mint_load(armed))
		mint_store(armed, 0ULL);
}
EXPORT_SYMBOL_IF_KUNIT(vni_ring_disarm);
