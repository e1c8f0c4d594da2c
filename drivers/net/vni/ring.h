/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffer manager and address rings of vni, as one node uses them.
 *
 * Compiles in the kernel and in user space: no allocation, no sleeping, no
 * kernel calls beyond <mint/atomic.h> and memcpy(). The protocol, its memory
 * ordering and its repair are described at the top of ring.c.
 */
#ifndef VNI_RING_H
#define VNI_RING_H

#include <linux/errno.h>
#include <mint/vni.h>

#define VNI_CACHE_HANDLES	256
#define VNI_BATCH		32

/**
 * enum vni_fault - what can be wrong with shared words; each has a counter
 * @VNI_FAULT_RING_INDEX: head or tail impossible
 * @VNI_FAULT_HANDLE: handle out of range
 * @VNI_FAULT_LENGTH: length zero, too short or longer than its buffer
 * @VNI_FAULT_STATE: state word does not say "posted to me by this sender"
 * @VNI_FAULT_SLOT: other impossible field in a descriptor
 * @VNI_FAULT_POOL: free list disagrees with the state words
 * @VNI_FAULT_STALE: frame from or for an incarnation that has ended
 * @VNI_FAULT_LOCK_TIMEOUT: a living owner kept a lock beyond the bound
 * @VNI_FAULT_LOCK_LOST: our lock was taken over while we held it
 * @VNI_NR_FAULTS: number of kinds
 */
enum vni_fault {
	VNI_FAULT_RING_INDEX,
	VNI_FAULT_HANDLE,
	VNI_FAULT_LENGTH,
	VNI_FAULT_STATE,
	VNI_FAULT_SLOT,
	VNI_FAULT_POOL,
	VNI_FAULT_STALE,
	VNI_FAULT_LOCK_TIMEOUT,
	VNI_FAULT_LOCK_LOST,
	VNI_NR_FAULTS,
};

/**
 * struct vni_rx - the receive context of one own ring
 * @ring_offset: the ring, from the start of the section
 * @head: next position to take; the one in shared memory is only ever a copy
 * @published: what was stored there last, less than an eighth ring behind
 * @cpu: number of the CPU that the context runs on, for lock words
 * @state: what the state word of any buffer in flight to the ring has in common
 * @served: a bit for each node of which frames have left the ring since the
 *	last look at its watchers
 * @pad: keeps the contexts of two CPUs out of one cache line
 */
struct vni_rx {
	__u64 ring_offset;
	__u32 head;
	__u32 published;
	__u32 cpu;
	__u64 state;
	__u64 served;
	__u64 pad[3];
};

/**
 * struct vni_tx - what this node knows of a ring that it posts to
 * @tail: where its last post ended
 * @space: how many slots were free then. If @tail has not moved since, nobody
 *	else has posted and there are still as many, so that the line with the
 *	receiver's head need not be fetched.
 * @owned: the lines of slots before this position were taken into our cache
 *
 * Guarded by the lock of the ring.
 */
struct vni_tx {
	__u32 tail;
	__u32 space;
	__u32 owned;
};

/**
 * struct vni_port - one node's private view of a vni section
 * @base: the section, mapped
 * @geometry: private copy of the header, checked by vni_port_init()
 * @node: own node id
 * @generation: own generation
 * @lock_spins: bound for taking a lock
 * @dead: tells whether an incarnation is fenced
 * @dead_context: handed to @dead
 * @faults: counters, by enum vni_fault; updated without a lock, may lose
 *	an increment when two CPUs count at once
 * @takeovers: locks taken over from the dead, likewise
 * @queue_shift: a ring number shifted right by it is a node id
 * @own: what the state words of all buffers that this node has in common
 * @bulk: by class, how many buffers move between cache and pool at once
 * @rx: by queue, the receive contexts
 * @tx: by ring number, what was found at the last post
 * @buried: by node id, the last generation that vni_port_bury() was told of
 * @unlisted: by class, nonzero when a free buffer was left out of the list
 *	because the pool's lock could not be had
 */
