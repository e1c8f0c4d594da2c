// SPDX-License-Identifier: GPL-2.0
/*
 * One frame on the transmit side of vni: from an skb, or from where else it lies,
 * into a descriptor and a buffer, or into the descriptor alone, and from there into
 * a ring.
 */
#include <asm/msr.h>
#include <linux/tcp.h>

#include "describe.h"
#include "device.h"
#include "trace.h"

/**
 * vni_tx_stamp() - say when this driver had a frame
 * @frame: its descriptor
 * @wanted: the receiver wants to know
 */
void vni_tx_stamp(struct vni_frame *frame, bool wanted)
{
	/* Zero says nothing. */
	if (unlikely(wanted))
		frame->slot.tsc = (u32)rdtsc() | 1;
}

static int vni_tx_fill_inline(const struct sk_buff *skb,
			      struct vni_frame *frame)
{
	u32 rest = vni_frame_rest(skb->len);
	u32 first = skb->len - rest;

	frame->handle = VNI_NO_BUF;
	memset(&frame->rest, 0, sizeof(frame->rest));
	if (skb_copy_bits(skb, 0, frame->slot.data, first) ||
	    skb_copy_bits(skb, first, frame->rest.data, rest))
		return -EINVAL;
	return 0;
}

/* Is it plain TCP with a partial checksum and its header in the linear part? */
static bool vni_tx_is_tcp(const struct sk_buff *skb)
{
	int tcp = skb_checksum_start_offset(skb);

	return skb->ip_summed == CHECKSUM_PARTIAL && !skb->encapsulation &&
	       skb->csum_offset == offsetof(struct tcphdr, check) &&
	       tcp + (int)sizeof(struct tcphdr) <= (int)skb_headlen(skb);
}

/*
 * Bytes of the headers, if the payload is to begin at a page border so that the
 * receiver can map it; 0 if the frame is to begin at the start of its buffer.
 */
static u8 vni_tx_head(const struct vni_priv *priv, const struct sk_buff *skb,
		      unsigned int class)
{
	u32 room = priv->port.geometry.classes[class].buf_bytes;
	const struct tcphdr *tcp = (void *)skb_checksum_start(skb);
	u32 head;

	/* A small buffer has no second page for the payload to begin in. */
	if (class == VNI_CLASS_SMALL || !vni_tx_is_tcp(skb))
		return 0;
	head = skb_checksum_start_offset(skb) + tcp->doff * 4;
	if (head < VNI_MIN_HEAD || head > min(skb->len, U8_MAX) ||
	    VNI_HEAD_END - head + skb->len > room)
		return 0;
	return head;
}

/* A receiver may read whole cache lines: leave no old payload there. */
static void vni_tx_clear_line(u8 *end)
{
	memset(end, 0, PTR_ALIGN(end, 64) - end);
}

/* Copies a frame into a buffer, which then belongs to @frame. */
static int vni_tx_fill_buffer(struct vni_priv *priv, const struct sk_buff *skb,
			      struct vni_place place, struct vni_frame *frame)
{
	u8 *data;

	frame->handle = vni_buf_get(priv, place.class);
	if (frame->handle == VNI_NO_BUF)
		return -ENOBUFS;

	/* Where a tunnel is described there is no place for a start. */
	if (likely(!place.headroom || frame->slot.vnet_flags & VNI_NET_ENCAP))
		frame->slot.head = vni_tx_head(priv, skb, place.class);
	else
		vni_frame_set_start(frame, place.headroom);
	data = vni_frame_data(&priv->port, frame);
	if (skb_copy_bits(skb, 0, data, skb->len)) {
		vni_buf_put(priv, frame->handle);
		return -EINVAL;
	}
	vni_tx_clear_line(data + skb->len);
	return 0;
}

/**
 * vni_tx_place() - what a frame takes to lie in
 * @priv: the device that sends it
 * @receiver: copy of its receiver's line
 * @length: bytes of it
 * @place: filled in
 *
 * Return: 0, or -EMSGSIZE if no buffer holds it.
 */
