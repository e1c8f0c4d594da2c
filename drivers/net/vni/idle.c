// SPDX-License-Identifier: GPL-2.0
/*
 * Idle polling of vni: a CPU with nothing else to do polls its ring.
 *
 * For a while after the last frame the thread of drivers/mint/idle.c holds NAPI
 * and polls the ring, which asks for no doorbell meanwhile. When it ends, NAPI
 * arms the ring. See docs/vni.md.
 */
#include "device.h"

/* Owns NAPI from here to __napi_schedule(). */
static bool vni_idle_begin(struct mint_idler *idler)
{
	struct vni_rxq *rxq = container_of(idler, struct vni_rxq, idler);

	if (!napi_schedule_prep(&rxq->napi))
		return false;
	vni_ring_disarm(&rxq->priv->port, rxq->queue);
	return true;
}

/* Is there work for NAPI? */
static bool vni_idle_pending(struct mint_idler *idler)
{
	struct vni_rxq *rxq = container_of(idler, struct vni_rxq, idler);

	return vni_ring_pending(&rxq->priv->port, rxq->queue) ||
	       test_bit(NAPI_STATE_MISSED, &rxq->napi.state);
}

static void vni_idle_end(struct mint_idler *idler, bool found)
{
	struct vni_rxq *rxq = container_of(idler, struct vni_rxq, idler);

	if (found)
		vni_rx_count(rxq, VNI_RX_IDLE_FOUND, 1);
	local_bh_disable();
	__napi_schedule(&rxq->napi);
	local_bh_enable();
}

static const struct mint_idler_ops vni_idle_ops = {
	.begin = vni_idle_begin,
	.pending = vni_idle_pending,
	.end = vni_idle_end,
};

/**
 * vni_idle_arm() - have the queue's CPU poll the ring when it is idle
 * @rxq: the queue, which has just got frames: others may follow
 *
 * Context: NAPI of the queue.
 */
void vni_idle_arm(struct vni_rxq *rxq)
{
	if (READ_ONCE(rxq->priv->idle_poll))
		mint_idler_arm(&rxq->idler);
}

static void vni_idle_stop_some(struct vni_priv *priv, unsigned int n)
{
	while (n--)
		mint_idler_stop(&priv->rxqs[n].idler);
}

/**
 * vni_idle_start() - start the idle pollers of all queues in use
 * @priv: the device, its lock held, NAPI of its queues disabled
 *
 * Return: 0 or a negative error.
 */
int vni_idle_start(struct vni_priv *priv)
{
	unsigned int i;
	int err;

	for (i = 0; i < priv->nr_rxqs; i++) {
		priv->rxqs[i].idler.ops = &vni_idle_ops;
		err = mint_idler_start(&priv->rxqs[i].idler, vni_queue_cpu(priv, i),
				       "vni-idle", i);
		if (err) {
			vni_idle_stop_some(priv, i);
			return err;
		}
	}
	return 0;
}

/**
 * vni_idle_stop() - undo vni_idle_start()
 * @priv: the device, NAPI of its queues disabled
 */
void vni_idle_stop(struct vni_priv *priv)
{
	vni_idle_stop_some(priv, priv->nr_rxqs);
}
