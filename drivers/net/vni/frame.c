// SPDX-License-Identifier: GPL-2.0
/*
 * Checks of frames: of own ones before they are posted, of those of other nodes
 * before anything in them is used.
 *
 * Looks at private copies of descriptors alone, and at state words.
 */
#include "shared.h"

#define VNI_SLOT_FLAGS	(VNI_SLOT_VLAN | VNI_SLOT_HASH | VNI_SLOT_HASH_L4)

/*
 * Is there one word of where the frame begins, and if its headers are said to end
 * at a page border, can they?
 */
static inline bool vni_start_ok(const struct vni_frame *frame)
{
	u32 head = frame->slot.head;

	if (frame->slot.vnet_flags & VNI_NET_START)
		return !head && !vni_frame_inline(frame) &&
		       !(frame->slot.vnet_flags & VNI_NET_ENCAP);
	return !head || (head >= VNI_MIN_HEAD && head <= frame->length);
}

/*
 * Does a frame fit into its buffer, which may not exist, or into its slot? A
 * frame that does not begin at the start of its buffer fits into no slot.
 */
static inline bool vni_length_ok(const struct vni_port *port,
				 const struct vni_frame *frame)
{
	u32 room = vni_frame_inline(frame) ? VNI_INLINE_BYTES :
		     vni_buf_bytes(port, frame->handle);

	return frame->length >= VNI_MIN_FRAME &&
	       vni_frame_start(frame) + frame->length <= room &&
	       frame->length <= VNI_MAX_FRAME && vni_start_ok(frame);
}

/* May a frame be sent: is it well-formed, and its buffer ours? */
static bool vni_frame_ok(const struct vni_port *port,
			 const struct vni_frame *frame)
{
	return vni_length_ok(port, frame) &&
	       !(frame->flags & ~VNI_SLOT_FLAGS) &&
	       (vni_frame_inline(frame) ||
		vni_state_mine(port, vni_state_get(port, frame->handle)));
}

/**
 * vni_frames_give() - give away the buffers of frames that are to be posted
 * @port: the sender's
 * @state: what their state words become: in flight to the receiver
 * @frames: the frames
 * @n: number of @frames
 *
 * Ends at the first frame that is not well-formed, or the buffer of which is
 * not ours, perhaps because an earlier frame has it too.
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

/* Are the bytes of vni_slot.data without a meaning zero? */
static inline bool vni_slot_data_ok(const struct vni_frame *frame)
{
	const u64 *words = (const u64 *)&frame->slot;
	unsigned int used = 32;

	if (vni_frame_inline(frame) || frame->slot.vnet_flags & VNI_NET_ENCAP)
		return true;
	if (frame->slot.vnet_flags & VNI_NET_START)
		used = 48;
	return !(words[4] >> used | words[5] | words[6] | words[7]);
}

/* Are source and flags possible, and the bytes without a meaning zero? */
static bool vni_slot_ok(const struct vni_port *port, u32 queue,
			const struct vni_frame *frame)
{
	const u64 *words = (const u64 *)&frame->slot;
	/* The source if the queue is right, else more than any node id. */
	u32 source = (u32)words[1] ^ queue << 16 ^
		     (u32)vni_slot_head(frame->slot.head);

	return source < port->geometry.nr_nodes && source != port->node &&
	       !(frame->flags & ~VNI_SLOT_FLAGS) && vni_slot_data_ok(frame);
}

/**
 * vni_frame_fault() - what is wrong with a frame that stands in an own ring?
 * @port: the receiver's
 * @queue: own queue, the ring of which the frame is in
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
