// SPDX-License-Identifier: GPL-2.0
/*
 * What this node tells its senders: the receiver lines of its rings.
 *
 * A line says which frames the node wants, what they may look like, and which
 * queue takes which flow. See docs/vni.md and struct vni_receiver.
 */
#include <kunit/visibility.h>
#include <linux/ethtool.h>

#include "device.h"

/*
 * Publishes a change to senders. On a closed interface nobody reads the lines,
 * and vni_ring_open() writes all of them.
 */
static void vni_receiver_publish(struct vni_priv *priv)
	__must_hold(&priv->receiver_lock)
{
	u32 number = vni_ring_number(&priv->port, priv->port.node, 0);
	u32 end = number + priv->nr_rxqs;

	if (!priv->open)
		return;
	for (; number < end; number++) {
		struct vni_receiver *shared =
			&vni_ring_of(&priv->port, number)->receiver;

		mint_store(&shared->flags, priv->receiver.flags);
		mint_store(&shared->features, priv->receiver.features);
		mint_store(&shared->max_frame, priv->receiver.max_frame);
		mint_store(&shared->mcast, priv->receiver.mcast);
		mint_store(&shared->steer, priv->receiver.steer);
		ether_addr_copy(shared->mac, priv->receiver.mac);
	}
}

/**
 * vni_set_steering() - choose the queue for each flow
 * @priv: the device, open or closed
 * @steer: as in struct vni_receiver; its queues are in use
 */
void vni_set_steering(struct vni_priv *priv, u64 steer)
{
	spin_lock_bh(&priv->receiver_lock);
	priv->receiver.steer = steer;
	vni_receiver_publish(priv);
	spin_unlock_bh(&priv->receiver_lock);
}

static void vni_receiver_set_mtu(struct vni_priv *priv, unsigned int mtu)
{
	spin_lock_bh(&priv->receiver_lock);
	priv->receiver.max_frame = mtu + ETH_HLEN;
	vni_receiver_publish(priv);
	spin_unlock_bh(&priv->receiver_lock);
}

static void vni_receiver_set_mac(struct vni_priv *priv)
{
	spin_lock_bh(&priv->receiver_lock);
	ether_addr_copy(priv->receiver.mac, priv->netdev->dev_addr);
	vni_receiver_publish(priv);
	spin_unlock_bh(&priv->receiver_lock);
}

/*
 * Programs of XDP must see frames as they would come off a wire. One that is
 * attached to the driver may send them on to where nobody completes checksums.
 */
static u32 vni_receiver_capabilities(struct vni_priv *priv)
{
	u32 capabilities = VNI_CAP_START;

	if (READ_ONCE(priv->rx_latency))
		capabilities |= VNI_CAP_TSC;
	if (rcu_access_pointer(priv->xdp_prog))
		return capabilities | VNI_CAP_HEADROOM;
	if (!READ_ONCE(priv->rx_csum))
		return capabilities;
	capabilities |= VNI_CAP_CSUM;
	/* Without SCTP this node could not complete its checksum. */
	if (IS_ENABLED(CONFIG_IP_SCTP))
		capabilities |= VNI_CAP_CRC32C;
	if (READ_ONCE(priv->rx_gso) &&
	    !rcu_access_pointer(priv->netdev->xdp_prog))
		capabilities |= VNI_CAP_TSO | VNI_CAP_USO | VNI_CAP_BIG |
				VNI_CAP_ENCAP;
	return capabilities;
}

/**
 * vni_receiver_refresh() - publish which offloads we take, if that has changed
 * @priv: the device, open or closed
 *
 * The stack does not tell a driver that a generic XDP program came or went, so
 * the check calls this.
 */
void vni_receiver_refresh(struct vni_priv *priv)
{
	u32 capabilities;

	spin_lock_bh(&priv->receiver_lock);
	capabilities = vni_receiver_capabilities(priv);
	if (capabilities != priv->receiver.features) {
		priv->receiver.features = capabilities;
		vni_receiver_publish(priv);
	}
	spin_unlock_bh(&priv->receiver_lock);
}
EXPORT_SYMBOL_IF_KUNIT(vni_receiver_refresh);

