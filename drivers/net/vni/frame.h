/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames as they are posted to a vni ring and taken from one.
 */
#ifndef VNI_FRAME_H
#define VNI_FRAME_H

#include <linux/string.h>

#include "pool.h"

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
	u32 handle;
	u32 length;
	u32 flags;
	struct vni_slot slot;
	struct vni_rest rest;
};

/**
 * vni_frame_inline() - does a frame travel without a buffer?
 * @frame: own one, or one that has been taken
 *
 * Return: true if so.
 */
static inline bool vni_frame_inline(const struct vni_frame *frame)
{
	return frame->handle == VNI_NO_BUF;
}

/**
 * vni_frame_rest() - how much of an inline frame does not fit into its slot?
 * @length: bytes of the frame
 *
 * Return: bytes.
 */
static inline u32 vni_frame_rest(u32 length)
{
	return length > VNI_SLOT_DATA_BYTES ? length - VNI_SLOT_DATA_BYTES : 0;
}

/**
 * vni_frame_get_inline() - copy an inline frame out of its descriptor
 * @frame: the frame
 * @to: room for all of it, up to VNI_INLINE_BYTES
 */
static inline void vni_frame_get_inline(const struct vni_frame *frame, u8 *to)
{
	u32 rest = vni_frame_rest(frame->length);

	memcpy(to, frame->slot.data, frame->length - rest);
	memcpy(to + frame->length - rest, frame->rest.data, rest);
}

/**
 * vni_frame_set_inline() - make a frame an inline one
 * @frame: its descriptor; what that says beside place and length stays
 * @from: the bytes
 * @length: of them, up to VNI_INLINE_BYTES
 */
static inline void vni_frame_set_inline(struct vni_frame *frame, const u8 *from,
					u32 length)
{
	u32 rest = vni_frame_rest(length);

	frame->handle = VNI_NO_BUF;
	frame->length = length;
	memcpy(frame->slot.data, from, length - rest);
	memset(&frame->rest, 0, sizeof(frame->rest));
	memcpy(frame->rest.data, from + length - rest, rest);
}

/**
 * vni_frame_hash() - the hash of a frame's flow
 * @frame: a frame
 *
 * Return: as its sender has it, or 0 if that has none.
 */
static inline u32 vni_frame_hash(const struct vni_frame *frame)
{
	return frame->flags & VNI_SLOT_HASH ? frame->slot.hash : 0;
}

/**
 * vni_frame_start() - where in its buffer a frame begins
 * @frame: the frame, not inline
 *
 * Return: bytes from the start of the buffer.
 */
static inline u32 vni_frame_start(const struct vni_frame *frame)
{
	const struct vni_start *start = (const void *)frame->slot.data;

	if (frame->slot.vnet_flags & VNI_NET_START)
		return start->start;
	return frame->slot.head ? VNI_HEAD_END - frame->slot.head : 0;
}

/**
 * vni_frame_set_start() - have a frame begin anywhere in its buffer
 * @frame: the frame, not inline, in no tunnel
 * @start: bytes from the start of the buffer
 *
 * Only for a receiver with VNI_CAP_START.
 */
static inline void vni_frame_set_start(struct vni_frame *frame, u16 start)
{
	struct vni_start *to = (void *)frame->slot.data;

	*to = (struct vni_start){ .start = start };
	frame->slot.vnet_flags |= VNI_NET_START;
	frame->slot.head = 0;
}

/**
 * vni_frame_data() - where the bytes of a frame lie
 * @port: own view of the section
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

#endif /* VNI_FRAME_H */
