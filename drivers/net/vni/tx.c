// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit side of vni: from the stack into the ring of the destination.
 *
 * A frame for one node is copied into a buffer and collected in its queue's
 * batch; the batch is posted when the stack has no more. What a full ring
 * does not take stays in the batch while the queue is stopped, so nothing is
 * dropped because a ring is full; floods are, see docs/vni.md. All of it runs
 * under the lock of the netdev queue.
 */
#include <linux/virtio_net.h>
#include <net/gso.h>

#include "vni.h"

static void vni_tx_count(struct vni_txq *q, enum vni_tx_counter which, u64 n)
{
	u64_stats_update_begin(&q->syncp);
	u64_stats_add(&q->stats[which], n);
	u64_stats_update_end(&q->syncp);
}

static void vni_tx_count_drops(struct vni_txq *q, int err, u64 n)
{
	switch (err) {
	case -EMSGSIZE:
		return vni_tx_count(q, VNI_TX_TOO_LONG, n);
	case -ENOBUFS:
		return vni_tx_count(q, VNI_TX_NO_BUFFER, n);
	case -ENOSPC:
		return vni_tx_count(q, VNI_TX_FLOOD_FULL, n);
	case -EBUSY:
		return vni_tx_count(q, VNI_TX_LOCK, n);
	case -EPROTO:
		return vni_tx_count(q, VNI_TX_RING_BAD, n);
	case -EINVAL:
		return vni_tx_count(q, VNI_TX_BAD_SKB, n);
	default:
		return vni_tx_count(q, VNI_TX_PEER_DOWN, n);
	}
}

/* Node for a destination address, or VNI_FLOOD. */
static int vni_tx_route(struct vni_priv *priv, const u8 *mac)
{
	if (is_multicast_ether_addr(mac))
		return VNI_FLOOD;
	return vni_station_find(priv, mac);
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
	node = vni_tx_route(priv, skb->data);
	if (node == VNI_FLOOD)
		return 0;
	return vni_ring_number(&priv->port, node,
			       vni_peer_steer(priv, node, skb)) + 1;
}

/* Without checksum offload there is no segmentation offload either. */
static netdev_features_t vni_lacking(u32 capabilities)
{
	netdev_features_t lacking = 0;

	if (!(capabilities & VNI_CAP_CSUM))
		return NETIF_F_CSUM_MASK | NETIF_F_GSO_MASK;
	if (!(capabilities & VNI_CAP_TSO))
		lacking |= NETIF_F_ALL_TSO;
	if (!(capabilities & VNI_CAP_USO))
		lacking |= NETIF_F_GSO_UDP_L4;
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
	to = vni_tx_route(priv, skb->data);
	if (to != VNI_FLOOD) {
		if (vni_peer_receiver(priv, to, 0, &receiver))
			features &= ~vni_lacking(receiver.features);
		return features;
	}
	for (node = 0; node < vni_nr_nodes(priv); node++)
		if (vni_peer_receiver(priv, node, 0, &receiver))
			features &= ~vni_lacking(receiver.features);
	return features;
}

static int vni_tx_describe(const struct sk_buff *skb, struct vni_frame *frame)
{
	struct virtio_net_hdr hdr;

	if (virtio_net_hdr_from_skb(skb, &hdr, true, true, 0))
		return -EINVAL;

	memset(frame, 0, sizeof(*frame));
	frame->length = skb->len;
	frame->slot.nr_bufs = 1;
	frame->slot.vnet_flags = hdr.flags;
	frame->slot.gso_type = hdr.gso_type;
	frame->slot.hdr_len = __virtio16_to_cpu(true, hdr.hdr_len);
	frame->slot.gso_size = __virtio16_to_cpu(true, hdr.gso_size);
	frame->slot.csum_start = __virtio16_to_cpu(true, hdr.csum_start);
	frame->slot.csum_offset = __virtio16_to_cpu(true, hdr.csum_offset);
	if (skb_vlan_tag_present(skb)) {
		frame->flags |= VNI_SLOT_VLAN;
		frame->slot.vlan_tci = skb_vlan_tag_get(skb);
	}
	if (skb->hash) {
		frame->flags |= VNI_SLOT_HASH;
		frame->flags |= skb->l4_hash ? VNI_SLOT_HASH_L4 : 0;
		frame->slot.hash = skb->hash;
	}
	return 0;
}

