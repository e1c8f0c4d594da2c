// SPDX-License-Identifier: GPL-2.0
/*
 * XDP on vni: attaching a program, and what it does with a received frame.
 *
 * The program sees the frame in its buffer of the shared pool, or a copy if it is
 * inline, and what it has done to it goes into our copy of the descriptor. From
 * there it goes to the stack or into the ring of another node as any frame. Nothing
 * that the kernel trusts may lie in the pool: what is redirected to another device
 * is copied first. See docs/vni.md.
 */
#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <linux/mm.h>
#include <linux/virtio_net.h>
#include <net/xdp.h>

#include "device.h"

/* What a frame in the pool must have before it for a program to see it there. */
#define VNI_XDP_LEAST_HEADROOM	(sizeof(struct xdp_frame) + VLAN_HLEN)
#define VNI_XDP_SHARED_INFO	SKB_DATA_ALIGN(sizeof(struct skb_shared_info))

static_assert(VNI_HEADROOM == XDP_PACKET_HEADROOM);

/* What only an skb can say: checksums to be filled in, segments, tunnels. */
static bool vni_xdp_needs_skb(const struct vni_slot *slot)
{
	return slot->gso_type != VIRTIO_NET_HDR_GSO_NONE ||
	       slot->vnet_flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VNI_NET_ENCAP |
				   VNI_NET_CRC32C);
}

/* Puts the tag that came in the descriptor where a program looks for it. */
static void *vni_xdp_put_tag(struct vni_frame *frame, void *data)
{
	struct vlan_ethhdr *header = data - VLAN_HLEN;

	if (!(frame->flags & VNI_SLOT_VLAN))
		return data;
	memmove(header, data, 2 * ETH_ALEN);
	header->h_vlan_proto = htons(frame->slot.vnet_flags & VNI_NET_STAG ?
				     ETH_P_8021AD : ETH_P_8021Q);
	header->h_vlan_TCI = htons(frame->slot.vlan_tci);
	frame->flags &= ~VNI_SLOT_VLAN;
	frame->slot.vnet_flags &= ~VNI_NET_STAG;
	frame->slot.vlan_tci = 0;
	frame->length += VLAN_HLEN;
	return header;
}

/* The memory that a program may use for a frame, of which @room is filled in. */
static void *vni_xdp_base(struct vni_rxq *rxq, const struct vni_frame *frame, u32 *room)
{
	struct vni_port *port = &rxq->priv->port;

	if (vni_frame_inline(frame)) {
		*room = PAGE_SIZE;
		return page_address(rxq->xdp.page);
	}
	*room = vni_buf_bytes(port, frame->handle);
	return vni_buf_data(port, frame->handle);
}

/*
 * Shows a frame to programs. False if it has to be an skb first, as a frame may
 * that was sent before the program was attached.
 */
static bool vni_xdp_prepare(struct vni_rxq *rxq, struct vni_frame *frame,
			    struct xdp_buff *xdp)
{
	u32 start = VNI_HEADROOM, room;
	void *base, *data;

	if (unlikely(vni_xdp_needs_skb(&frame->slot)))
		return false;
	base = vni_xdp_base(rxq, frame, &room);
	if (vni_frame_inline(frame))
		vni_frame_get_inline(frame, base + start);
	else
		start = vni_frame_start(frame);
	if (unlikely(start < VNI_XDP_LEAST_HEADROOM))
		return false;
	data = vni_xdp_put_tag(frame, base + start);
	rxq->xdp.hash = vni_frame_hash(frame);
	/* No struct skb_shared_info will lie behind the frame: all is room for it. */
	xdp_init_buff(xdp, room + VNI_XDP_SHARED_INFO, &rxq->xdp.rxq);
	xdp_prepare_buff(xdp, base, data - base, frame->length, false);
	return true;
}

/* A frame that has become too long for its descriptor gets a buffer. */
static int vni_xdp_outgrow(struct vni_priv *priv, const void *data, u32 length,
			   struct vni_frame *frame)
{
	struct vni_place place = {
		.class = vni_class_for(&priv->port, VNI_HEADROOM + length),
		.headroom = VNI_HEADROOM,
	};
	u32 hash = frame->slot.hash, flags = frame->flags;
	int err;

	err = vni_tx_fill_raw(priv, data, length, place, frame);
	frame->slot.hash = hash;
	frame->flags = flags;
	return err;
}

/* What the program has done to a frame goes into its descriptor. */
static int vni_xdp_finish(struct vni_rxq *rxq, const struct xdp_buff *xdp,
			  struct vni_frame *frame)
{
	u32 length = xdp->data_end - xdp->data;
	u32 start = xdp->data - xdp->data_hard_start;

	if (vni_frame_inline(frame)) {
		if (unlikely(length > VNI_INLINE_BYTES))
			return vni_xdp_outgrow(rxq->priv, xdp->data, length, frame);
		vni_frame_set_inline(frame, xdp->data, length);
		return 0;
	}
	if (unlikely(start > U16_MAX)) {
		start = VNI_HEADROOM;
		memmove(xdp->data_hard_start + start, xdp->data, length);
	}
	frame->length = length;
	vni_frame_set_start(frame, start);
	return 0;
}

