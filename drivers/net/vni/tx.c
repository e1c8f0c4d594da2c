// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit side of vni: from the stack into the ring of the destination.
 *
 * A frame for one node is copied into a buffer, or into its descriptor if it is
 * short, and collected in its queue's batch; the batch is posted when the stack
 * has no more, see tx_flow.c. A flood is copied into each ring at once, or
 * dropped. All of it runs under the lock of the netdev queue. See docs/vni.md.
 */
#include <linux/tcp.h>
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
 * @dev: the interface
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
 * @skb: the frame, data at its Ethernet header
 * @dev: the interface
 * @features: what the stack would use
 *
 * What a receiver does not take, the stack does before it hands over.
 *
 * Return: @features, possibly less.
 */
netdev_features_t vni_features_check(struct sk_buff *skb,
				     struct net_device *dev,
				     netdev_features_t features)
{
	struct vni_priv *priv = netdev_priv(dev);
	struct vni_receiver receiver;
	u32 node;
	int to;

	if (skb_headlen(skb) < ETH_HLEN)
		return features;
	to = vni_tx_route(priv, skb);
	if (to != VNI_FLOOD) {
		if (vni_peer_receiver(priv, to, 0, &receiver))
			features &= ~vni_lacking(receiver.features, skb);
		return features;
	}
	for (node = 0; node < vni_nr_nodes(priv); node++)
		if (vni_peer_receiver(priv, node, 0, &receiver))
			features &= ~vni_lacking(receiver.features, skb);
	return features;
}

/* Is the frame, or each segment of it, at most so long? */
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
 * Is it short enough for its receiver? Tags do not count, as what a VLAN device
 * sends may be as long as what the device below it does, and so on.
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
	/* It has not been found behind a tag. */
	if (tags && skb->len > VNI_MAX_PLAIN_FRAME)
		max_frame += sizeof(struct hop_jumbo_hdr);
	return tags && vni_tx_within(skb, max_frame + tags);
}

