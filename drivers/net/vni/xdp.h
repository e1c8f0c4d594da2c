/* SPDX-License-Identifier: GPL-2.0 */
/*
 * XDP on vni: programs that see a frame before there is an skb of it. See
 * docs/vni.md.
 */
#ifndef VNI_XDP_H
#define VNI_XDP_H

#include <linux/bitmap.h>
#include <linux/netdevice.h>
#include <net/xdp.h>

#include "ring.h"
#include "tx.h"

struct vni_priv;
struct vni_rxq;
struct xdp_md;

/**
 * enum vni_xdp_verdict - what has become of a frame
 * @VNI_XDP_DONE: the program has it dropped, or sent elsewhere
 * @VNI_XDP_PASS: it goes to the stack, as the program has left it
 * @VNI_XDP_SKB: the program has not seen it: it has to be made an skb first
 */
enum vni_xdp_verdict {
	VNI_XDP_DONE,
	VNI_XDP_PASS,
	VNI_XDP_SKB,
};

/**
 * struct vni_xdp - what an RX queue has for programs; belongs to its NAPI
 * @rxq: what programs and the stack know of the queue
 * @page: where a program sees an inline frame; there from the first program on
 * @hash: that of the frame that a program sees, or 0
 * @redirected: xdp_do_flush() has to follow
 * @forwarded: a bit for each TX queue with a frame of this poll in its batch
 */
struct vni_xdp {
	struct xdp_rxq_info rxq;
	struct page *page;
	u32 hash;
	bool redirected;
	DECLARE_BITMAP(forwarded, VNI_MAX_TXQS);
};

/* xdp.c */
int vni_xdp_init(struct vni_priv *priv);
void vni_xdp_destroy(struct vni_priv *priv);
int vni_xdp_setup(struct net_device *dev, struct netdev_bpf *bpf);
enum vni_xdp_verdict vni_xdp_receive(struct vni_rxq *rxq, struct bpf_prog *prog,
				     struct vni_frame *frame);
bool vni_xdp_receive_skb(struct bpf_prog *prog, struct sk_buff **skb);
void vni_xdp_flush(struct vni_rxq *rxq);

/* xdp_tx.c */
int vni_xdp_forward(struct vni_priv *priv, struct vni_frame *frame,
		    unsigned long *queues);
int vni_xdp_send(struct vni_priv *priv, const void *data, u32 length, u32 hash,
		 unsigned long *queues);
int vni_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags);

/* xdp_calls.c */
int vni_xdp_calls_init(void);
int bpf_vni_send_copy(struct xdp_md *frame);

#endif /* VNI_XDP_H */
