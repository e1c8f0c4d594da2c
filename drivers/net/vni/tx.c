// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit side of vni: where a frame goes, and what it may be there.
 *
 * A frame for one node goes into the batch of its queue (tx_queue.c), which is
 * posted when the stack has no more. A flood is copied into each ring at once,
 * or dropped. A frame is described, copied and posted in tx_frame.c. All of it
 * runs under the lock of the netdev queue. See docs/vni.md.
 */
#include <net/gso.h>
#include <net/ipv6.h>

#include "describe.h"
#include "device.h"

/* Node that a frame is for, or VNI_FLOOD. */
static int vni_tx_route(struct vni_priv *priv, const struct sk_buff *skb)
{
	if (is_multicast_ether_addr(skb->data))
		return VNI_FLOOD;
	return vni_station_find(priv, skb);
}

/**
 * vni_select_queue() - the TX queue of a frame's destination and flow
 * @dev: the interface that sends it
 * @skb: the frame, data at its Ethernet header
 * @sb_dev: unused
 *
 * Return: ring number + 1, or 0 for the queue that floods.
 */
u16 vni_select_queue(struct net_device *dev, struct sk_buff *skb,
		     struct net_device *sb_dev)
{
	struct vni_priv *priv = netdev_priv(dev);
	int node;

	if (unlikely(skb_headlen(skb) < ETH_HLEN))
		return 0;
	node = vni_tx_route(priv, skb);
	if (node == VNI_FLOOD)
		return 0;
	return vni_ring_number(&priv->port, node,
			       vni_peer_steer(priv, node, skb)) + 1;
}

/* Without checksum offload there is no segmentation offload either. */
static netdev_features_t vni_lacking(u32 capabilities,
				     const struct sk_buff *skb)
{
	netdev_features_t lacking = 0;
	struct vni_encap encap;

	if (!(capabilities & VNI_CAP_CSUM))
		return NETIF_F_CSUM_MASK | NETIF_F_SCTP_CRC | NETIF_F_GSO_MASK;
	if (!(capabilities & VNI_CAP_CRC32C))
		lacking |= NETIF_F_SCTP_CRC;
	if (!(capabilities & VNI_CAP_TSO))
		lacking |= NETIF_F_ALL_TSO;
	if (!(capabilities & VNI_CAP_USO))
		lacking |= NETIF_F_GSO_UDP_L4;
	if (skb->len > VNI_MAX_PLAIN_FRAME &&
	    (!(capabilities & VNI_CAP_BIG) ||
	     skb->ip_summed != CHECKSUM_PARTIAL))
		lacking |= NETIF_F_GSO_MASK;
	if (unlikely(skb->encapsulation) && skb_is_gso(skb) &&
	    (!(capabilities & VNI_CAP_ENCAP) ||
	     !vni_encap_describe(skb, &encap)))
		lacking |= NETIF_F_GSO_MASK;
	return lacking;
}

/**
 * vni_features_check() - offloads that every receiver of a frame can take
 * @skb: the frame, its queue chosen
 * @dev: the interface that sends it
 * @features: what the stack would use
 *
 * The stack does the others before it hands the frame over. The address is not
 * looked up once more: the queue tells the receiver.
 *
 * Return: @features, possibly less.
 */
netdev_features_t vni_features_check(struct sk_buff *skb,
				     struct net_device *dev,
				     netdev_features_t features)
{
	struct vni_priv *priv = netdev_priv(dev);
	u32 queue = skb_get_queue_mapping(skb);
	u32 node = 0, end = vni_nr_nodes(priv);
	struct vni_receiver receiver;

	/* IP also asks before there is a queue: it may be that of another device. */
	if (queue && queue < vni_nr_txqs(priv)) {
		node = priv->txqs[queue].node;
		end = node + 1;
	}
	for (; node < end; node++)
		if (vni_peer_receiver(priv, node, 0, &receiver))
			features &= ~vni_lacking(receiver.features, skb);
	return features;
}

/* Does the frame, or each segment of it, have at most so many bytes? */
static bool vni_tx_within(const struct sk_buff *skb, u32 bytes)
{
	return skb_is_gso(skb) ? skb_gso_validate_mac_len(skb, bytes) :
				 skb->len <= bytes;
}

/* Bytes of the VLAN tags that a frame has beside the one in its descriptor. */
static u32 vni_tx_tag_bytes(const struct sk_buff *skb)
{
	u32 type_offset = offsetof(struct ethhdr, h_proto);
	__be16 buffer, *type;
	u32 bytes = 0;

	while (bytes < VNI_MAX_TAGS * VLAN_HLEN) {
		type = skb_header_pointer(skb, type_offset + bytes,
					  sizeof(buffer), &buffer);
		if (!type || !eth_type_vlan(*type))
			break;
		bytes += VLAN_HLEN;
	}
	return bytes;
}

/*
 * Is the frame short enough for its receiver? VLAN tags do not count: a VLAN
 * device has the MTU of the device below it, however many are stacked.
 */
