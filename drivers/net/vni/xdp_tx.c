// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that are sent without an skb of them: those that a program of XDP sends
 * back, which go on in the buffer that they came in, and those that other devices
 * redirect to vni, which are copied into one. See docs/vni.md.
 */
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <net/xdp.h>

#include "device.h"

/* Bytes of the VLAN tags that a frame begins with. */
static u32 vni_xdp_tag_bytes(const void *data, u32 length)
{
	const __be16 *type = data + offsetof(struct ethhdr, h_proto);
	u32 bytes = 0;

	while (bytes < VNI_MAX_TAGS * VLAN_HLEN && bytes + VLAN_ETH_HLEN <= length &&
	       eth_type_vlan(type[bytes / sizeof(*type)]))
		bytes += VLAN_HLEN;
	return bytes;
}

/*
 * Decides where a frame goes. Returns -EADDRNOTAVAIL if it is to be flooded,
 * -ENOTCONN if its node takes no frames, -EMSGSIZE if only shorter ones.
 */
static int vni_xdp_aim(struct vni_priv *priv, const void *data, u32 length,
		       u32 hash, struct vni_tx_dest *dest)
{
	int node = VNI_FLOOD;
	u32 queue;

	if (!is_multicast_ether_addr(data))
		node = vni_station_of_frame(priv, data, length);
	if (node == VNI_FLOOD)
		return -EADDRNOTAVAIL;
	queue = vni_peer_steer_hash(priv, node, hash);
	if (!vni_peer_receiver(priv, node, queue, &dest->receiver))
		return -ENOTCONN;
	dest->ring = vni_ring_number(&priv->port, node, queue);
	if (length > dest->receiver.max_frame + vni_xdp_tag_bytes(data, length))
		return -EMSGSIZE;
	return 0;
}

/* A flood is copied to each node that wants it, out of an skb. */
static int vni_xdp_flood(struct vni_priv *priv, const void *data, u32 length)
{
	struct netdev_queue *txq = netdev_get_tx_queue(priv->netdev, 0);
	struct sk_buff *skb = netdev_alloc_skb(priv->netdev, length);

	if (!skb)
		return -ENOBUFS;
	skb_put_data(skb, data, length);
	skb_reset_mac_header(skb);
	skb_set_queue_mapping(skb, 0);
	__netif_tx_lock(txq, smp_processor_id());
	netdev_start_xmit(skb, priv->netdev, txq, false);
	__netif_tx_unlock(txq);
	return 0;
}

/* The bytes of a frame in one piece: an inline one is copied into @room. */
static const void *vni_xdp_bytes(const struct vni_priv *priv,
				 const struct vni_frame *frame, u8 *room)
{
	if (!vni_frame_inline(frame))
		return vni_frame_data(&priv->port, frame);
	vni_frame_get_inline(frame, room);
	return room;
}

/*
 * Has the frame begin where its receiver can find it. A buffer of ours may be
 * written to.
 */
static void vni_xdp_settle(struct vni_priv *priv, const struct vni_receiver *receiver,
			   struct vni_frame *frame)
{
	void *data = vni_buf_data(&priv->port, frame->handle);

	if (likely(receiver->features & VNI_CAP_START))
		return;
	memmove(data, data + vni_frame_start(frame), frame->length);
	frame->slot.vnet_flags &= ~VNI_NET_START;
	memset(frame->slot.data, 0, sizeof(frame->slot.data));
}

/**
 * vni_xdp_forward() - send a frame on in the buffer that it is in, or inline
 * @priv: the device that received it
 * @frame: the frame, with a private descriptor; its buffer, if any, HELD or ALLOC
 *	by this node
 * @queues: the bit of its TX queue is set: vni_tx_flush_queues() has to follow
 *
 * Its address decides where it goes, as for any frame. A flood is copied.
 *
 * Context: NAPI.
 *
 * Return: 0 if the buffer is the caller's no more; else why the frame is to be
 * dropped: vni_tx_count_dropped().
 */
int vni_xdp_forward(struct vni_priv *priv, struct vni_frame *frame,
		    unsigned long *queues)
{
	struct vni_tx_dest dest = { .place.class = VNI_CLASS_INLINE };
	u8 room[VNI_INLINE_BYTES];
	const void *data;
	int err;

	data = vni_xdp_bytes(priv, frame, room);
	err = vni_xdp_aim(priv, data, frame->length, vni_frame_hash(frame), &dest);
	if (err == -EADDRNOTAVAIL) {
		err = vni_xdp_flood(priv, data, frame->length);
		if (!err)
			vni_buf_put(priv, frame->handle);
		return err;
	}
	if (err)
		return err;
	if (!vni_frame_inline(frame)) {
		dest.place.class = vni_class_of(&priv->port, frame->handle);
		vni_xdp_settle(priv, &dest.receiver, frame);
	}
	vni_tx_stamp(frame, dest.receiver.features & VNI_CAP_TSC);
	return vni_tx_forward(priv, &dest, frame, queues);
}

/**
 * vni_xdp_send() - copy a frame into the pool, and send it
 * @priv: the device
 * @data: the frame
 * @length: bytes of it
 * @hash: of its flow, or 0: chooses the queue of the node that it is for
 * @queues: the bit of its TX queue is set: vni_tx_flush_queues() has to follow
 *
 * Context: BH is off.
 *
 * Return: 0, or why it is not sent: vni_tx_count_dropped().
 */
int vni_xdp_send(struct vni_priv *priv, const void *data, u32 length, u32 hash,
		 unsigned long *queues)
{
	struct vni_tx_dest dest;
	struct vni_frame frame;
	int err;

	/* Other devices cut what is too long for a struct xdp_frame. */
	if (unlikely(length < VNI_MIN_FRAME))
		return -EINVAL;
	err = vni_xdp_aim(priv, data, length, hash, &dest);
	if (err == -EADDRNOTAVAIL)
		return vni_xdp_flood(priv, data, length);
	err = err ?: vni_tx_place(priv, &dest.receiver, length, &dest.place) ?:
	      vni_tx_fill_raw(priv, data, length, dest.place, &frame);
	if (err)
		return err;
	err = vni_tx_forward(priv, &dest, &frame, queues);
	if (err)
		vni_buf_put(priv, frame.handle);
	return err;
}

/**
 * vni_xdp_xmit() - send frames that another device, or a map, redirects to vni
 * @dev: the interface
 * @n: number of frames
 * @frames: the frames, each in one piece
 * @flags: XDP_XMIT_FLAGS_MASK
 *
 * Frames are for several nodes: one that cannot be sent says nothing of those that
 * follow. So it is dropped here, and counted.
 *
 * Context: BH is off.
 *
 * Return: @n, or a negative error: then none is sent, and all are the caller's.
 */
int vni_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags)
{
	struct vni_priv *priv = netdev_priv(dev);
	DECLARE_BITMAP(queues, VNI_MAX_TXQS) = {};
	int i, err;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	if (unlikely(!netif_running(dev)))
		return -ENETDOWN;
	for (i = 0; i < n; i++) {
		err = vni_xdp_send(priv, frames[i]->data, frames[i]->len, 0, queues);
		if (err)
			vni_tx_count_dropped(priv, err);
		xdp_return_frame_rx_napi(frames[i]);
	}
	vni_tx_flush_queues(priv, queues);
	return n;
}
