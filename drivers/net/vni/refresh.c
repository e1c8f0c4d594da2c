// SPDX-License-Identifier: GPL-2.0
/*
 * What this node notes of its peers when one comes, changes or goes: who is
 * lost, carrier, and the burial of the dead.
 *
 * Only these functions write vni_priv.peers. See docs/vni.md.
 */
#include <linux/cleanup.h>

#include "device.h"
#include "recover.h"
#include "trace.h"

/**
 * vni_bury() - take back what dead incarnations of a node held
 * @priv: the device, its lock held, or not yet registered
 * @node: the node; our own id for our former generations
 * @generation: the last one that is fenced
 *
 * If a lock is not had in time, the burial does not count as done: the next
 * refresh repeats it.
 */
void vni_bury(struct vni_priv *priv, u32 node, u32 generation)
{
	u64 *timeouts = &priv->port.faults[VNI_FAULT_LOCK_TIMEOUT];
	u64 before = READ_ONCE(*timeouts);

	/* No receive context may run during a burial, see ring.c. */
	if (priv->open)
		vni_napi_hold(priv);
	/* No interrupt may make peers wait for the pool's lock. */
	scoped_guard(irqsave) {
		priv->slow_cache.cpu = smp_processor_id();
		vni_port_bury(&priv->port, &priv->slow_cache, node, generation);
		vni_cache_flush(&priv->port, &priv->slow_cache);
	}
	if (priv->open)
		vni_napi_release(priv);
	trace_vni_bury(node, generation, READ_ONCE(*timeouts) == before);
	if (READ_ONCE(*timeouts) != before)
		return;
	priv->peers[node].buried = generation;
	if (node != priv->port.node)
		priv->peer_resets++;
}

/* An Ethernet has one MTU: warn the user, who sets up nodes one by one. */
static void vni_peer_compare_mtu(struct vni_priv *priv, u32 node,
				 u32 max_frame)
{
	struct vni_peer *known = &priv->peers[node];
	u32 ours = READ_ONCE(priv->netdev->mtu);
	u32 theirs = clamp_t(u32, max_frame, ETH_HLEN,
			     ETH_HLEN + ETH_MAX_MTU) - ETH_HLEN;
	u32 mtus = theirs == ours ? 0 : theirs << 16 | ours;

	if (mtus && mtus != known->mtus && net_ratelimit())
		netdev_warn(priv->netdev,
			    "node %u has MTU %u, this one %u: longer frames than both take are lost. Try on all nodes: ip link set %s mtu %u\n",
			    node, theirs, ours, netdev_name(priv->netdev),
			    min(theirs, ours));
	WRITE_ONCE(known->mtus, mtus);
}

static bool vni_peer_refresh(struct vni_priv *priv, u32 node)
{
	struct vni_peer *known = &priv->peers[node];
	struct vni_receiver receiver;
	struct mint_peer peer;
	u32 lost = 0, up = 0;

	/* In this order: the line that was read cannot be newer than the node. */
	vni_peer_read(priv, node, 0, &receiver);
	mint_peer_get(node, &peer);
	if (!peer.running || peer.generation != receiver.generation)
		lost = receiver.generation;
	else if (receiver.open == 1)
		up = receiver.generation;

	WRITE_ONCE(known->lost, lost);
	if (up != known->up) {
		if (net_ratelimit())
			netdev_info(priv->netdev, "node %u %s\n", node,
				    up ? "takes frames" : "takes no frames");
		if (known->up) {
			vni_stations_forget(priv, node);
			vni_tx_purge(priv, node);
		}
		WRITE_ONCE(known->up, up);
	}
	if (up && priv->open)
		vni_peer_compare_mtu(priv, node, receiver.max_frame);
	else
		WRITE_ONCE(known->mtus, 0);
	if (peer.fenced > known->buried)
		vni_bury(priv, node, peer.fenced);
	return up;
}

/**
 * vni_peers_refresh() - note what has changed of all peers, and act on it
 * @priv: the device, not locked
 *
 * Context: process; takes the device's lock.
 */
void vni_peers_refresh(struct vni_priv *priv)
{
	bool carrier = false;
	u32 node;

	mutex_lock(&priv->lock);
	for (node = 0; node < vni_nr_nodes(priv); node++)
		if (node != priv->port.node)
			carrier |= vni_peer_refresh(priv, node);
	if (priv->open && carrier)
		netif_carrier_on(priv->netdev);
	else
		netif_carrier_off(priv->netdev);
	mutex_unlock(&priv->lock);
}

/**
 * vni_refresh_work() - look at all peers, since NAPI found one changed
 * @work: vni_priv.refresh
 */
void vni_refresh_work(struct work_struct *work)
{
	vni_peers_refresh(container_of(work, struct vni_priv, refresh));
}

/**
 * vni_peer_event() - refresh all peers, since the node table has changed
 * @nb: vni_priv.peer_notifier
 * @value: unused
 * @data: unused
 *
 * Return: NOTIFY_OK.
 */
int vni_peer_event(struct notifier_block *nb, unsigned long value, void *data)
{
	vni_peers_refresh(container_of(nb, struct vni_priv, peer_notifier));
	return NOTIFY_OK;
}
