// SPDX-License-Identifier: GPL-2.0
/*
 * Functions of vni that programs of XDP can call, in kernels with BTF
 * (CONFIG_DEBUG_INFO_BTF). See docs/vni.md.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <net/xdp.h>

#include "device.h"

/* The queue by which a frame has come; NULL if vni does not show it in its driver. */
static struct vni_rxq *vni_xdp_rxq(const struct xdp_buff *xdp)
{
	const struct net_device *dev = xdp->rxq->dev;
	u32 queue = xdp->rxq->queue_index;
	struct vni_priv *priv;

	if (dev->netdev_ops->ndo_xdp_xmit != vni_xdp_xmit)
		return NULL;
	priv = netdev_priv(dev);
	/* Generic XDP and programs of maps have a structure of their own there. */
	if (queue >= vni_nr_queues(priv) || xdp->rxq != &priv->rxqs[queue].xdp.rxq)
		return NULL;
	return &priv->rxqs[queue];
}

__bpf_kfunc_start_defs();

/**
 * bpf_vni_send_copy() - send a copy of a frame by vni, and keep the frame
 * @frame: a frame that vni shows to the program in its driver
 *
 * The copy has what the program has written until now; its destination address
 * decides where it goes, as with XDP_TX. It is posted with all that the poll sends.
 * A copy that cannot be sent is counted as a frame with XDP_TX is.
 *
 * Return: 0; -EOPNOTSUPP if it is no such frame; -ENOTCONN if its node takes no
 * frames; -EMSGSIZE if that takes shorter ones only; another error if there is no
 * room.
 */
__bpf_kfunc int bpf_vni_send_copy(struct xdp_md *frame)
{
	const struct xdp_buff *xdp = (const struct xdp_buff *)frame;
	struct vni_rxq *rxq = vni_xdp_rxq(xdp);
	int err;

	if (!rxq)
		return -EOPNOTSUPP;
	err = vni_xdp_send(rxq->priv, xdp->data, xdp->data_end - xdp->data, rxq->xdp.hash,
			   rxq->xdp.forwarded);
	if (unlikely(err))
		vni_tx_count_dropped(rxq->priv, err);
	return err;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(vni_xdp_calls)
BTF_ID_FLAGS(func, bpf_vni_send_copy)
BTF_KFUNCS_END(vni_xdp_calls)

static const struct btf_kfunc_id_set vni_xdp_call_set = {
	.owner = THIS_MODULE,
	.set = &vni_xdp_calls,
};

/**
 * vni_xdp_calls_init() - let programs call what is here
 *
 * They stay for as long as the driver is there.
 *
 * Return: 0, also in a kernel without BTF, or a negative error.
 */
int vni_xdp_calls_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &vni_xdp_call_set);
}
