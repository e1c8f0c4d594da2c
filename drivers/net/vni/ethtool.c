// SPDX-License-Identifier: GPL-2.0
/*
 * What vni tells of itself and lets be set: ethtool, and the statistics of the
 * interface and its queues. See docs/vni.md.
 */
#include <linux/ethtool.h>
#include <net/netdev_queues.h>

#include "device.h"

#define VNI_COALESCE_MAX_USECS	10000U

/* A statistic of ethtool: its name, and the counter of its kind. */
struct vni_stat {
	char name[ETH_GSTRING_LEN];
	unsigned int counter;
};

static const struct vni_stat vni_tx_stats[] = {
	{ "ring_full", VNI_TX_RING_FULL },
	{ "stop", VNI_TX_STOP },
	{ "wake", VNI_TX_WAKE },
	{ "doorbells", VNI_TX_DOORBELLS },
	{ "doorbells_suppressed", VNI_TX_DOORBELLS_SUPPRESSED },
	{ "tx_copies", VNI_TX_COPIES },
	{ "tx_xdp", VNI_TX_XDP },
	{ "tx_no_buffer", VNI_TX_NO_BUFFER },
	{ "tx_peer_down", VNI_TX_PEER_DOWN },
	{ "tx_too_long", VNI_TX_TOO_LONG },
	{ "tx_flood_full", VNI_TX_FLOOD_FULL },
	{ "tx_lock", VNI_TX_LOCK },
	{ "tx_ring_bad", VNI_TX_RING_BAD },
	{ "tx_bad_skb", VNI_TX_BAD_SKB },
};

static const struct vni_stat vni_rx_stats[] = {
	{ "rx_bad_desc", VNI_RX_BAD_DESC },
	{ "rx_alloc_fail", VNI_RX_ALLOC_FAIL },
	{ "rx_space_doorbells", VNI_RX_SPACE_DOORBELLS },
	{ "rx_big", VNI_RX_BIG },
	{ "rx_split", VNI_RX_SPLIT },
	{ "rx_zerocopy", VNI_RX_ZEROCOPY },
	{ "rx_copied_on_demand", VNI_RX_COPIED_ON_DEMAND },
	{ "rx_polls", VNI_RX_POLLS },
	{ "rx_idle_found", VNI_RX_IDLE_FOUND },
	{ "rx_late", VNI_RX_LATE },
	{ "rx_yields", VNI_RX_YIELDS },
	{ "rx_xdp_pass", VNI_RX_XDP_PASS },
	{ "rx_xdp_drop", VNI_RX_XDP_DROP },
	{ "rx_xdp_tx", VNI_RX_XDP_TX },
	{ "rx_xdp_redirect", VNI_RX_XDP_REDIRECT },
	{ "rx_xdp_aborted", VNI_RX_XDP_ABORTED },
	{ "rx_xdp_failed", VNI_RX_XDP_FAILED },
	{ "rx_xdp_skb", VNI_RX_XDP_SKB },
};

static const char vni_device_names[][ETH_GSTRING_LEN] = {
	"rx_lent", "peers_other_mtu", "missed_notify", "peer_resets",
	"lock_takeovers",
};

static const struct vni_stat vni_fault_stats[] = {
	{ "fault_ring_index", VNI_FAULT_RING_INDEX },
	{ "fault_handle", VNI_FAULT_HANDLE },
	{ "fault_length", VNI_FAULT_LENGTH },
	{ "fault_state", VNI_FAULT_STATE },
	{ "fault_slot", VNI_FAULT_SLOT },
	{ "fault_pool", VNI_FAULT_POOL },
	{ "fault_stale", VNI_FAULT_STALE },
	{ "fault_lock_timeout", VNI_FAULT_LOCK_TIMEOUT },
	{ "fault_lock_lost", VNI_FAULT_LOCK_LOST },
};

static_assert(ARRAY_SIZE(vni_fault_stats) == VNI_NR_FAULTS - 1);

/* Private flags, by bit. */
#define VNI_FLAG_ZEROCOPY	BIT(0)
#define VNI_FLAG_IDLE_POLL	BIT(1)
#define VNI_FLAG_GSO		BIT(2)
#define VNI_FLAG_BIG		BIT(3)
#define VNI_FLAG_LATENCY	BIT(4)