static void vni_set_rx_csum(struct vni_priv *priv, netdev_features_t features)
{
	WRITE_ONCE(priv->rx_csum, features & NETIF_F_RXCSUM);
	vni_receiver_refresh(priv);
}

/**
 * vni_set_rx_gso() - take frames with GSO data, or have senders segment
 * @priv: the device, open or closed
 * @on: true: take them
 *
 * No feature of the interface says so: the core clears NETIF_F_GRO_HW, and the
 * user's wish for it, when an XDP program is attached, and never sets it again.
 */
void vni_set_rx_gso(struct vni_priv *priv, bool on)
{
	WRITE_ONCE(priv->rx_gso, on);
	vni_receiver_refresh(priv);
}
EXPORT_SYMBOL_IF_KUNIT(vni_set_rx_gso);

/**
 * vni_set_rx_mode() - publish which multicast frames are wanted
 * @dev: the interface, its address lists locked
 */
void vni_set_rx_mode(struct net_device *dev)
{
	struct vni_priv *priv = netdev_priv(dev);
	struct netdev_hw_addr *address;
	u32 flags = 0;
	u64 mcast = 0;

	if (dev->flags & IFF_PROMISC)
		flags |= VNI_RX_PROMISC;
	if (dev->flags & IFF_ALLMULTI)
		flags |= VNI_RX_ALLMULTI;
	netdev_for_each_mc_addr(address, dev)
		mcast |= vni_mcast_bit(address->addr);

	spin_lock_bh(&priv->receiver_lock);
	priv->receiver.flags = flags;
	priv->receiver.mcast = mcast;
	vni_receiver_publish(priv);
	spin_unlock_bh(&priv->receiver_lock);
}

/**
 * vni_set_mac_address() - take another address
 * @dev: the interface; RTNL held
 * @address: struct sockaddr with it
 *
 * Return: 0 or what eth_mac_addr() says.
 */
int vni_set_mac_address(struct net_device *dev, void *address)
{
	int err = eth_mac_addr(dev, address);

	if (!err)
		vni_receiver_set_mac(netdev_priv(dev));
	return err;
}

/**
 * vni_change_mtu() - take longer or shorter frames
 * @dev: the interface; RTNL held
 * @mtu: within its limits
 *
 * Return: 0.
 */
int vni_change_mtu(struct net_device *dev, int mtu)
{
	WRITE_ONCE(dev->mtu, mtu);
	vni_receiver_set_mtu(netdev_priv(dev), mtu);
	return 0;
}

/**
 * vni_set_features() - publish which offloads we take
 * @dev: the interface; RTNL held
 * @features: what it will have
 *
 * Return: 0.
 */
int vni_set_features(struct net_device *dev, netdev_features_t features)
{
	vni_set_rx_csum(netdev_priv(dev), features);
	return 0;
}

/**
 * vni_steer_evenly() - spread flows over all queues in use
 * @nr_rxqs: how many these are
 *
 * Return: the steering, as in struct vni_receiver.
 */
u64 vni_steer_evenly(unsigned int nr_rxqs)
{
	unsigned int i;
	u64 steer = 0;

	for (i = 0; i < VNI_STEER_ENTRIES; i++)
		steer |= (u64)ethtool_rxfh_indir_default(i, nr_rxqs) << 2 * i;
	return steer;
}

/**
 * vni_init_receiver() - fill in vni_priv.receiver of a new device
 * @priv: the device, with netdev and number of queues set
 */
void vni_init_receiver(struct vni_priv *priv)
{
	priv->receiver.steer = vni_steer_evenly(priv->nr_rxqs);
	vni_receiver_set_mtu(priv, priv->netdev->mtu);
	vni_receiver_set_mac(priv);
	vni_set_rx_csum(priv, priv->netdev->features);
}
