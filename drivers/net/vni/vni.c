// SPDX-License-Identifier: GPL-2.0
/*
 * vni: an Ethernet interface between the nodes of one machine.
 *
 * This file is the life of a device on the mint bus. See docs/vni.md, which
 * says what the other files are.
 */
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <net/netdev_queues.h>

#include "device.h"

/* Slots of a ring; half of it where a node has several. */
#define VNI_RING_SLOTS		512
/* A section from this size on has several rings for each node. */
#define VNI_MULTIQUEUE_BYTES	(32UL << 20)
#define VNI_COALESCE_USECS	1000
#define VNI_COALESCE_FRAMES	16
/* pfifo_fast allocates three arrays of so many pointers for each TX queue. */
#define VNI_TX_QUEUE_LEN	256
/* A queue that has been stopped for this time is worth a line in the log. */
#define VNI_TX_TIMEOUT		(30 * HZ)

#define VNI_FEATURES	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | \
			 NETIF_F_HW_CSUM | NETIF_F_SCTP_CRC | \
			 NETIF_F_ALL_TSO | NETIF_F_GSO_UDP_L4 | \
			 NETIF_F_GSO_ENCAP_ALL | NETIF_F_GSO_ROBUST)
#define VNI_TX_TAGS	(NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_STAG_TX)
#define VNI_RX_TAGS	(NETIF_F_HW_VLAN_CTAG_RX | NETIF_F_HW_VLAN_STAG_RX)

static const struct net_device_ops vni_netdev_ops = {
	.ndo_open		= vni_open,
	.ndo_stop		= vni_stop,
	.ndo_start_xmit		= vni_start_xmit,
	.ndo_tx_timeout		= vni_tx_timeout,
	.ndo_select_queue	= vni_select_queue,
	.ndo_features_check	= vni_features_check,
	.ndo_set_rx_mode	= vni_set_rx_mode,
	.ndo_set_mac_address	= vni_set_mac_address,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_change_mtu		= vni_change_mtu,
	.ndo_set_features	= vni_set_features,
	.ndo_get_stats64	= vni_get_stats64,
	.ndo_bpf		= vni_xdp_setup,
	.ndo_xdp_xmit		= vni_xdp_xmit,
};

static void vni_init_netdev(struct net_device *dev, struct mint_device *mdev,
			    u32 node)
{
	u8 mac[ETH_ALEN];

	SET_NETDEV_DEV(dev, &mdev->dev);
	memcpy(mac, vni_mac_prefix, sizeof(vni_mac_prefix));
	mac[ETH_ALEN - 1] = node;
	eth_hw_addr_set(dev, mac);

	dev->netdev_ops = &vni_netdev_ops;
	dev->ethtool_ops = &vni_ethtool_ops;
	dev->stat_ops = &vni_stat_ops;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_MAX_MTU;
	dev->tx_queue_len = VNI_TX_QUEUE_LEN;
	dev->watchdog_timeo = VNI_TX_TIMEOUT;
	dev->hw_features = VNI_FEATURES | VNI_TX_TAGS | NETIF_F_RXCSUM |
			   NETIF_F_RXHASH;
	dev->features = dev->hw_features | VNI_RX_TAGS;
	dev->vlan_features = VNI_FEATURES;
	dev->xdp_features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
			    NETDEV_XDP_ACT_NDO_XMIT;
	dev->hw_enc_features = VNI_FEATURES;
	/* Peers send us what we have sent from, whatever the address. */
	dev->priv_flags |= IFF_UNICAST_FLT | IFF_LIVE_ADDR_CHANGE;
	netif_carrier_off(dev);
}

/*
 * Frames over 64 KB are possible, but off by default: their headers do not tell
 * their length, and captures and filters miss them.
 */
static void vni_init_gso(struct net_device *dev, const struct vni_class *huge)
{
	if (huge->count)
		netif_set_tso_max_size(dev, min(huge->buf_bytes, VNI_MAX_FRAME));
}

static void vni_init_txqs(struct vni_priv *priv)
{
	unsigned int i;

	for (i = 0; i <= vni_nr_rings(priv); i++) {
		struct vni_txq *q = &priv->txqs[i];

		q->txq = netdev_get_tx_queue(priv->netdev, i);
		q->node = VNI_FLOOD;
		if (i) {
			q->ring = i - 1;
			q->node = q->ring / vni_nr_queues(priv);
			q->queue = q->ring % vni_nr_queues(priv);
		}
		u64_stats_init(&q->syncp);
	}
}