static const char vni_flag_names[][ETH_GSTRING_LEN] = {
	"rx-zerocopy",
	"idle-poll",
	"rx-gso",
	"tx-big",
	"rx-latency",
};

static u64 vni_tx_stat(const struct vni_txq *q, enum vni_tx_counter which)
{
	unsigned int start;
	u64 value;

	do {
		start = u64_stats_fetch_begin(&q->syncp);
		value = u64_stats_read(&q->stats[which]);
	} while (u64_stats_fetch_retry(&q->syncp, start));
	return value;
}

static u64 vni_tx_sum(const struct vni_priv *priv, enum vni_tx_counter which)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < vni_nr_txqs(priv); i++)
		sum += vni_tx_stat(&priv->txqs[i], which);
	return sum;
}

static u64 vni_rx_stat(const struct vni_rxq *rxq, enum vni_rx_counter which)
{
	unsigned int start;
	u64 value;

	do {
		start = u64_stats_fetch_begin(&rxq->syncp);
		value = u64_stats_read(&rxq->stats[which]);
	} while (u64_stats_fetch_retry(&rxq->syncp, start));
	return value;
}

static u64 vni_rx_sum(const struct vni_priv *priv, enum vni_rx_counter which)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < vni_nr_queues(priv); i++)
		sum += vni_rx_stat(&priv->rxqs[i], which);
	return sum;
}

/* Buffers that the stack has now. */
static u64 vni_lent(const struct vni_priv *priv)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < vni_nr_queues(priv); i++)
		sum += READ_ONCE(priv->rxqs[i].lender.count);
	return sum;
}

/* Peers that take frames, with another MTU than ours; RTNL held. */
static u64 vni_peers_other_mtu(const struct vni_priv *priv)
{
	u64 sum = 0;
	u32 node;

	for (node = 0; priv->open && node < vni_nr_nodes(priv); node++)
		sum += !!READ_ONCE(priv->peers[node].mtus);
	return sum;
}

/**
 * vni_get_stats64() - the statistics that "ip -s link" shows
 * @dev: the interface, up or down
 * @stats: where to put them
 */
void vni_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	struct vni_priv *priv = netdev_priv(dev);
	enum vni_tx_counter which;

	stats->rx_packets = vni_rx_sum(priv, VNI_RX_PACKETS);
	stats->rx_bytes = vni_rx_sum(priv, VNI_RX_BYTES);
	stats->multicast = vni_rx_sum(priv, VNI_RX_MULTICAST);
	stats->rx_errors = vni_rx_sum(priv, VNI_RX_BAD_DESC);
	stats->rx_dropped = vni_rx_sum(priv, VNI_RX_ALLOC_FAIL);
	stats->tx_packets = vni_tx_sum(priv, VNI_TX_PACKETS);
	stats->tx_bytes = vni_tx_sum(priv, VNI_TX_BYTES);
	stats->tx_carrier_errors = vni_tx_sum(priv, VNI_TX_PEER_DOWN);
	stats->tx_errors = stats->tx_carrier_errors;
	for (which = VNI_TX_NO_BUFFER; which < VNI_NR_TX_COUNTERS; which++)
		if (which != VNI_TX_PEER_DOWN)
			stats->tx_dropped += vni_tx_sum(priv, which);
}

static void vni_get_queue_stats_rx(struct net_device *dev, int i,
				   struct netdev_queue_stats_rx *stats)
{
	struct vni_priv *priv = netdev_priv(dev);

	stats->packets = vni_rx_stat(&priv->rxqs[i], VNI_RX_PACKETS);
	stats->bytes = vni_rx_stat(&priv->rxqs[i], VNI_RX_BYTES);
	stats->alloc_fail = vni_rx_stat(&priv->rxqs[i], VNI_RX_ALLOC_FAIL);
}

static void vni_get_queue_stats_tx(struct net_device *dev, int i,
				   struct netdev_queue_stats_tx *stats)
{
	struct vni_priv *priv = netdev_priv(dev);

