// SPDX-License-Identifier: GPL-2.0
/*
 * Receive side of vni: from our ring into the stack.
 *
 * A doorbell only schedules NAPI. The poll takes frames and copies them out of
 * the shared pool, or lends long ones to the stack (lend.c). Before it sleeps
 * it arms the ring and looks again. See docs/vni.md.
 */
#include <linux/virtio_net.h>

#include "vni.h"

/* Longer frames get this much in the linear part and the rest in pages. */
#define VNI_RX_HEAD_BYTES	256

static void vni_rx_count(struct vni_priv *priv, enum vni_rx_counter which,
			 u64 n)
{
	u64_stats_update_begin(&priv->rx_syncp);
	u64_stats_add(&priv->rx_stats[which], n);
	u64_stats_update_end(&priv->rx_syncp);
}

/**
 * vni_rx_doorbell() - our doorbell was rung
 * @context: the struct vni_priv
 *
 * Says nothing of the reason: frames, room in a peer's ring, or a peer that
 * came or went. NAPI looks at all three.
 *
 * Context: hard interrupt.
 */
void vni_rx_doorbell(void *context)
{
	struct vni_priv *priv = context;

	napi_schedule_irqoff(&priv->napi);
}

static struct sk_buff *vni_rx_copy(struct vni_priv *priv, const void *data,
				   u32 length)
{
	u32 head = min_t(u32, length, VNI_RX_HEAD_BYTES);
	struct sk_buff *skb;
	int err;

	if (length <= VNI_RX_LINEAR_BYTES) {
		skb = napi_alloc_skb(&priv->napi, length);
		if (skb)
			skb_put_data(skb, data, length);
		return skb;
	}

	skb = alloc_skb_with_frags(NET_SKB_PAD + NET_IP_ALIGN + head,
				   length - head, PAGE_ALLOC_COSTLY_ORDER,
				   &err, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, NET_SKB_PAD + NET_IP_ALIGN);
	skb_put(skb, head);
	skb->data_len = length - head;
	skb->len += length - head;
	skb_store_bits(skb, 0, data, length);
	return skb;
}

/* A capability just withdrawn does not forbid what is already on its way. */
static bool vni_rx_gso_known(u8 gso_type)
{
	switch (gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return true;
	default:
		return false;
	}
}

/* The frame as an skb; its buffer is then lent, or free again. */
static struct sk_buff *vni_rx_skb(struct vni_priv *priv,
				  const struct vni_frame *frame)
{
	struct sk_buff *skb;

	if (vni_lend_fits(priv, frame)) {
		skb = vni_lend(&priv->lender, frame);
		vni_rx_count(priv, skb ? VNI_RX_ZEROCOPY :
				   VNI_RX_COPIED_ON_DEMAND, 1);
		if (likely(skb))
			return skb;
	}
	skb = vni_rx_copy(priv, vni_buf_data(&priv->port, frame->handle),
			  frame->length);
	vni_buf_put(priv, frame->handle);
	return skb;
}

/* Applies what the descriptor says of the frame; all of it is a private copy. */
static int vni_rx_describe(struct vni_priv *priv, struct sk_buff *skb,
			   const struct vni_frame *frame)
{
	const struct vni_slot *slot = &frame->slot;
	struct virtio_net_hdr hdr = {
		.flags = slot->vnet_flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = slot->gso_type,
		.hdr_len = __cpu_to_virtio16(true, slot->hdr_len),
		.gso_size = __cpu_to_virtio16(true, slot->gso_size),
		.csum_start = __cpu_to_virtio16(true, slot->csum_start),
		.csum_offset = __cpu_to_virtio16(true, slot->csum_offset),
	};

	if (!vni_rx_gso_known(slot->gso_type) ||
	    virtio_net_hdr_to_skb(skb, &hdr, true))
		return -EPROTO;
	if (slot->vnet_flags & VIRTIO_NET_HDR_F_DATA_VALID &&
	    skb->ip_summed == CHECKSUM_NONE)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (frame->flags & VNI_SLOT_VLAN)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), slot->vlan_tci);
	if (frame->flags & VNI_SLOT_HASH &&
	    priv->netdev->features & NETIF_F_RXHASH)
		skb_set_hash(skb, slot->hash,
			     frame->flags & VNI_SLOT_HASH_L4 ?
			     PKT_HASH_TYPE_L4 : PKT_HASH_TYPE_L3);
	return 0;
}