/* Class of the buffer that a frame takes; -ENOENT: none, -EMSGSIZE: too long */
static int vni_tx_class(const struct vni_priv *priv, const struct sk_buff *skb)
{
	if (skb->len <= VNI_INLINE_BYTES)
		return -ENOENT;
	return vni_class_for(&priv->port, skb->len);
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

/* Is it TCP whose header can be read, its checksum still to be filled in? */
static bool vni_tx_is_tcp(const struct sk_buff *skb)
{
	int tcp = skb_checksum_start_offset(skb);

	return skb->ip_summed == CHECKSUM_PARTIAL && !skb->encapsulation &&
	       skb->csum_offset == offsetof(struct tcphdr, check) &&
	       tcp + (int)sizeof(struct tcphdr) <= (int)skb_headlen(skb);
}

/*
 * Bytes of all headers of a frame of which the payload is to begin at a page
 * border, since its receiver may want to map it; else 0.
 */
static u8 vni_tx_head(const struct vni_priv *priv, const struct sk_buff *skb,
		      unsigned int class)
{
	u32 room = priv->port.geometry.classes[class].buf_bytes;
	const struct tcphdr *tcp = (void *)skb_checksum_start(skb);
	u32 head;

	/* What has no second page has no payload that begins there. */
	if (class == VNI_CLASS_SMALL || !vni_tx_is_tcp(skb))
		return 0;
	head = skb_checksum_start_offset(skb) + tcp->doff * 4;
	if (head < VNI_MIN_HEAD || head > min(skb->len, U8_MAX) ||
	    VNI_HEAD_END - head + skb->len > room)
		return 0;
	return head;
}

/* Copies a frame into a buffer, which then belongs to @frame. */
static int vni_tx_fill_buffer(struct vni_priv *priv, const struct sk_buff *skb,
			      unsigned int class, struct vni_frame *frame)
{
	u8 *data, *end;

	frame->handle = vni_buf_get(priv, class);
	if (frame->handle == VNI_NO_BUF)
		return -ENOBUFS;

	frame->slot.head = vni_tx_head(priv, skb, class);
	data = vni_frame_data(&priv->port, frame);
	if (skb_copy_bits(skb, 0, data, skb->len)) {
		vni_buf_put(priv, frame->handle);
		return -EINVAL;
	}
	/* A receiver may read whole cache lines: no old payload in the last. */
	end = data + skb->len;
	memset(end, 0, PTR_ALIGN(end, 64) - end);
	return 0;
}

static int vni_tx_fill(struct vni_priv *priv, const struct sk_buff *skb,
		       const struct vni_receiver *receiver,
		       struct vni_frame *frame)
{
	int class = vni_tx_class(priv, skb);
	int err;

	if (class == -EMSGSIZE || !vni_tx_fits(skb, receiver->max_frame))
		return -EMSGSIZE;
	err = vni_describe(skb, frame);
	if (err)
		return err;
	if (class < 0)
		return vni_tx_fill_inline(skb, frame);
	return vni_tx_fill_buffer(priv, skb, class, frame);
}

static int vni_tx_enqueue(struct vni_priv *priv, struct vni_txq *q,
			  const struct sk_buff *skb, bool more)
{
	int class = vni_tx_class(priv, skb);
	struct vni_receiver receiver;
	u32 generation;
	int err;

	generation = vni_peer_receiver(priv, q->node, q->queue, &receiver);
	if (!generation)
		return -ENOTCONN;
	if (q->generation != generation) {
		vni_tx_forget(priv, q);
		q->generation = generation;
	}
	/* Only a caller that ignores the stopped queue gets here. */
	if (unlikely(q->count == VNI_BATCH || q->waiting))
		return -ENOSPC;
	if (class >= 0 && !vni_tx_may_take(priv, q, class))
		return -ENOBUFS;

	err = vni_tx_fill(priv, skb, &receiver, &q->frames[q->count]);
	if (!err)
		vni_tx_batch_add(priv, q, more);
	return err;
}

/* One copy straight into a ring that need not be the queue's own. */
static int vni_tx_copy_to(struct vni_priv *priv, struct vni_txq *q, u32 ring,
			  const struct vni_receiver *receiver,
			  const struct sk_buff *skb)
{
	int class = vni_tx_class(priv, skb);
	struct vni_frame frame;
	int n;

	if (class >= 0 && !vni_tx_may_flood(priv, class))
		return -ENOBUFS;
	n = vni_tx_fill(priv, skb, receiver, &frame);
	if (n)
		return n;
	n = vni_tx_post(priv, ring, receiver->generation, &frame, 1);
	if (n <= 0) {
		vni_buf_put(priv, frame.handle);
		return n ?: -ENOSPC;
	}
	vni_tx_count(q, VNI_TX_COPIES, 1);
	vni_tx_doorbell(priv, q, ring);
	return 0;
}

/*
 * Sends to @to, or to every peer that wants it. Takes the way around the
 * batches, since it runs under the lock of one queue only.
 */
static int vni_tx_aside(struct vni_priv *priv, struct vni_txq *q, int to,
			const struct sk_buff *skb)
{
	struct vni_receiver receiver;
	int result = -ENOTCONN;
	u32 node;

	for (node = 0; node < vni_nr_nodes(priv); node++) {
		int err;

		if ((to != VNI_FLOOD && to != node) ||
		    !vni_peer_receiver(priv, node, 0, &receiver))
			continue;
		if (!vni_peer_wants(&receiver, skb->data)) {
			result = 0;
			continue;
		}
		err = vni_tx_copy_to(priv, q,
				     vni_ring_number(&priv->port, node, 0),
				     &receiver, skb);
		if (err)
			vni_tx_count_drops(q, err, 1);
		result = 0;
	}
	return result;
}

static void vni_tx_done(struct vni_priv *priv, struct vni_txq *q,
			struct sk_buff *skb, int err)
{
	if (likely(!err)) {
		vni_tx_count(q, VNI_TX_PACKETS, 1);
		vni_tx_count(q, VNI_TX_BYTES, skb->len);
		__this_cpu_add(priv->cpu->sent, skb->len);
		dev_consume_skb_any(skb);
	} else {
		vni_tx_count_drops(q, err, 1);
		dev_kfree_skb_any(skb);
	}
}

/* Sends a frame on its own queue, or leaves it there to wait for a buffer. */
static void vni_tx_send(struct vni_priv *priv, struct vni_txq *q,
			struct sk_buff *skb, bool more)
{
	int err = vni_tx_enqueue(priv, q, skb, more);

	if (unlikely(err == -ENOBUFS))
		vni_tx_wait_for_buffer(priv, q, skb);
	else
		vni_tx_done(priv, q, skb, err);
}

/**
 * vni_tx_retry() - try to send the frame that waits for a buffer
 * @priv: the device
 * @q: the queue, locked, with such a frame
 *
 * Return: true if it waits no more.
 */
bool vni_tx_retry(struct vni_priv *priv, struct vni_txq *q)
{
	/* Behind a full batch there is no room for it. */
	if (q->count == VNI_BATCH)
		return false;
	vni_tx_send(priv, q, vni_tx_take_waiting(priv, q), false);
	return !q->waiting;
}

/**
 * vni_start_xmit() - send a frame
 * @skb: the frame, data at its Ethernet header
 * @dev: the interface
 *
 * The queue is believed only if the address agrees: packet generators and tc
 * choose queues of their own, and a station may have moved since.
 *
 * Return: NETDEV_TX_OK, always.
 */
netdev_tx_t vni_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vni_priv *priv = netdev_priv(dev);
	struct vni_txq *q = &priv->txqs[skb_get_queue_mapping(skb)];
	bool more = netdev_xmit_more();
	int to;

	if (unlikely(!pskb_may_pull(skb, ETH_HLEN))) {
		vni_tx_done(priv, q, skb, -EINVAL);
	} else {
		to = vni_tx_route(priv, skb);
		skb_tx_timestamp(skb);
		if (to != VNI_FLOOD && to == q->node)
			vni_tx_send(priv, q, skb, more);
		else
			vni_tx_done(priv, q, skb, vni_tx_aside(priv, q, to, skb));
	}
	if (q->waiting || (q->count && (!more || q->count == VNI_BATCH)))
		vni_tx_flush(priv, q);
	vni_rx_look(priv);
	return NETDEV_TX_OK;
}