/* Is the frame, or each segment of it, short enough for its receiver? */
static bool vni_tx_fits(const struct sk_buff *skb, u32 max_frame)
{
	u32 tag = skb_vlan_tag_present(skb) ? VLAN_HLEN : 0;

	if (skb_is_gso(skb))
		return max_frame > tag &&
		       skb_gso_validate_mac_len(skb, max_frame - tag);
	return skb->len + tag <= max_frame;
}

/* Copies a frame into a buffer, which then belongs to @frame. */
static int vni_tx_fill(struct vni_priv *priv, const struct sk_buff *skb,
		       const struct vni_receiver *receiver,
		       struct vni_frame *frame)
{
	int class = vni_class_for(&priv->port, skb->len);
	u8 *data;
	int err;

	if (class < 0 || !vni_tx_fits(skb, receiver->max_frame))
		return -EMSGSIZE;
	err = vni_tx_describe(skb, frame);
	if (err)
		return err;
	frame->handle = vni_buf_get(priv, class);
	if (frame->handle == VNI_NO_BUF)
		return -ENOBUFS;

	data = vni_buf_data(&priv->port, frame->handle);
	if (skb_copy_bits(skb, 0, data, skb->len)) {
		vni_buf_put(priv, frame->handle);
		return -EINVAL;
	}
	/* A receiver may read whole cache lines: no old payload in the last. */
	memset(data + skb->len, 0, ALIGN(skb->len, 64) - skb->len);
	return 0;
}

static int vni_tx_post(struct vni_priv *priv, u32 ring, u32 generation,
		       const struct vni_frame *frames, unsigned int n)
{
	int posted;

	/* No interrupt may make peers wait for the ring's lock. */
	scoped_guard(irqsave)
		posted = vni_ring_post(&priv->port, smp_processor_id(), ring,
				       generation, frames, n);
	/* Only the receiver can mend a damaged ring, once it looks at it. */
	if (unlikely(posted == -EPROTO))
		vni_peer_ring(priv, ring / vni_nr_queues(priv),
			      ring % vni_nr_queues(priv));
	return posted;
}

static void vni_tx_doorbell(struct vni_priv *priv, struct vni_txq *q, u32 ring)
{
	if (!vni_ring_must_ring(&priv->port, ring)) {
		vni_tx_count(q, VNI_TX_DOORBELLS_SUPPRESSED, 1);
		return;
	}
	vni_peer_ring(priv, ring / vni_nr_queues(priv),
		      ring % vni_nr_queues(priv));
	vni_tx_count(q, VNI_TX_DOORBELLS, 1);
}

static void vni_tx_drop_batch(struct vni_priv *priv, struct vni_txq *q, int err)
{
	unsigned int i;

	for (i = 0; i < q->count; i++)
		vni_buf_put(priv, q->frames[i].handle);
	vni_tx_count_drops(q, err, q->count);
	q->count = 0;
}

/* Posts what the ring takes of the batch; the rest moves to its front. */
static void vni_tx_post_batch(struct vni_priv *priv, struct vni_txq *q)
{
	int n = vni_tx_post(priv, q->ring, q->generation, q->frames, q->count);

	if (n < 0) {
		vni_tx_drop_batch(priv, q, n);
		return;
	}
	if (!n)
		return;
	q->count -= n;
	memmove(q->frames, q->frames + n, q->count * sizeof(*q->frames));
	vni_tx_doorbell(priv, q, q->ring);
}

/* With the waiter bit set, a receiver that makes room rings our doorbell. */
static bool vni_tx_post_or_wait(struct vni_priv *priv, struct vni_txq *q)
{
	vni_tx_post_batch(priv, q);
	if (!q->count)
		return true;
	/* Full barrier inside: room made before the receiver can see the bit
	 * is found by the second try. Pairs with vni_ring_take_waiters().
	 */
	vni_ring_wait_space(&priv->port, q->ring);
	vni_tx_post_batch(priv, q);
	return !q->count;
}