struct vni_port {
	void *base;
	struct vni_header geometry;
	__u32 node;
	__u32 generation;
	unsigned int lock_spins;
	mint_owner_dead_fn dead;
	void *dead_context;
	__u64 faults[VNI_NR_FAULTS];
	__u64 takeovers;
	__u32 queue_shift;
	__u64 own;
	__u32 bulk[VNI_NR_CLASSES];
	struct vni_rx rx[VNI_MAX_QUEUES];
	struct vni_tx tx[MINT_MAX_NODES * VNI_MAX_QUEUES];
	__u32 buried[MINT_MAX_NODES];
	__u32 unlisted[VNI_NR_CLASSES];
};

/**
 * struct vni_cache - free buffers that one CPU of the node keeps at hand
 * @cpu: number of that CPU in its node, for lock words
 * @count: handles in @handles, by class
 * @handles: free buffers in state CACHED
 *
 * Private memory, used by one context at a time (in the kernel: one CPU with
 * BH off). Zeroed plus @cpu set is a valid empty cache.
 */
struct vni_cache {
	__u32 cpu;
	__u32 count[VNI_NR_CLASSES];
	__u32 handles[VNI_NR_CLASSES][VNI_CACHE_HANDLES];
};

/**
 * struct vni_frame - private copy of one descriptor
 * @handle: the buffer; VNI_NO_BUF: none, the frame is inline
 * @length: bytes of it, VNI_MIN_FRAME to VNI_MAX_FRAME; if it is inline, to
 *	VNI_INLINE_BYTES
 * @flags: VNI_SLOT_*
 * @slot: the other fields; @slot.word is unused
 * @rest: of an inline frame, what follows @slot.data
 */
struct vni_frame {
	__u32 handle;
	__u32 length;
	__u32 flags;
	struct vni_slot slot;
	struct vni_rest rest;
};

/**
 * struct vni_census - where all buffers are, by state word
 * @state: buffers by VNI_STATE_*
 * @invalid: state words of no known state
 * @listed: handles in the pools' lists
 */
struct vni_census {
	__u32 state[VNI_STATE_BAD + 1];
	__u32 invalid;
	__u32 listed;
};

/**
 * vni_frame_inline() - does a frame travel without a buffer?
 * @frame: the frame
 *
 * Return: nonzero if so.
 */
static inline int vni_frame_inline(const struct vni_frame *frame)
{
	return frame->handle == VNI_NO_BUF;
}

/**
 * vni_frame_rest() - how much of an inline frame does not fit into its slot?
 * @length: bytes of the frame
 *
 * Return: bytes.
 */
static inline __u32 vni_frame_rest(__u32 length)
{
	return length > VNI_SLOT_DATA_BYTES ? length - VNI_SLOT_DATA_BYTES : 0;
}

/**
 * vni_ring_of() - a ring by its number
 * @port: the port
 * @number: of the ring, as vni_ring_number() gives it
 *
 * Return: the ring, or NULL for a number out of range.
 */
static inline struct vni_ring *vni_ring_of(const struct vni_port *port,
					   __u32 number)
{
	if (number >= port->geometry.nr_nodes << port->queue_shift)
		return NULL;
	return (void *)((char *)port->base + port->geometry.ring_offset +
			(__u64)number * port->geometry.ring_bytes);
}

/**
 * vni_ring_number() - number of the ring that leads to a queue of a node
 * @port: the port
 * @node: node id
 * @queue: below @port->geometry.nr_queues
 *
 * Return: the number; out of range if @node is.
 */
static inline __u32 vni_ring_number(const struct vni_port *port, __u32 node,
				    __u32 queue)
{
	return (node << port->queue_shift) + queue;
}

/* Format and attach */
int vni_section_format(void *section, __u64 bytes, __u32 nr_nodes,
		       __u32 nr_queues, __u32 nr_slots);
int vni_port_init(struct vni_port *port, void *section, __u64 bytes,
		  __u32 node, __u32 generation, mint_owner_dead_fn dead,
		  void *dead_context);

/* The class of a handle that is known to be below nr_bufs. */
static inline unsigned int vni_class_of(const struct vni_port *port,
					__u32 handle)
{
	unsigned int class, n = 0;

	for (class = 1; class < VNI_NR_CLASSES; class++)
		n += handle >= port->geometry.classes[class].first;
	return n;
}