	stats->packets = vni_tx_stat(&priv->txqs[i], VNI_TX_PACKETS);
	stats->bytes = vni_tx_stat(&priv->txqs[i], VNI_TX_BYTES);
	stats->stop = vni_tx_stat(&priv->txqs[i], VNI_TX_STOP);
	stats->wake = vni_tx_stat(&priv->txqs[i], VNI_TX_WAKE);
}

static void vni_get_base_stats(struct net_device *dev,
			       struct netdev_queue_stats_rx *rx,
			       struct netdev_queue_stats_tx *tx)
{
	/* The queues are never replaced: nothing was counted outside them. */
	rx->packets = 0;
	rx->bytes = 0;
	rx->alloc_fail = 0;
	tx->packets = 0;
	tx->bytes = 0;
	tx->stop = 0;
	tx->wake = 0;
}

const struct netdev_stat_ops vni_stat_ops = {
	.get_queue_stats_rx	= vni_get_queue_stats_rx,
	.get_queue_stats_tx	= vni_get_queue_stats_tx,
	.get_base_stats		= vni_get_base_stats,
};

static void vni_get_drvinfo(struct net_device *dev,
			    struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "vni", sizeof(info->driver));
	strscpy(info->bus_info, dev_name(dev->dev.parent),
		sizeof(info->bus_info));
}

static int vni_get_link_ksettings(struct net_device *dev,
				  struct ethtool_link_ksettings *settings)
{
	struct vni_priv *priv = netdev_priv(dev);

	ethtool_link_ksettings_zero_link_mode(settings, supported);
	ethtool_link_ksettings_zero_link_mode(settings, advertising);
	settings->base.speed = priv->speed;
	settings->base.duplex = priv->duplex;
	settings->base.port = PORT_OTHER;
	settings->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

static int vni_set_link_ksettings(struct net_device *dev,
				  const struct ethtool_link_ksettings *settings)
{
	struct vni_priv *priv = netdev_priv(dev);

	return ethtool_virtdev_set_link_ksettings(dev, settings, &priv->speed,
						  &priv->duplex);
}

static void vni_get_ringparam(struct net_device *dev,
			      struct ethtool_ringparam *ring,
			      struct kernel_ethtool_ringparam *kernel_ring,
			      struct netlink_ext_ack *extack)
{
	struct vni_priv *priv = netdev_priv(dev);

	/* A TX queue fills a ring of its node; all rings are of one size. */
	ring->rx_max_pending = priv->port.geometry.nr_slots;
	ring->tx_max_pending = priv->port.geometry.nr_slots;
	ring->rx_pending = ring->rx_max_pending;
	ring->tx_pending = ring->tx_max_pending;
}

static void vni_get_channels(struct net_device *dev,
			     struct ethtool_channels *channels)
{
	channels->max_rx = dev->num_rx_queues;
	channels->max_tx = dev->num_tx_queues;
	channels->rx_count = dev->real_num_rx_queues;
	channels->tx_count = dev->real_num_tx_queues;
}

static int vni_set_channels(struct net_device *dev,
			    struct ethtool_channels *channels)
{
	struct vni_priv *priv = netdev_priv(dev);

	/* TX queues lead to the rings of the others, which choose theirs. */
	if (channels->tx_count != dev->real_num_tx_queues ||
	    !channels->rx_count)
		return -EINVAL;
	return vni_set_queues(priv, channels->rx_count);
}

static int vni_get_coalesce(struct net_device *dev,
			    struct ethtool_coalesce *coalesce,
			    struct kernel_ethtool_coalesce *kernel_coalesce,
			    struct netlink_ext_ack *extack)
{
	struct vni_priv *priv = netdev_priv(dev);

	coalesce->rx_coalesce_usecs = priv->coalesce.usecs;
	coalesce->rx_max_coalesced_frames = priv->coalesce.frames;
	coalesce->use_adaptive_rx_coalesce = priv->coalesce.adaptive;
	return 0;
}

static int vni_set_coalesce(struct net_device *dev,
			    struct ethtool_coalesce *coalesce,
			    struct kernel_ethtool_coalesce *kernel_coalesce,
			    struct netlink_ext_ack *extack)
{
	struct vni_priv *priv = netdev_priv(dev);
	u32 most = priv->port.geometry.nr_slots / 2;