static void vni_init_rxqs(struct vni_priv *priv)
{
	unsigned int i;

	for (i = 0; i < vni_nr_queues(priv); i++) {
		struct vni_rxq *rxq = &priv->rxqs[i];

		rxq->priv = priv;
		rxq->queue = i;
		u64_stats_init(&rxq->syncp);
		hrtimer_init(&rxq->timer, CLOCK_MONOTONIC,
			     HRTIMER_MODE_REL_PINNED);
		rxq->timer.function = vni_rx_timer;
		vni_spare_init(rxq);
		netif_napi_add(priv->netdev, &rxq->napi, vni_poll);
		/* TX queues have none: whichever NAPI runs serves those that wait. */
		netif_queue_set_napi(priv->netdev, i, NETDEV_QUEUE_TYPE_RX,
				     &rxq->napi);
	}
	priv->nr_rxqs = min(num_online_cpus(), vni_nr_queues(priv));
	priv->coalesce.usecs = VNI_COALESCE_USECS;
	priv->coalesce.frames = VNI_COALESCE_FRAMES;
	priv->coalesce.adaptive = true;
	priv->idle_poll = true;
	priv->rx_gso = true;
}

static void vni_lenders_destroy(struct vni_priv *priv, unsigned int n)
{
	while (n--)
		vni_lender_destroy(&priv->rxqs[n]);
}

static int vni_lenders_init(struct vni_priv *priv)
{
	unsigned int i;
	int err;

	for (i = 0; i < vni_nr_queues(priv); i++) {
		err = vni_lender_init(&priv->rxqs[i]);
		if (err) {
			vni_lenders_destroy(priv, i);
			return err;
		}
	}
	return 0;
}

static struct vni_priv *vni_alloc(struct mint_device *mdev,
				  const struct vni_port *port)
{
	unsigned int nr_rxqs = port->geometry.nr_queues;
	unsigned int nr_txqs = port->geometry.nr_nodes * nr_rxqs + 1;
	struct vni_priv *priv;
	struct net_device *dev;

	dev = alloc_netdev_mqs(struct_size(priv, txqs, nr_txqs), "vni%d",
			       NET_NAME_PREDICTABLE, ether_setup, nr_txqs,
			       nr_rxqs);
	if (!dev)
		return ERR_PTR(-ENOMEM);

	priv = netdev_priv(dev);
	priv->port = *port;
	priv->netdev = dev;
	/* As veth. Bonds and bridges compare speeds; it limits nothing. */
	priv->speed = SPEED_10000;
	priv->duplex = DUPLEX_FULL;
	priv->peer_notifier.notifier_call = vni_peer_event;
	mutex_init(&priv->lock);
	spin_lock_init(&priv->receiver_lock);
	spin_lock_init(&priv->station_lock);
	INIT_WORK(&priv->refresh, vni_refresh_work);
	INIT_DELAYED_WORK(&priv->check, vni_check_work);
	timer_setup(&priv->retry, vni_tx_retry_timer, 0);
	vni_init_netdev(dev, mdev, port->node);
	vni_init_gso(dev, &port->geometry.classes[VNI_CLASS_HUGE]);
	vni_init_txqs(priv);
	vni_init_rxqs(priv);
	vni_init_receiver(priv);
	return priv;
}

/*
 * Makes room for as many nodes as there can be. A small section has one queue
 * for each: more rings would leave it too few buffers.
 */
static int vni_format(void *section, u64 bytes)
{
	u32 nodes = min(mint_machine_nr_cpus(), MINT_MAX_NODES);

	if (bytes < VNI_MULTIQUEUE_BYTES)
		return vni_section_format(section, bytes, nodes, 1,
					  VNI_RING_SLOTS);
	return vni_section_format(section, bytes, nodes, VNI_MAX_QUEUES,
				  VNI_RING_SLOTS / 2);
}

static void vni_channels_unregister(unsigned int n)
{
	while (n--)
		mint_channel_unregister(MINT_CHANNEL_VNI + n);
}

static int vni_channels_register(struct vni_priv *priv)
{
	unsigned int i;
	int err;

	for (i = 0; i < vni_nr_queues(priv); i++) {
		err = mint_channel_register(MINT_CHANNEL_VNI + i,
					    vni_rx_doorbell, &priv->rxqs[i]);
		if (err) {
			vni_channels_unregister(i);
			return err;
		}
	}
	return 0;
}