static void vni_tx_flush(struct vni_priv *priv, struct vni_txq *q)
{
	vni_tx_post_batch(priv, q);
	if (likely(!q->count))
		return;

	vni_tx_count(q, VNI_TX_RING_FULL, 1);
	netif_tx_stop_queue(q->txq);
	set_bit(q->ring, priv->stopped);
	if (vni_tx_post_or_wait(priv, q)) {
		clear_bit(q->ring, priv->stopped);
		netif_tx_start_queue(q->txq);
		return;
	}
	vni_tx_count(q, VNI_TX_STOP, 1);
}

/**
 * vni_tx_resume() - post what stopped queues hold, and wake them
 * @priv: the device
 *
 * Context: NAPI.
 */
void vni_tx_resume(struct vni_priv *priv)
{
	unsigned int ring;

	for_each_set_bit(ring, priv->stopped, vni_nr_rings(priv)) {
		struct vni_txq *q = &priv->txqs[ring + 1];

		__netif_tx_lock(q->txq, smp_processor_id());
		if (test_bit(ring, priv->stopped) &&
		    vni_tx_post_or_wait(priv, q)) {
			clear_bit(ring, priv->stopped);
			vni_tx_count(q, VNI_TX_WAKE, 1);
			netif_tx_wake_queue(q->txq);
		}
		__netif_tx_unlock(q->txq);
	}
}

static void vni_tx_purge_queue(struct vni_priv *priv, struct vni_txq *q)
{
	__netif_tx_lock_bh(q->txq);
	vni_tx_drop_batch(priv, q, -ENOTCONN);
	if (test_and_clear_bit(q->ring, priv->stopped)) {
		vni_tx_count(q, VNI_TX_WAKE, 1);
		netif_tx_wake_queue(q->txq);
	}
	__netif_tx_unlock_bh(q->txq);
}

/**
 * vni_tx_purge() - drop what is queued for a node that takes no more
 * @priv: the device
 * @node: the node
 *
 * A stopped queue is woken: later frames are dropped one by one, and counted.
 *
 * Context: process.
 */
void vni_tx_purge(struct vni_priv *priv, u32 node)
{
	u32 first = vni_ring_number(&priv->port, node, 0);
	u32 queue;

	for (queue = 0; queue < vni_nr_queues(priv); queue++)
		vni_tx_purge_queue(priv, &priv->txqs[first + queue + 1]);
}

static int vni_tx_enqueue(struct vni_priv *priv, struct vni_txq *q,
			  const struct sk_buff *skb)
{
	struct vni_receiver receiver;
	u32 generation;
	int err;

	generation = vni_peer_receiver(priv, q->node, q->queue, &receiver);
	if (!generation)
		return -ENOTCONN;
	if (q->generation != generation) {
		vni_tx_drop_batch(priv, q, -ENOTCONN);
		q->generation = generation;
	}
	/* Only a caller that ignores the stopped queue gets here. */
	if (unlikely(q->count == VNI_BATCH))
		return -ENOBUFS;

	err = vni_tx_fill(priv, skb, &receiver, &q->frames[q->count]);
	if (!err)
		q->count++;
	return err;
}

/* One copy straight into a ring that need not be the queue's own. */
static int vni_tx_copy_to(struct vni_priv *priv, struct vni_txq *q, u32 ring,
			  const struct vni_receiver *receiver,
			  const struct sk_buff *skb)
{
	struct vni_frame frame;
	int n;

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
	int err = -EINVAL;

	if (likely(pskb_may_pull(skb, ETH_HLEN))) {
		int to = vni_tx_route(priv, skb->data);

		skb_tx_timestamp(skb);
		if (to != VNI_FLOOD && to == q->node)
			err = vni_tx_enqueue(priv, q, skb);
		else
			err = vni_tx_aside(priv, q, to, skb);
	}

	if (likely(!err)) {
		vni_tx_count(q, VNI_TX_PACKETS, 1);
		vni_tx_count(q, VNI_TX_BYTES, skb->len);
		__this_cpu_add(priv->cpu->sent, skb->len);
		dev_consume_skb_any(skb);
	} else {
		vni_tx_count_drops(q, err, 1);
		dev_kfree_skb_any(skb);
	}
	if (q->count && (!netdev_xmit_more() || q->count == VNI_BATCH))
		vni_tx_flush(priv, q);
	return NETDEV_TX_OK;
}
