/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vni section as one node sees it: its private copy of the geometry, what it
 * knows of the rings, and what it has found wrong.
 *
 * All files of the protocol compile in user space too, where tests/userspace/include
 * and boot/mint-loader/include stand in for the kernel's headers: no allocation, no
 * sleeping, no kernel calls beyond <mint/atomic.h> and memcpy().
 */
#ifndef VNI_PORT_H
#define VNI_PORT_H

#include <linux/errno.h>
#include <linux/types.h>
#include <mint/vni.h>

/* A batch: of frames for one post, of buffers for one look at a list. */
#define VNI_BATCH		32

/**
 * enum vni_fault - what can be wrong with shared words; each has a counter
 * @VNI_FAULT_NONE: nothing; has no counter
 * @VNI_FAULT_RING_INDEX: head or tail impossible
 * @VNI_FAULT_HANDLE: handle out of range
 * @VNI_FAULT_LENGTH: length zero, too short or longer than its buffer
 * @VNI_FAULT_STATE: state word does not say "posted to me by this sender"
 * @VNI_FAULT_SLOT: other impossible field in a descriptor
 * @VNI_FAULT_POOL: free list disagrees with the state words
 * @VNI_FAULT_STALE: frame from or for an incarnation that has ended
 * @VNI_FAULT_LOCK_TIMEOUT: a living owner kept a lock beyond the bound
 * @VNI_FAULT_LOCK_LOST: our lock was taken over while we held it
 * @VNI_NR_FAULTS: number of these
 */
enum vni_fault {
	VNI_FAULT_NONE,
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
 * @head: next position to take; the head in shared memory is a copy of it
 * @published: the head stored there last, less than an eighth of the ring
 *	behind @head
 * @cpu: number of the CPU that the context runs on, for lock words
 * @state: the bits that the state words of all buffers in flight to the ring
 *	share
 * @served: a bit for each node: a frame of it has been taken since
 *	vni_ring_release() last looked at the watchers
 * @pad: keeps the contexts of two CPUs out of one cache line
 */
struct vni_rx {
	u64 ring_offset;
	u32 head;
	u32 published;
	u32 cpu;
	u64 state;
	u64 served;
	u64 pad[3];
};

/**
 * struct vni_tx - what this node knows of a ring that it posts to
 * @tail: position behind the last post of this node
 * @space: free slots at that time. While the ring's tail equals @tail, nobody
 *	else has posted and at least as many are free: the cache line with the
 *	receiver's head need not be read.
 * @owned: the cache lines of slots before this position are ours already
 *
 * Guarded by the lock of the ring.
 */
struct vni_tx {
	u32 tail;
	u32 space;
	u32 owned;
};

/**
 * struct vni_port - one node's private view of a vni section
 * @base: start of the mapped section
 * @geometry: private copy of the header, checked by vni_port_init()
 * @node: own node id
 * @generation: own generation
 * @lock_spins: looks at a lock before it is given up
 * @dead: tells whether an incarnation is fenced
 * @dead_context: handed to @dead
 * @faults: counters, by enum vni_fault. No lock guards them: when two CPUs
 *	count at once, an increment may be lost.
 * @takeovers: locks taken over from dead owners; counted like @faults
 * @queue_shift: a ring number shifted right by it is a node id
 * @own: the bits that the state words of all buffers of this node share
 * @bulk: by class, how many buffers move between cache and pool at once
 * @rx: by queue, the receive contexts
 * @tx: by ring number; those of own rings are not used
 * @buried: by node id, the last generation that vni_port_bury() was told of
 * @unlisted: by class, nonzero when a free buffer was left out of the list
 *	because the pool's lock could not be had
 */
struct vni_port {
	void *base;
	struct vni_header geometry;
	u32 node;
	u32 generation;
	unsigned int lock_spins;
	mint_owner_dead_fn dead;
	void *dead_context;
	u64 faults[VNI_NR_FAULTS];
	u64 takeovers;
	u32 queue_shift;
	u64 own;
	u32 bulk[VNI_NR_CLASSES];
	struct vni_rx rx[VNI_MAX_QUEUES];
	struct vni_tx tx[MINT_MAX_NODES * VNI_MAX_QUEUES];
	u32 buried[MINT_MAX_NODES];
	u32 unlisted[VNI_NR_CLASSES];
};

/**
 * vni_ring_of() - find a ring in the section
 * @port: own view of the section
 * @number: of the ring, as vni_ring_number() gives it
 *
 * Return: the ring, or NULL for a number out of range.
 */
static inline struct vni_ring *vni_ring_of(const struct vni_port *port,
					   u32 number)
{
	if (number >= port->geometry.nr_nodes << port->queue_shift)
		return NULL;
	return (void *)((char *)port->base + port->geometry.ring_offset +
			(u64)number * port->geometry.ring_bytes);
}

/**
 * vni_ring_number() - number of the ring that leads to a queue of a node
 * @port: own view of the section
 * @node: node id
 * @queue: below @port->geometry.nr_queues
 *
 * Return: the number; out of range if @node is.
 */
static inline u32 vni_ring_number(const struct vni_port *port, u32 node,
				  u32 queue)
{
	return (node << port->queue_shift) + queue;
}

int vni_section_format(void *section, u64 bytes, u32 nr_nodes, u32 nr_queues,
		       u32 nr_slots);
int vni_port_init(struct vni_port *port, void *section, u64 bytes, u32 node,
		  u32 generation, mint_owner_dead_fn dead, void *dead_context);

#endif /* VNI_PORT_H */
