// SPDX-License-Identifier: GPL-2.0
/*
 * What a frame must be like: of the caller's, before it is posted; of another
 * node's, before anything in it is used.
 *
 * Looks at private copies of descriptors, and at state words.
 */
#include "shared.h"

#define VNI_SLOT_FLAGS	(VNI_SLOT_VLAN | VNI_SLOT_HASH | VNI_SLOT_HASH_L4)

/* Can the headers end at a page border, if they are said to? */
static inline bool vni_head_ok(const struct vni_frame *frame)
{
	u32 head = frame->slot.head;

	return !head || (head >= VNI_MIN_HEAD && head <= frame->length);
}

/*
 * Does a frame fit into its buffer, which may not even exist, or its slot? One
 * that begins late fits into no slot.
 */
static inline bool vni_length_ok(const struct vni_port *port,
				 const struct vni_frame *frame)
{
	u32 room = vni_frame_inline(frame) ? VNI_INLINE_BYTES :
		     vni_buf_bytes(port, frame->handle);

	return frame->length >= VNI_MIN_FRAME &&
	       vni_frame_start(frame) + frame->length <= room &&
	       frame->length <= VNI_MAX_FRAME && vni_head_ok(frame);
}

static bool vni_frame_ok(const struct vni_port *port,
			 const struct vni_frame *frame)
{
	return vni_length_ok(port, frame) &&
	       !(frame->flags & ~VNI_SLOT_FLAGS) &&
	       (vni_frame_inline(frame) ||
		vni_state_mine(port, vni_state_get(port, frame->handle)));
}

/**
 * vni_frames_give() - give buffers away that are to be posted
 * @port: the port
 * @state: what their state words become
 * @frames: the frames
 * @n: number of them
 *
 * Ends at the first frame that is not well-formed or has a buffer that is not
 * ours, be it because an earlier one has it too.
 *
 * Return: number of frames before that one.
 */
unsigned int vni_frames_give(struct vni_port *port, u64 state,
			     const struct vni_frame *frames, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n && vni_frame_ok(port, &frames[i]); i++)
		if (!vni_frame_inline(&frames[i]))
			vni_state_set(port, frames[i].handle, state);
	return i;
}

static bool vni_slot_ok(const struct vni_port *port, u32 queue,
			const struct vni_frame *frame)
{
	const u64 *words = (const u64 *)&frame->slot;
	/* The source alone, or more than any if queue is wrong. */
	u32 source = (u32)words[1] ^ queue << 16 ^
		     (u32)vni_slot_head(frame->slot.head);

	return source < port->geometry.nr_nodes && source != port->node &&
	       !(frame->flags & ~VNI_SLOT_FLAGS) &&
	       (vni_frame_inline(frame) ||
		frame->slot.vnet_flags & VNI_NET_ENCAP ||
		!(words[4] >> 32 | words[5] | words[6] | words[7]));
}

/**
 * vni_frame_fault() - what is wrong with a frame that stands in an own ring?
 * @port: the port
 * @queue: own queue
 * @frame: a private copy of its descriptor
 *
 * Return: the first fault found, or VNI_FAULT_NONE.
 */
enum vni_fault vni_frame_fault(const struct vni_port *port, u32 queue,
			       const struct vni_frame *frame)
{
	u32 number = vni_ring_number(port, port->node, queue);
	const struct vni_slot *slot = &frame->slot;
	u64 state, expected;

	if (frame->handle >= port->geometry.nr_bufs && !vni_frame_inline(frame))
		return VNI_FAULT_HANDLE;
	if (!vni_length_ok(port, frame))
		return VNI_FAULT_LENGTH;
	if (!vni_slot_ok(port, queue, frame))
		return VNI_FAULT_SLOT;
	if (vni_frame_inline(frame))
		return VNI_FAULT_NONE;
	state = vni_state_get(port, frame->handle);
	expected = vni_state_make(VNI_STATE_INFLIGHT, slot->source,
				  slot->generation) | port->rx[queue].state;
	if (state == expected)
		return VNI_FAULT_NONE;
	if (vni_state_kind(state) == VNI_STATE_INFLIGHT &&
	    vni_state_owner(state) == slot->source &&
	    vni_state_ring(state) == number)
		return VNI_FAULT_STALE;
	return VNI_FAULT_STATE;
}