/* Sends a frame on. The program may have changed it: no checksum is known to be right. */
static int vni_xdp_send_on(struct vni_rxq *rxq, const struct xdp_buff *xdp,
			   struct vni_frame *frame)
{
	int err = vni_xdp_finish(rxq, xdp, frame);

	if (likely(!err)) {
		frame->slot.vnet_flags &= VNI_NET_START;
		frame->slot.tsc = 0;
		err = vni_xdp_forward(rxq->priv, frame, rxq->xdp.forwarded);
	}
	if (unlikely(err))
		vni_tx_count_dropped(rxq->priv, err);
	return err;
}

/* A private copy, with the memory that all who take an xdp_frame may rely on. */
static void *vni_xdp_copy(const struct xdp_buff *xdp, struct xdp_buff *copy)
{
	u32 length = xdp->data_end - xdp->data;
	u32 bytes = SKB_DATA_ALIGN(XDP_PACKET_HEADROOM + length) + VNI_XDP_SHARED_INFO;
	struct page *page;
	void *base;

	if (likely(bytes <= PAGE_SIZE)) {
		base = napi_alloc_frag(bytes);
	} else {
		page = alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN, get_order(bytes));
		base = page ? page_address(page) : NULL;
	}
	if (unlikely(!base))
		return NULL;
	memcpy(base + XDP_PACKET_HEADROOM, xdp->data, length);
	xdp_init_buff(copy, bytes, xdp->rxq);
	xdp_prepare_buff(copy, base, XDP_PACKET_HEADROOM, length, false);
	return base;
}

/* To a device or a CPU: its xdp_frame would lie in the pool. */
static int vni_xdp_redirect_copy(struct vni_rxq *rxq, struct bpf_prog *prog,
				 const struct xdp_buff *xdp)
{
	struct xdp_buff copy;
	void *base;
	int err;

	/* A struct xdp_frame cannot say more. */
	if (unlikely(xdp->data_end - xdp->data > U16_MAX))
		return -EMSGSIZE;
	base = vni_xdp_copy(xdp, &copy);
	if (unlikely(!base))
		return -ENOMEM;
	err = xdp_do_redirect(rxq->priv->netdev, &copy, prog);
	if (unlikely(err))
		page_frag_free(base);
	return err;
}

/* A socket of AF_XDP copies the frame at once, and drops a reference to its page. */
static int vni_xdp_redirect_socket(struct vni_rxq *rxq, struct bpf_prog *prog,
				   struct xdp_buff *xdp)
{
	struct page *page = virt_to_page(xdp->data);
	int err;

	get_page(page);
	err = xdp_do_redirect(rxq->priv->netdev, xdp, prog);
	if (unlikely(err))
		put_page(page);
	return err;
}

static int vni_xdp_redirect(struct vni_rxq *rxq, struct bpf_prog *prog,
			    struct xdp_buff *xdp, struct vni_frame *frame)
{
	int err;

	if (xdp_take_redirect(rxq->priv->netdev, prog))
		return vni_xdp_send_on(rxq, xdp, frame);
	if (bpf_net_ctx_get_ri()->map_type == BPF_MAP_TYPE_XSKMAP)
		err = vni_xdp_redirect_socket(rxq, prog, xdp);
	else
		err = vni_xdp_redirect_copy(rxq, prog, xdp);
	/* One of several copies may be on its way all the same. */
	rxq->xdp.redirected = true;
	if (unlikely(err))
		return err;
	vni_buf_put(rxq->priv, frame->handle);
	return 0;
}

/* What a program wanted of a frame could not be done. */
static void vni_xdp_failed(struct vni_rxq *rxq, struct bpf_prog *prog, u32 act,
			   const struct vni_frame *frame)
{
	trace_xdp_exception(rxq->priv->netdev, prog, act);
	vni_rx_count(rxq, VNI_RX_XDP_FAILED, 1);
	vni_buf_put(rxq->priv, frame->handle);
}

/**
 * vni_xdp_receive() - have a program see a frame
 * @rxq: the queue that the frame came by
 * @prog: the program
 * @frame: the frame, taken from the ring; with VNI_XDP_PASS as the program has left
 *	it
 *
 * Context: NAPI of the queue; vni_xdp_flush() has to follow before it ends.
 *
 * Return: what has become of the frame; with VNI_XDP_DONE its buffer is not the
 * caller's any more.
 */
enum vni_xdp_verdict vni_xdp_receive(struct vni_rxq *rxq, struct bpf_prog *prog,
				     struct vni_frame *frame)
{
	struct vni_priv *priv = rxq->priv;
	struct xdp_buff xdp;
	int err = 0;
	u32 act;