static void vni_rx_frame(struct vni_priv *priv, const struct vni_frame *frame)
{
	u32 source = frame->slot.source;
	struct sk_buff *skb = vni_rx_skb(priv, frame);

	if (unlikely(!skb)) {
		vni_rx_count(priv, VNI_RX_ALLOC_FAIL, 1);
		return;
	}
	if (unlikely(vni_rx_describe(priv, skb, frame))) {
		vni_rx_count(priv, VNI_RX_BAD_DESC, 1);
		dev_kfree_skb_any(skb);
		return;
	}
	if (READ_ONCE(priv->peers[source].up) != frame->slot.generation)
		priv->peers_dirty = true;

	vni_rx_count(priv, VNI_RX_PACKETS, 1);
	vni_rx_count(priv, VNI_RX_BYTES, frame->length);
	skb_record_rx_queue(skb, 0);
	skb->protocol = eth_type_trans(skb, priv->netdev);
	vni_station_learn(priv, eth_hdr(skb)->h_source, source);
	napi_gro_receive(&priv->napi, skb);
}

static int vni_rx_ring(struct vni_priv *priv, int budget)
{
	struct vni_frame frame;
	int done;

	for (done = 0; done < budget; done++) {
		int got = vni_ring_take(&priv->port, &frame);

		if (!got)
			break;
		if (likely(got > 0))
			vni_rx_frame(priv, &frame);
		else
			vni_rx_count(priv, VNI_RX_BAD_DESC, 1);
	}
	WRITE_ONCE(priv->rx_taken, priv->rx_taken + done);
	return done;
}

static void vni_rx_wake_senders(struct vni_priv *priv)
{
	u64 waiters = vni_ring_take_waiters(&priv->port);

	if (waiters)
		vni_rx_count(priv, VNI_RX_SPACE_DOORBELLS,
			     vni_peers_ring(priv, waiters));
}

/* A doorbell without frames may mean that a peer came or went. */
static void vni_rx_peers(struct vni_priv *priv, int done)
{
	if (priv->peers_dirty || (!done && vni_peers_changed(priv))) {
		priv->peers_dirty = false;
		schedule_work(&priv->refresh);
	}
}

/**
 * vni_poll() - NAPI poll
 * @napi: of a struct vni_priv
 * @budget: most frames to take; 0 from netpoll, which wants senders served
 *
 * Return: slots taken, or @budget to be called again.
 */
int vni_poll(struct napi_struct *napi, int budget)
{
	struct vni_priv *priv = container_of(napi, struct vni_priv, napi);
	int done;

	priv->port.rx_cpu = smp_processor_id();
	vni_ring_disarm(&priv->port);
	done = vni_rx_ring(priv, budget);
	if (budget)
		vni_lend_reclaim(&priv->lender);
	vni_rx_wake_senders(priv);
	vni_tx_resume(priv);
	if (done == budget)
		return done;

	vni_rx_peers(priv, done);
	/* A frame posted before the ring was armed rang nobody, so arming looks
	 * again. It is done while NAPI is still ours; a doorbell that arrives
	 * from here on makes napi_complete_done() schedule another poll.
	 */
	if (vni_ring_arm(&priv->port))
		return budget;
	napi_complete_done(napi, done);
	return done;
}

/**
 * vni_rx_check() - look for frames that wait while nobody polls
 * @priv: the device, open, its lock held
 *
 * Runs on the CPU that doorbells go to: there, a doorbell that was sent has
 * also arrived. A sender may be halted between its post and its doorbell, so
 * only what has not moved for a whole period is called missed.
 */
void vni_rx_check(struct vni_priv *priv)
{
	u32 taken = READ_ONCE(priv->rx_taken);
	bool idle;

	idle = vni_ring_pending(&priv->port) &&
	       !test_bit(NAPI_STATE_SCHED, &priv->napi.state);
	if (idle && priv->check_idle && taken == priv->check_taken) {
		priv->missed_notify++;
		vni_napi_kick(priv);
		idle = false;
	}
	priv->check_idle = idle;
	priv->check_taken = taken;
}
