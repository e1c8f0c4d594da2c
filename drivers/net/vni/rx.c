// SPDX-License-Identifier: GPL-2.0
/*
 * Receive side of vni: from our ring into the stack.
 *
 * A doorbell only schedules NAPI. The poll takes frames: it copies them out of
 * the descriptor or the shared pool, or lends long ones to the stack (lend.c).
 * Before it sleeps it arms the ring and looks once more. See docs/vni.md.
 */
#include "describe.h"
#include "device.h"
#include "trace.h"

/* Longer frames get this much in the linear part and the rest in pages. */
#define VNI_RX_HEAD_BYTES	256

/**
 * vni_rx_doorbell() - handle the doorbell of a queue
 * @context: the struct vni_rxq
 *
 * A doorbell does not tell its reason: frames, room in a peer's ring, or a peer
 * that came or went. NAPI looks for all three; the latter two ring queue 0.
 *
 * Context: hard interrupt, on the CPU that the queue's NAPI runs on.
 */
void vni_rx_doorbell(void *context)
{
	struct vni_rxq *rxq = context;

	napi_schedule_irqoff(&rxq->napi);
}

static struct sk_buff *vni_rx_inline(struct vni_rxq *rxq,
				     const struct vni_frame *frame)
{
	struct sk_buff *skb = napi_alloc_skb(&rxq->napi, frame->length);

	if (skb)
		vni_frame_get_inline(frame, skb_put(skb, frame->length));
	return skb;
}