	if (!vni_xdp_prepare(rxq, frame, &xdp)) {
		vni_rx_count(rxq, VNI_RX_XDP_SKB, 1);
		return VNI_XDP_SKB;
	}
	act = bpf_prog_run_xdp(prog, &xdp);
	switch (act) {
	case XDP_PASS:
		vni_rx_count(rxq, VNI_RX_XDP_PASS, 1);
		err = vni_xdp_finish(rxq, &xdp, frame);
		if (likely(!err))
			return VNI_XDP_PASS;
		break;
	case XDP_TX:
		vni_rx_count(rxq, VNI_RX_XDP_TX, 1);
		err = vni_xdp_send_on(rxq, &xdp, frame);
		break;
	case XDP_REDIRECT:
		vni_rx_count(rxq, VNI_RX_XDP_REDIRECT, 1);
		err = vni_xdp_redirect(rxq, prog, &xdp, frame);
		break;
	default:
		bpf_warn_invalid_xdp_action(priv->netdev, prog, act);
		fallthrough;
	case XDP_ABORTED:
		trace_xdp_exception(priv->netdev, prog, act);
		vni_rx_count(rxq, VNI_RX_XDP_ABORTED, 1);
		vni_buf_put(priv, frame->handle);
		break;
	case XDP_DROP:
		vni_rx_count(rxq, VNI_RX_XDP_DROP, 1);
		vni_buf_put(priv, frame->handle);
		break;
	}
	if (unlikely(err))
		vni_xdp_failed(rxq, prog, act, frame);
	return VNI_XDP_DONE;
}

/**
 * vni_xdp_receive_skb() - have a program see a frame that had to be an skb first
 * @prog: the program
 * @skb: the frame, as eth_type_trans() has left it; may be replaced
 *
 * The stack's generic XDP does it, which takes all that an skb can be.
 *
 * Return: true if it goes on to the stack; else it is gone.
 */
bool vni_xdp_receive_skb(struct bpf_prog *prog, struct sk_buff **skb)
{
	return do_xdp_generic(prog, skb) == XDP_PASS;
}

/**
 * vni_xdp_flush() - send what programs of this poll have sent on
 * @rxq: the queue, polled by NAPI
 */
void vni_xdp_flush(struct vni_rxq *rxq)
{
	if (rxq->xdp.redirected) {
		rxq->xdp.redirected = false;
		xdp_do_flush();
	}
	if (!bitmap_empty(rxq->xdp.forwarded, vni_nr_txqs(rxq->priv)))
		vni_tx_flush_queues(rxq->priv, rxq->xdp.forwarded);
}

/* Pages stay until the device goes: NAPI may be using them now. */
static int vni_xdp_alloc_pages(struct vni_priv *priv)
{
	unsigned int i;

	for (i = 0; i < vni_nr_queues(priv); i++) {
		struct vni_xdp *xdp = &priv->rxqs[i].xdp;

		if (!xdp->page)
			xdp->page = alloc_page(GFP_KERNEL);
		if (!xdp->page)
			return -ENOMEM;
	}
	return 0;
}

static int vni_xdp_set_program(struct vni_priv *priv, struct bpf_prog *prog)
{
	struct bpf_prog *old;
	int err = prog ? vni_xdp_alloc_pages(priv) : 0;

	if (err)
		return err;
	old = rcu_replace_pointer(priv->xdp_prog, prog, lockdep_rtnl_is_held());
	vni_receiver_refresh(priv);
	if (old)
		bpf_prog_put(old);
	return 0;
}

/**
 * vni_xdp_setup() - attach a program to the interface, or replace or detach it
 * @dev: the interface, up or down; RTNL held
 * @bpf: what to do
 *
 * No frame is lost by it. Senders learn with their next frame that there is a
 * program. It sees what they have sent before, too, by generic XDP.
 *
 * Return: 0; -ENOMEM; -EINVAL for anything else than a program.
 */
int vni_xdp_setup(struct net_device *dev, struct netdev_bpf *bpf)
{
	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	return vni_xdp_set_program(netdev_priv(dev), bpf->prog);
}

/**
 * vni_xdp_init() - prepare the RX queues of a device for programs
 * @priv: the device, its NAPIs added
 *
 * Return: 0 or a negative error.
 */
int vni_xdp_init(struct vni_priv *priv)
{
	unsigned int i;
	int err;

	for (i = 0; i < vni_nr_queues(priv); i++) {
		struct vni_rxq *rxq = &priv->rxqs[i];

		err = xdp_rxq_info_reg(&rxq->xdp.rxq, priv->netdev, i, rxq->napi.napi_id) ?:
		      xdp_rxq_info_reg_mem_model(&rxq->xdp.rxq, MEM_TYPE_PAGE_SHARED, NULL);
		if (err) {
			vni_xdp_destroy(priv);
			return err;
		}
	}
	return 0;
}

/**
 * vni_xdp_destroy() - the other way round
 * @priv: the device, without a program
 */
void vni_xdp_destroy(struct vni_priv *priv)
{
	unsigned int i;

	for (i = 0; i < vni_nr_queues(priv); i++) {
		struct vni_xdp *xdp = &priv->rxqs[i].xdp;

		if (xdp_rxq_info_is_reg(&xdp->rxq))
			xdp_rxq_info_unreg(&xdp->rxq);
		if (xdp->page)
			__free_page(xdp->page);
		xdp->page = NULL;
	}
}