static bool vni_tx_fits(const struct sk_buff *skb, u32 max_frame)
{
	u32 tags;

	/* No segment has the header that gives an IPv6 packet over 64 KB. */
	if (ipv6_has_hopopt_jumbo(skb))
		max_frame += sizeof(struct hop_jumbo_hdr);
	if (likely(vni_tx_within(skb, max_frame)))
		return true;
	tags = vni_tx_tag_bytes(skb);
	/* ipv6_has_hopopt_jumbo() does not look behind a tag in the frame. */
	if (tags && skb->len > VNI_MAX_PLAIN_FRAME)
		max_frame += sizeof(struct hop_jumbo_hdr);
	return tags && vni_tx_within(skb, max_frame + tags);
}

/*
 * Decides, once for a frame to one ring, what it may and will take. Returns
 * -ENOTCONN if the node takes no frames, -EMSGSIZE if only shorter ones.
 */
static int vni_tx_aim(struct vni_priv *priv, u32 node, u32 queue,
		      const struct sk_buff *skb, struct vni_tx_dest *dest)
{
	if (!vni_peer_receiver(priv, node, queue, &dest->receiver))
		return -ENOTCONN;
	dest->ring = vni_ring_number(&priv->port, node, queue);
	if (!vni_tx_fits(skb, dest->receiver.max_frame))
		return -EMSGSIZE;
	return vni_tx_place(priv, &dest->receiver, skb->len, &dest->place);
}

/*
 * May a copy take a buffer out of the pool? Copies are not counted while in
 * flight: they leave half of the pool alone.
 */
static bool vni_tx_may_copy(const struct vni_priv *priv, int class)
{
	return class == VNI_CLASS_INLINE ||
	       vni_pool_level(&priv->port, class) >
	       priv->port.geometry.classes[class].count / 2;
}

/* Copies a frame straight into a ring. Returns 0, or why there is no copy. */
static int vni_tx_copy(struct vni_priv *priv, struct vni_txq *q,
		       const struct vni_tx_dest *dest,
		       const struct sk_buff *skb)
{
	struct vni_frame frame;
	int n;

	/* As for a batch; and a buffer that would not be posted is left to others. */
	if (!vni_ring_space(&priv->port, dest->ring))
		return -ENOSPC;
	if (!vni_tx_may_copy(priv, dest->place.class))
		return -ENOBUFS;
	n = vni_tx_fill(priv, skb, dest->place, &frame);
	if (n)
		return n;
	n = vni_tx_post(priv, q, dest->ring, dest->receiver.generation, &frame,
			1);
	if (n <= 0) {
		vni_buf_put(priv, frame.handle);
		return n ?: -ENOSPC;
	}
	vni_tx_count(q, VNI_TX_COPIES, 1);
	return 0;
}

/*
 * Sends one node a copy, past the batches: the queue that is locked need not
 * lead there. Returns 0 also if the node does not want the frame.
 */
static int vni_tx_copy_to(struct vni_priv *priv, struct vni_txq *q, u32 node,
			  const struct sk_buff *skb)
{
	struct vni_tx_dest dest;
	int err;

	err = vni_tx_aim(priv, node, 0, skb, &dest);
	if (err == -ENOTCONN)
		return err;
	if (!vni_peer_wants(&dest.receiver, skb->data))
		return 0;
	return err ?: vni_tx_copy(priv, q, &dest, skb);
}

/* Each copy that is dropped counts; the frame is lost if no node takes any. */
static int vni_tx_flood(struct vni_priv *priv, struct vni_txq *q,
			const struct sk_buff *skb)
{
	int result = -ENOTCONN;
	u32 node;

	for (node = 0; node < vni_nr_nodes(priv); node++) {
		int err = vni_tx_copy_to(priv, q, node, skb);

		if (err == -ENOTCONN)
			continue;
		if (err)
			vni_tx_count_drops(q, err, 1);
		result = 0;
	}
	return result;
}

/**
 * vni_start_xmit() - send a frame
 * @skb: the frame, data at its Ethernet header
 * @dev: the interface; its queue for the frame is locked, and BH off
 *
 * The address decides, not the queue: packet generators and tc choose queues of
 * their own, and the station may have moved since vni_select_queue().
 *
 * Return: NETDEV_TX_OK, always.
 */
netdev_tx_t vni_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vni_priv *priv = netdev_priv(dev);
	struct vni_txq *q = &priv->txqs[skb_get_queue_mapping(skb)];
	bool more = netdev_xmit_more();
	struct vni_tx_dest dest;
	int node, err = -EINVAL;

	if (unlikely(!pskb_may_pull(skb, ETH_HLEN)))
		goto done;
	skb_tx_timestamp(skb);
	node = vni_tx_route(priv, skb);
	if (node == VNI_FLOOD)
		err = vni_tx_flood(priv, q, skb);
	else if (unlikely(node != q->node))
		err = vni_tx_copy_to(priv, q, node, skb);
	else
		err = vni_tx_aim(priv, node, q->queue, skb, &dest) ?:
		      vni_tx_send(priv, q, &dest, skb);
done:
	if (likely(err != -EINPROGRESS))
		vni_tx_done(priv, q, skb, err);
	if (q->waiting || (q->count && (!more || q->count == VNI_BATCH)))
		vni_tx_flush(priv, q);
	vni_rx_look(priv);
	return NETDEV_TX_OK;
}