static struct sk_buff *vni_rx_copy(struct vni_rxq *rxq, const void *data,
				   u32 length)
{
	u32 head = min_t(u32, length, VNI_RX_HEAD_BYTES);
	struct sk_buff *skb;
	int err;

	if (length <= VNI_RX_LINEAR_BYTES) {
		skb = napi_alloc_skb(&rxq->napi, length);
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

/* Makes an skb of a frame. Its buffer, if any, is then lent or free again. */
static struct sk_buff *vni_rx_skb(struct vni_rxq *rxq,
				  const struct vni_frame *frame)
{
	struct vni_priv *priv = rxq->priv;
	struct sk_buff *skb;

	if (vni_frame_inline(frame))
		return vni_rx_inline(rxq, frame);
	if (vni_lend_fits(priv, frame)) {
		skb = vni_lend(rxq, frame);
		vni_rx_count(rxq, skb ? VNI_RX_ZEROCOPY :
				  VNI_RX_COPIED_ON_DEMAND, 1);
		if (likely(skb))
			return skb;
	}
	skb = vni_rx_copy(rxq, vni_frame_data(&priv->port, frame),
			  frame->length);
	vni_buf_put(priv, frame->handle);
	return skb;
}

/* Gives the stack a frame over 64 KB, in parts if the node may forward it. */
static void vni_rx_big(struct vni_rxq *rxq, struct sk_buff *skb)
{
	struct sk_buff *part, *next;

	vni_rx_count(rxq, VNI_RX_BIG, 1);
	if (!vni_big_unwanted(rxq->priv->netdev)) {
		napi_gro_receive(&rxq->napi, skb);
		return;
	}
	vni_rx_count(rxq, VNI_RX_SPLIT, 1);
	part = vni_big_split(skb);
	if (IS_ERR(part)) {
		vni_rx_count(rxq, VNI_RX_ALLOC_FAIL, 1);
		return;
	}
	for (; part; part = next) {
		next = part->next;
		skb_mark_not_on_list(part);
		napi_gro_receive(&rxq->napi, part);
	}
}

static void vni_rx_count_frame(struct vni_rxq *rxq, u32 length)
{
	vni_rx_count(rxq, VNI_RX_PACKETS, 1);
	vni_rx_count(rxq, VNI_RX_BYTES, length);
}

/* A program looks for a tag in the frame. NULL if there was no memory for it. */
static struct sk_buff *vni_rx_put_tag(struct vni_rxq *rxq, struct sk_buff *skb)
{
	if (!skb_vlan_tag_present(skb))
		return skb;
	skb = __vlan_hwaccel_push_inside(skb);
	if (!skb)
		vni_rx_count(rxq, VNI_RX_ALLOC_FAIL, 1);
	return skb;
}

/*
 * Has the program of the interface, if there is one, see a frame. True if the frame
 * goes on to the stack; with @prog set if the program still has to see it as an skb.
 */
static bool vni_rx_program(struct vni_rxq *rxq, struct vni_frame *frame,
			   struct bpf_prog **prog)
{
	u32 length = frame->length;

	*prog = rcu_dereference_bh(rxq->priv->xdp_prog);
	if (likely(!*prog))
		return true;
	switch (vni_xdp_receive(rxq, *prog, frame)) {
	case VNI_XDP_PASS:
		*prog = NULL;
		return true;
	case VNI_XDP_SKB:
		return true;
	default:
		vni_rx_count_frame(rxq, length);
		return false;
	}
}

static void vni_rx_frame(struct vni_rxq *rxq, struct vni_frame *frame)
{
	struct vni_priv *priv = rxq->priv;
	u32 source = frame->slot.source;
	struct bpf_prog *prog;
	struct sk_buff *skb;

	if (READ_ONCE(priv->peers[source].up) != frame->slot.generation)
		rxq->peers_dirty = true;
	if (!vni_rx_program(rxq, frame, &prog))
		return;
	skb = vni_rx_skb(rxq, frame);
	if (unlikely(!skb)) {
		vni_rx_count(rxq, VNI_RX_ALLOC_FAIL, 1);
		return;
	}
	if (unlikely(vni_apply(priv->netdev, skb, frame))) {
		vni_rx_count(rxq, VNI_RX_BAD_DESC, 1);
		dev_kfree_skb_any_reason(skb, SKB_DROP_REASON_DEV_HDR);
		return;
	}

	vni_rx_count_frame(rxq, frame->length);
	skb_record_rx_queue(skb, rxq->queue);
	vni_station_learn(priv, skb, source);
	if (unlikely(prog))
		skb = vni_rx_put_tag(rxq, skb);
	if (unlikely(!skb))
		return;
	skb->protocol = eth_type_trans(skb, priv->netdev);
	if (skb->pkt_type == PACKET_MULTICAST)
		vni_rx_count(rxq, VNI_RX_MULTICAST, 1);
	if (unlikely(prog) && !vni_xdp_receive_skb(prog, &skb))
		return;
	if (frame->length > VNI_MAX_PLAIN_FRAME)
		vni_rx_big(rxq, skb);
	else
		napi_gro_receive(&rxq->napi, skb);
}

/* Takes up to @budget frames, and adds their lengths to @bytes. */
static int vni_rx_ring(struct vni_rxq *rxq, int budget, u32 *bytes)
{
	struct vni_port *port = &rxq->priv->port;
	struct vni_frame frame;
	int done;

	for (done = 0; done < budget; done++) {
		int got = vni_ring_take(port, rxq->queue, &frame);

		if (!got)
			break;
		if (unlikely(got < 0)) {
			vni_rx_count(rxq, VNI_RX_BAD_DESC, 1);
			trace_vni_bad_descriptor(rxq->queue, &frame);
			continue;
		}
		trace_vni_take(rxq->queue, &frame);
		if (static_branch_unlikely(&vni_latency_key))
			vni_latency_note(rxq, &frame);
		vni_rx_frame(rxq, &frame);
		*bytes += frame.length;
	}
	WRITE_ONCE(rxq->taken, rxq->taken + done);
	return done;
}

static void vni_rx_wake_senders(struct vni_rxq *rxq)
{
	u64 waiters = vni_ring_release(&rxq->priv->port, rxq->queue);

	if (waiters)
		vni_rx_count(rxq, VNI_RX_SPACE_DOORBELLS,
			     vni_peers_kick(rxq->priv, waiters));
}

/* A doorbell without frames may be that of a peer that came or went. */
static void vni_rx_peers(struct vni_rxq *rxq, int done)
{
	if (rxq->peers_dirty || (!done && vni_peers_changed(rxq->priv))) {
		rxq->peers_dirty = false;
		schedule_work(&rxq->priv->refresh);
	}
}

/**
 * vni_poll() - NAPI poll
 * @napi: of a struct vni_rxq
 * @budget: most frames to take; 0 from netpoll, which wants senders served
 *
 * Return: slots taken, or @budget to be called again.
 */
int vni_poll(struct napi_struct *napi, int budget)
{
	struct vni_rxq *rxq = container_of(napi, struct vni_rxq, napi);
	struct vni_priv *priv = rxq->priv;
	u32 bytes = 0;
	int done;

	/* Netpoll does not own NAPI, so it may touch neither ring nor arming. */
	if (unlikely(!budget)) {
		vni_tx_resume_netpoll(priv);
		return 0;
	}
	priv->port.rx[rxq->queue].cpu = smp_processor_id();
	vni_ring_disarm(&priv->port, rxq->queue);
	done = vni_rx_ring(rxq, budget, &bytes);
	vni_xdp_flush(rxq);
	vni_rx_count(rxq, VNI_RX_POLLS, 1);
	vni_rx_learn(rxq, done);
	vni_lend_reclaim(rxq);
	vni_rx_wake_senders(rxq);
	vni_tx_resume(priv);
	vni_rx_peers(rxq, done);
	if (done == budget) {
		if (!vni_rx_yields(rxq))
			return done;
		/* Less than the budget: NAPI is not ours any more. */
		done--;
		napi_complete_done(napi, done);
		return done;
	}

	/* A busy poller polls again by itself and wants no doorbell. Only the
	 * owner of NAPI, which we are, sets or clears this bit.
	 */
	if (test_bit(NAPI_STATE_IN_BUSY_POLL, &napi->state)) {
		napi_complete_done(napi, done);
		return done;
	}
	/* A frame posted before the ring was armed kicked nobody, so arming
	 * looks once more. We still own NAPI: a doorbell that arrives from here
	 * on makes napi_complete_done() schedule another poll.
	 */
	if (!vni_rx_may_sleep(rxq, bytes))
		return budget;
	napi_complete_done(napi, done);
	return done;
}

/* Is a doorbell or a timer due that the CPU has not taken yet? */
static bool vni_rx_told(struct vni_rxq *rxq)
{
	return mint_doorbell_pending(MINT_CHANNEL_VNI + rxq->queue) ||
	       hrtimer_is_queued(&rxq->timer) ||
	       timer_pending(&rxq->spare.timer) ||
	       napi_is_scheduled(&rxq->napi);
}

/**
 * vni_rx_check() - look for frames that wait while nobody polls
 * @rxq: a queue of an open device, whose lock is held
 *
 * A sender may be halted between its post and its doorbell. So NAPI is
 * scheduled here only if no frame was taken for a whole period. Then the
 * notification counts as missed, unless a doorbell or the timer is still due:
 * then that CPU hangs, or its host has halted it.
 */
void vni_rx_check(struct vni_rxq *rxq)
{
	u32 taken = READ_ONCE(rxq->taken);
	bool idle;

	idle = vni_ring_pending(&rxq->priv->port, rxq->queue) &&
	       !napi_is_scheduled(&rxq->napi);
	if (idle && rxq->check_idle && taken == rxq->check_taken) {
		rxq->priv->missed_notify += !vni_rx_told(rxq);
		vni_napi_kick(rxq);
		idle = false;
	}
	rxq->check_idle = idle;
	rxq->check_taken = taken;
}