/**
 * vni_class_for() - the class for a frame
 * @port: the port
 * @length: bytes of the frame
 *
 * Return: the smallest VNI_CLASS_* whose buffers hold it, or -EMSGSIZE. A class
 * that has none holds nothing.
 */
static inline int vni_class_for(const struct vni_port *port, __u32 length)
{
	int class;

	for (class = 0; class < VNI_NR_CLASSES; class++)
		if (length <= port->geometry.classes[class].buf_bytes &&
		    port->geometry.classes[class].count)
			return class;
	return -EMSGSIZE;
}

/**
 * vni_buf_data() - where the bytes of a buffer lie
 * @port: the port
 * @handle: the buffer
 *
 * Return: its first byte, or NULL for a handle out of range.
 */
static inline void *vni_buf_data(const struct vni_port *port, __u32 handle)
{
	const struct vni_class *c;

	if (handle >= port->geometry.nr_bufs)
		return NULL;
	c = &port->geometry.classes[vni_class_of(port, handle)];
	return (char *)port->base + c->data_offset +
	       (__u64)(handle - c->first) * c->buf_bytes;
}

/**
 * vni_buf_bytes() - how much a buffer holds
 * @port: the port
 * @handle: the buffer
 *
 * Return: bytes, 0 for a handle out of range.
 */
static inline __u32 vni_buf_bytes(const struct vni_port *port, __u32 handle)
{
	if (handle >= port->geometry.nr_bufs)
		return 0;
	return port->geometry.classes[vni_class_of(port, handle)].buf_bytes;
}

/**
 * vni_frame_start() - where in its buffer a frame begins
 * @frame: the frame, not inline
 *
 * Return: bytes from the start of the buffer.
 */
static inline __u32 vni_frame_start(const struct vni_frame *frame)
{
	return frame->slot.head ? VNI_HEAD_END - frame->slot.head : 0;
}

/**
 * vni_frame_data() - where the bytes of a frame lie
 * @port: the port
 * @frame: the frame, not inline, with a handle that is in range
 *
 * Return: its first byte.
 */
static inline void *vni_frame_data(const struct vni_port *port,
				   const struct vni_frame *frame)
{
	return (char *)vni_buf_data(port, frame->handle) +
	       vni_frame_start(frame);
}

/* Buffers */
__u32 vni_buf_alloc(struct vni_port *port, struct vni_cache *cache,
		    unsigned int class);
void vni_buf_free(struct vni_port *port, struct vni_cache *cache,
		  __u32 handle);
__u32 vni_pool_level(const struct vni_port *port, unsigned int class);
void vni_cache_flush(struct vni_port *port, struct vni_cache *cache);

/* Sending */
int vni_ring_post(struct vni_port *port, __u32 cpu, __u32 to,
		  __u32 to_generation, const struct vni_frame *frames,
		  unsigned int n);
int vni_ring_needs_kick(struct vni_port *port, __u32 to);

/* Receiving */
int vni_ring_take(struct vni_port *port, __u32 queue, struct vni_frame *frame);
int vni_ring_pending(struct vni_port *port, __u32 queue);
int vni_ring_arm(struct vni_port *port, __u32 queue, __u32 frames);
void vni_ring_disarm(struct vni_port *port, __u32 queue);

/* Progress of a receiver */
unsigned int vni_ring_space(struct vni_port *port, __u32 to);
__u32 vni_ring_posted(struct vni_port *port, __u32 to);
int vni_ring_in_flight(struct vni_port *port, __u32 to, __u32 end);
void vni_ring_wait_space(struct vni_port *port, __u32 to);
void vni_ring_watch(struct vni_port *port, __u32 to);
__u64 vni_ring_take_waiters(struct vni_port *port, __u32 queue);

/* Life and death */
int vni_ring_open(struct vni_port *port, __u32 queue, __u32 cpu,
		  const struct vni_receiver *receiver);
void vni_ring_close(struct vni_port *port, __u32 queue,
		    struct vni_cache *cache);
void vni_ring_mend(struct vni_port *port, __u32 queue);
unsigned int vni_port_bury(struct vni_port *port, struct vni_cache *cache,
			   __u32 node, __u32 generation);
void vni_port_census(struct vni_port *port, struct vni_census *census);

#endif /* VNI_RING_H */