	if (coalesce->rx_coalesce_usecs > VNI_COALESCE_MAX_USECS) {
		NL_SET_ERR_MSG_FMT(extack, "rx-usecs is at most %u",
				   VNI_COALESCE_MAX_USECS);
		return -ERANGE;
	}
	if (!coalesce->rx_max_coalesced_frames ||
	    coalesce->rx_max_coalesced_frames > most) {
		NL_SET_ERR_MSG_FMT(extack, "rx-frames is from 1 to %u", most);
		return -ERANGE;
	}
	WRITE_ONCE(priv->coalesce.usecs, coalesce->rx_coalesce_usecs);
	WRITE_ONCE(priv->coalesce.frames, coalesce->rx_max_coalesced_frames);
	WRITE_ONCE(priv->coalesce.adaptive,
		   coalesce->use_adaptive_rx_coalesce);
	return 0;
}

static u32 vni_get_rxfh_indir_size(struct net_device *dev)
{
	return VNI_STEER_ENTRIES;
}

static int vni_get_rxfh(struct net_device *dev,
			struct ethtool_rxfh_param *rxfh)
{
	struct vni_priv *priv = netdev_priv(dev);
	u64 steer = priv->receiver.steer;
	unsigned int i;

	for (i = 0; rxfh->indir && i < VNI_STEER_ENTRIES; i++)
		rxfh->indir[i] = steer >> 2 * i & 3;
	return 0;
}

/* Core has checked that each entry names an RX queue in use. */
static int vni_set_rxfh(struct net_device *dev,
			struct ethtool_rxfh_param *rxfh,
			struct netlink_ext_ack *extack)
{
	unsigned int i;
	u64 steer = 0;

	if (rxfh->key || rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE) {
		NL_SET_ERR_MSG(extack, "senders hash with a key of their own");
		return -EOPNOTSUPP;
	}
	if (!rxfh->indir)
		return 0;
	for (i = 0; i < VNI_STEER_ENTRIES; i++)
		steer |= (u64)rxfh->indir[i] << 2 * i;
	vni_set_steering(netdev_priv(dev), steer);
	return 0;
}

static int vni_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info,
			 u32 *rules)
{
	if (info->cmd != ETHTOOL_GRXRINGS)
		return -EOPNOTSUPP;
	info->data = dev->real_num_rx_queues;
	return 0;
}

static int vni_get_sset_count(struct net_device *dev, int sset)
{
	if (sset == ETH_SS_PRIV_FLAGS)
		return ARRAY_SIZE(vni_flag_names);
	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return ARRAY_SIZE(vni_tx_stats) + ARRAY_SIZE(vni_rx_stats) +
	       ARRAY_SIZE(vni_device_names) + ARRAY_SIZE(vni_fault_stats);
}

static void vni_put_names(u8 **data, const char (*names)[ETH_GSTRING_LEN],
			  unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		ethtool_puts(data, names[i]);
}

static void vni_put_stat_names(u8 **data, const struct vni_stat *stats,
			       unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		ethtool_puts(data, stats[i].name);
}

static void vni_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	if (sset == ETH_SS_PRIV_FLAGS)
		vni_put_names(&data, vni_flag_names,
			      ARRAY_SIZE(vni_flag_names));
	if (sset != ETH_SS_STATS)
		return;
	vni_put_stat_names(&data, vni_tx_stats, ARRAY_SIZE(vni_tx_stats));
	vni_put_stat_names(&data, vni_rx_stats, ARRAY_SIZE(vni_rx_stats));
	vni_put_names(&data, vni_device_names, ARRAY_SIZE(vni_device_names));
	vni_put_stat_names(&data, vni_fault_stats, ARRAY_SIZE(vni_fault_stats));
}