/* Attaches to the section; formats it first if this node is the first one. */
static int vni_attach(struct mint_device *mdev, struct vni_port *port)
{
	int err;

	err = mint_device_format(mdev, vni_format);
	if (err) {
		dev_err(&mdev->dev, "cannot format the vni section: %d\n", err);
		return err;
	}
	err = vni_port_init(port, mdev->section, mdev->section_bytes,
			    mint_self_node(), mint_self_generation(),
			    mint_owner_dead, NULL);
	if (err)
		dev_err(&mdev->dev, "unusable vni section: %d\n", err);
	return err;
}

/* Only the section tells how many queues the interface has. */
static struct vni_priv *vni_create(struct mint_device *mdev)
{
	struct vni_priv *priv;
	struct vni_port *port;
	int err;

	port = kzalloc(sizeof(*port), GFP_KERNEL);
	if (!port)
		return ERR_PTR(-ENOMEM);
	err = vni_attach(mdev, port);
	priv = err ? ERR_PTR(err) : vni_alloc(mdev, port);
	kfree(port);
	return priv;
}

static int vni_probe(struct mint_device *mdev)
{
	struct vni_priv *priv = vni_create(mdev);
	int err;

	if (IS_ERR(priv))
		return PTR_ERR(priv);
	err = vni_cpus_init(priv);
	if (err)
		goto free_netdev;
	err = vni_xdp_init(priv);
	if (err)
		goto destroy_cpus;
	err = vni_lenders_init(priv);
	if (err)
		goto destroy_xdp;
	vni_bury(priv, priv->port.node, priv->port.generation - 1);
	err = vni_channels_register(priv);
	if (err)
		goto destroy_lenders;
	err = netif_set_real_num_rx_queues(priv->netdev, priv->nr_rxqs);
	if (!err)
		err = register_netdev(priv->netdev);
	if (err)
		goto unregister_channels;
	err = mint_peer_notifier_register(&priv->peer_notifier);
	if (err)
		goto unregister_netdev;

	dev_set_drvdata(&mdev->dev, priv);
	vni_debugfs_init(priv);
	vni_peers_refresh(priv);
	return 0;

unregister_netdev:
	unregister_netdev(priv->netdev);
unregister_channels:
	vni_channels_unregister(vni_nr_queues(priv));
	cancel_work_sync(&priv->refresh);
destroy_lenders:
	vni_lenders_destroy(priv, vni_nr_queues(priv));
destroy_xdp:
	vni_latency_destroy(priv);
	vni_xdp_destroy(priv);
destroy_cpus:
	vni_cpus_destroy(priv);
free_netdev:
	free_netdev(priv->netdev);
	return err;
}

static void vni_remove(struct mint_device *mdev)
{
	struct vni_priv *priv = dev_get_drvdata(&mdev->dev);

	vni_debugfs_exit(priv);
	mint_peer_notifier_unregister(&priv->peer_notifier);
	unregister_netdev(priv->netdev);
	vni_channels_unregister(vni_nr_queues(priv));
	cancel_work_sync(&priv->refresh);
	vni_lenders_destroy(priv, vni_nr_queues(priv));
	vni_latency_destroy(priv);
	vni_xdp_destroy(priv);
	vni_cpus_destroy(priv);
	free_netdev(priv->netdev);
}

/* Lent buffers hold the module, but would not keep the device from unbinding. */
static struct mint_driver vni_driver = {
	.driver.name	= "vni",
	.driver.suppress_bind_attrs = true,
	.kind		= "vni",
	.probe		= vni_probe,
	.remove		= vni_remove,
};

static int __init vni_driver_init(void)
{
	int err;

	err = vni_xdp_calls_init();
	if (err)
		return err;
	err = vni_hotplug_init();
	if (err)
		return err;
	err = mint_driver_register(&vni_driver);
	if (err)
		vni_hotplug_exit();
	return err;
}
module_init(vni_driver_init);

static void __exit vni_driver_exit(void)
{
	mint_driver_unregister(&vni_driver);
	vni_hotplug_exit();
}
module_exit(vni_driver_exit);

MODULE_ALIAS("mint:vni");
MODULE_DESCRIPTION("Ethernet between the nodes of one machine");
MODULE_LICENSE("GPL");
