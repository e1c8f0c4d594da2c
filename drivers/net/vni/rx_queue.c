// SPDX-License-Identifier: GPL-2.0
/*
 * The RX queues of vni as all its parts see them: which CPU serves one, and
 * how its NAPI is called or kept from running.
 */
#include <linux/cpumask.h>

#include "device.h"

/* While doorbells are spared, look after so many frames that were sent. */
#define VNI_LOOK_SENDS	8

/**
 * vni_queue_cpu() - the CPU of the node that a queue's doorbell goes to
 * @priv: the device, its lock held
 * @queue: own queue
 *
 * Return: its number.
 */
unsigned int vni_queue_cpu(const struct vni_priv *priv, u32 queue)
{
	return cpumask_nth(queue % cpumask_weight(&priv->cpus), &priv->cpus);
}

/**
 * vni_napi_kick() - schedule NAPI from process context
 * @rxq: the queue, of an open device
 */
void vni_napi_kick(struct vni_rxq *rxq)
{
	local_bh_disable();
	napi_schedule(&rxq->napi);
	local_bh_enable();
}

/**
 * vni_napi_hold() - keep all receive contexts from running
 * @priv: the device, open
 *
 * May sleep.
 */
void vni_napi_hold(struct vni_priv *priv)
{
	unsigned int i;

	for (i = 0; i < priv->nr_rxqs; i++) {
		napi_disable(&priv->rxqs[i].napi);
		hrtimer_cancel(&priv->rxqs[i].timer);
		timer_delete_sync(&priv->rxqs[i].spare.timer);
	}
}

/**
 * vni_napi_release() - undo vni_napi_hold(), and poll all rings
 * @priv: the device, open, its lock held
 */
void vni_napi_release(struct vni_priv *priv)
{
	unsigned int i;

	for (i = 0; i < priv->nr_rxqs; i++) {
		napi_enable(&priv->rxqs[i].napi);
		vni_napi_kick(&priv->rxqs[i]);
	}
}

/**
 * vni_rx_look() - poll this CPU's own ring from the transmit path
 * @priv: the device that has just sent
 *
 * So frames that are not worth a doorbell seldom wait for a timer. While
 * doorbells are spared, many tasks take turns, each with a frame or two: then a
 * poll for each would cost more than the doorbells did. When no task is left
 * that sends, the idle thread looks.
 *
 * Context: BH is off.
 */
void vni_rx_look(struct vni_priv *priv)
{
	struct vni_rxq *rxq = this_cpu_read(priv->cpu->rxq);

	if (!rxq || (READ_ONCE(rxq->spare.on) &&
		     __this_cpu_inc_return(priv->cpu->sends) % VNI_LOOK_SENDS))
		return;
	if (!napi_is_scheduled(&rxq->napi) &&
	    vni_ring_pending(&priv->port, rxq->queue))
		napi_schedule(&rxq->napi);
}