int vni_tx_place(const struct vni_priv *priv, const struct vni_receiver *receiver,
		 u32 length, struct vni_place *place)
{
	*place = (struct vni_place){
		.class = VNI_CLASS_INLINE,
		.stamp = receiver->features & VNI_CAP_TSC,
	};
	if (length <= VNI_INLINE_BYTES)
		return 0;
	if (unlikely(receiver->features & VNI_CAP_HEADROOM &&
		     length <= VNI_MAX_PLAIN_FRAME))
		place->headroom = VNI_HEADROOM;
	place->class = vni_class_for(&priv->port, place->headroom + length);
	return place->class < 0 ? place->class : 0;
}

/**
 * vni_tx_fill_raw() - describe a frame that is no skb, and copy it
 * @priv: the device whose pool the buffer comes from
 * @data: the frame
 * @length: bytes of it
 * @place: what it takes, as vni_tx_place() says
 * @frame: filled in; a buffer that it names then belongs to it
 *
 * Return: 0, or -ENOBUFS if there is no buffer.
 */
int vni_tx_fill_raw(struct vni_priv *priv, const void *data, u32 length,
		    struct vni_place place, struct vni_frame *frame)
{
	u8 *to;

	*frame = (struct vni_frame){ .length = length };
	vni_tx_stamp(frame, place.stamp);
	if (place.class == VNI_CLASS_INLINE) {
		vni_frame_set_inline(frame, data, length);
		return 0;
	}
	frame->handle = vni_buf_get(priv, place.class);
	if (frame->handle == VNI_NO_BUF)
		return -ENOBUFS;
	if (place.headroom)
		vni_frame_set_start(frame, place.headroom);
	to = vni_frame_data(&priv->port, frame);
	memcpy(to, data, length);
	vni_tx_clear_line(to + length);
	return 0;
}

/**
 * vni_tx_fill() - describe a frame and copy it
 * @priv: the device whose pool the buffer comes from
 * @skb: the frame, which stays the caller's
 * @place: what it takes, as vni_tx_place() says
 * @frame: filled in; a buffer that it names then belongs to it
 *
 * Return: 0; -ENOBUFS if there is no buffer; -EINVAL if no descriptor can
 * describe the frame, or not all of it can be read.
 */
int vni_tx_fill(struct vni_priv *priv, const struct sk_buff *skb,
		struct vni_place place, struct vni_frame *frame)
{
	int err = vni_describe(skb, frame);

	if (err)
		return err;
	vni_tx_stamp(frame, place.stamp);
	if (place.class == VNI_CLASS_INLINE)
		return vni_tx_fill_inline(skb, frame);
	return vni_tx_fill_buffer(priv, skb, place, frame);
}

/**
 * vni_tx_post() - post frames into a ring, and kick its receiver if it sleeps
 * @priv: the device that sends
 * @q: the queue that counts, locked; it need not lead to the ring
 * @ring: number of the ring
 * @generation: incarnation of the ring's node that the frames are for
 * @frames: filled in by vni_tx_fill(); of those that are posted the ring has the
 *	buffers
 * @n: number of frames, not 0
 *
 * Return: number of frames posted, the first ones; or as vni_ring_post().
 */
int vni_tx_post(struct vni_priv *priv, struct vni_txq *q, u32 ring,
		u32 generation, const struct vni_frame *frames, unsigned int n)
{
	u32 node = ring / vni_nr_queues(priv);
	u32 queue = ring % vni_nr_queues(priv);
	int posted;

	/* No interrupt may make peers wait for the ring's lock. */
	scoped_guard(irqsave)
		posted = vni_ring_post(&priv->port, smp_processor_id(), ring,
				       generation, frames, n);
	trace_vni_post(&priv->port, ring, frames, n, posted);
	/* Only the receiver can mend a damaged ring, once it looks at it. */
	if (unlikely(posted == -EPROTO))
		vni_peer_kick(priv, node, queue);
	if (posted <= 0)
		return posted;
	if (vni_ring_needs_kick(&priv->port, ring)) {
		vni_peer_kick(priv, node, queue);
		vni_tx_count(q, VNI_TX_DOORBELLS, 1);
	} else {
		vni_tx_count(q, VNI_TX_DOORBELLS_SUPPRESSED, 1);
	}
	return posted;
}