/* In the order of the names. What "ip -s link" shows is not repeated here. */
static void vni_get_ethtool_stats(struct net_device *dev,
				  struct ethtool_stats *stats, u64 *data)
{
	struct vni_priv *priv = netdev_priv(dev);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vni_tx_stats); i++)
		*data++ = vni_tx_sum(priv, vni_tx_stats[i].counter);
	for (i = 0; i < ARRAY_SIZE(vni_rx_stats); i++)
		*data++ = vni_rx_sum(priv, vni_rx_stats[i].counter);
	*data++ = vni_lent(priv);
	*data++ = vni_peers_other_mtu(priv);
	*data++ = READ_ONCE(priv->missed_notify);
	*data++ = READ_ONCE(priv->peer_resets);
	*data++ = READ_ONCE(priv->port.takeovers);
	for (i = 0; i < ARRAY_SIZE(vni_fault_stats); i++)
		*data++ = READ_ONCE(priv->port.faults[vni_fault_stats[i].counter]);
}

static bool vni_sends_big(const struct net_device *dev)
{
	return dev->gso_ipv4_max_size > GSO_LEGACY_MAX_SIZE;
}

/* As rtnetlink does, but the "ip" of many distributions cannot for IPv4. */
static void vni_send_big(struct net_device *dev, bool on)
{
	u32 most = on ? dev->tso_max_size : GSO_LEGACY_MAX_SIZE;

	WRITE_ONCE(dev->gso_max_size, most);
	WRITE_ONCE(dev->gso_ipv4_max_size, most);
}

static u32 vni_get_priv_flags(struct net_device *dev)
{
	struct vni_priv *priv = netdev_priv(dev);

	return (priv->rx_zerocopy ? VNI_FLAG_ZEROCOPY : 0) |
	       (priv->idle_poll ? VNI_FLAG_IDLE_POLL : 0) |
	       (priv->rx_gso ? VNI_FLAG_GSO : 0) |
	       (vni_sends_big(dev) ? VNI_FLAG_BIG : 0) |
	       (priv->rx_latency ? VNI_FLAG_LATENCY : 0);
}

/*
 * Flags count from the next frame on, tx-big from the next connection on.
 * Buffers that are lent come back as before.
 */
static int vni_set_priv_flags(struct net_device *dev, u32 flags)
{
	struct vni_priv *priv = netdev_priv(dev);
	bool big = flags & VNI_FLAG_BIG;
	int err;

	if (big && dev->tso_max_size <= GSO_LEGACY_MAX_SIZE)
		return -EOPNOTSUPP;
	err = vni_latency_set(priv, flags & VNI_FLAG_LATENCY);
	if (err)
		return err;
	/* Another limit that the user has set stays. */
	if (big != vni_sends_big(dev))
		vni_send_big(dev, big);
	WRITE_ONCE(priv->rx_zerocopy, flags & VNI_FLAG_ZEROCOPY);
	WRITE_ONCE(priv->idle_poll, flags & VNI_FLAG_IDLE_POLL);
	vni_set_rx_gso(priv, flags & VNI_FLAG_GSO);
	return 0;
}

const struct ethtool_ops vni_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_RX_USECS |
				     ETHTOOL_COALESCE_RX_MAX_FRAMES |
				     ETHTOOL_COALESCE_USE_ADAPTIVE_RX,
	.get_drvinfo		= vni_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= vni_get_link_ksettings,
	.set_link_ksettings	= vni_set_link_ksettings,
	.get_ringparam		= vni_get_ringparam,
	.get_channels		= vni_get_channels,
	.set_channels		= vni_set_channels,
	.get_coalesce		= vni_get_coalesce,
	.set_coalesce		= vni_set_coalesce,
	.get_rxnfc		= vni_get_rxnfc,
	.get_rxfh_indir_size	= vni_get_rxfh_indir_size,
	.get_rxfh		= vni_get_rxfh,
	.set_rxfh		= vni_set_rxfh,
	.get_sset_count		= vni_get_sset_count,
	.get_strings		= vni_get_strings,
	.get_ethtool_stats	= vni_get_ethtool_stats,
	.get_priv_flags		= vni_get_priv_flags,
	.set_priv_flags		= vni_set_priv_flags,
	.get_ts_info		= ethtool_op_get_ts_info,
};
