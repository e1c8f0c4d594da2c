// SPDX-License-Identifier: GPL-2.0
/*
 * Opening and closing the vni interface, and the check that runs while it is
 * open.
 *
 * Lock order: RTNL, vni_priv.lock, the lock of a TX queue. See docs/vni.md.
 */
#include <linux/cleanup.h>
#include <linux/ethtool.h>

#include "device.h"
#include "recover.h"

/**
 * vni_check_work() - every VNI_CHECK_MS, look at what no doorbell announces
 * @work: vni_priv.check
 *
 * Peers that have changed, frames that wait though nobody polls, what
 * receivers have taken, and a pool that runs low.
 */
void vni_check_work(struct work_struct *work)
{
	struct vni_priv *priv = container_of(to_delayed_work(work),
					     struct vni_priv, check);
	unsigned int i;

	vni_receiver_refresh(priv);
	vni_peers_refresh(priv);
	mutex_lock(&priv->lock);
	for (i = 0; priv->open && i < priv->nr_rxqs; i++)
		vni_rx_check(&priv->rxqs[i]);
	if (priv->open) {
		vni_tx_check(priv);
		vni_caches_relieve(priv);
	}
	mutex_unlock(&priv->lock);
	/* CPU 0 is always online. */
	schedule_delayed_work_on(0, &priv->check,
				 msecs_to_jiffies(VNI_CHECK_MS));
}

/* Interrupts are off as in vni_buf_get(), and for the CPU number. */
static int vni_rings_open(struct vni_priv *priv)
	__must_hold(&priv->receiver_lock)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < priv->nr_rxqs; i++) {
		priv->receiver.cpu = mint_machine_cpu(vni_queue_cpu(priv, i));
		err = vni_ring_open(&priv->port, i, smp_processor_id(),
				    &priv->receiver);
	}
	return err;
}

static void vni_rings_close(struct vni_priv *priv)
	__must_hold(&priv->receiver_lock)
{
	unsigned int i;

	priv->slow_cache.cpu = smp_processor_id();
	for (i = 0; i < priv->nr_rxqs; i++) {
		vni_ring_close(&priv->port, i, &priv->slow_cache);
		priv->rxqs[i].check_idle = false;
	}
}

static int vni_rings_start(struct vni_priv *priv)
{
	int err;

	guard(mutex)(&priv->lock);
	err = vni_idle_start(priv);
	if (err)
		return err;
	spin_lock_irq(&priv->receiver_lock);
	err = vni_rings_open(priv);
	if (err)
		vni_rings_close(priv);
	priv->open = !err;
	spin_unlock_irq(&priv->receiver_lock);
	if (err) {
		vni_idle_stop(priv);
		return err;
	}
	vni_cpus_look(priv, true);
	/* This polls each ring once, since a doorbell may have come too early. */
	vni_napi_release(priv);
	return 0;
}

static void vni_rings_stop(struct vni_priv *priv)
{
	unsigned int i;

	guard(mutex)(&priv->lock);
	/* It could not be opened again: see vni_set_queues(). */
	if (!priv->open)
		return;
	vni_napi_hold(priv);
	vni_idle_stop(priv);
	for (i = 0; i < vni_nr_queues(priv); i++)
		vni_lend_reclaim_closed(&priv->rxqs[i]);
	spin_lock_irq(&priv->receiver_lock);
	priv->open = false;
	vni_rings_close(priv);
	spin_unlock_irq(&priv->receiver_lock);
	vni_cpus_look(priv, false);
}

/**
 * vni_open() - the interface goes up
 * @dev: the interface; RTNL held
 *
 * Return: 0 or a negative error.
 */
int vni_open(struct net_device *dev)
{
	struct vni_priv *priv = netdev_priv(dev);
	int err;

	err = vni_rings_start(priv);
	if (err) {
		netdev_err(dev, "cannot open the rings of node %u: %d\n",
			   priv->port.node, err);
		return err;
	}
	/* While the number of queues was changed frames may have come to wait. */
	netif_tx_wake_all_queues(dev);
	vni_peers_refresh(priv);
	vni_peers_kick(priv, ~0ULL);
	schedule_delayed_work_on(0, &priv->check,
				 msecs_to_jiffies(VNI_CHECK_MS));
	return 0;
}

/**
 * vni_stop() - the interface goes down, and gives back all it holds
 * @dev: the interface; RTNL held
 *
 * What is lent comes back later.
 *
 * Return: 0.
 */
int vni_stop(struct net_device *dev)
{
	struct vni_priv *priv = netdev_priv(dev);
	u32 node;

	netif_tx_disable(dev);
	cancel_delayed_work_sync(&priv->check);
	vni_rings_stop(priv);
	netif_carrier_off(dev);
	for (node = 0; node < vni_nr_nodes(priv); node++)
		vni_tx_purge(priv, node);
	timer_delete_sync(&priv->retry);
	vni_caches_flush(priv);
	vni_peers_kick(priv, ~0ULL);
	return 0;
}

/**
 * vni_set_queues() - use another number of RX queues
 * @priv: the device; RTNL held
 * @nr_rxqs: how many, from 1 to vni_nr_queues()
 *
 * A running interface is closed and opened again: frames on their way are
 * lost, as with any change of that kind. Steering stays if the user has set
 * it, else it becomes even.
 *
 * Return: 0 or a negative error, then the interface is down.
 */
int vni_set_queues(struct vni_priv *priv, unsigned int nr_rxqs)
{
	struct net_device *dev = priv->netdev;
	bool running = netif_running(dev);
	int err;

	err = netif_set_real_num_rx_queues(dev, nr_rxqs);
	if (err)
		return err;
	if (running)
		vni_stop(dev);
	priv->nr_rxqs = nr_rxqs;
	if (!netif_is_rxfh_configured(dev))
		vni_set_steering(priv, vni_steer_evenly(nr_rxqs));
	err = running ? vni_open(dev) : 0;
	if (err)
		dev_close(dev);
	return err;
}
