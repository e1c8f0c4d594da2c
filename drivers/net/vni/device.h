/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One vni device: struct vni_priv, which holds its TX queues (tx.h), its RX
 * queues (rx.h) and what it knows of the other nodes (peer.h).
 */
#ifndef VNI_DEVICE_H
#define VNI_DEVICE_H

#include <linux/cpumask.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/mint.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "peer.h"
#include "ring.h"
#include "rx.h"
#include "tx.h"

/* Period of the check that runs while the interface is open. */
#define VNI_CHECK_MS		100
/* Entries of the table that spreads flows over the RX queues. */
#define VNI_STEER_ENTRIES	32

/**
 * struct vni_cpu - what each CPU of the node has for itself
 * @cache: free buffers; used with interrupts off
 * @rxq: the open RX queue whose NAPI runs on this CPU, or NULL; written under
 *	vni_priv.lock, read by xmit without it
 * @sent: bytes that this CPU has sent, modulo 2^32; updated with BH off
 * @sends: frames that it has sent while doorbells were spared, modulo 2^32;
 *	updated with BH off
 */
struct vni_cpu {
	struct vni_cache cache;
	struct vni_rxq *rxq;
	u32 sent;
	u32 sends;
};

/**
 * struct vni_coalesce - when a receiver asks for a doorbell; ethtool -C sets it
 * @usecs: most microseconds that a frame waits for others; 0 = no coalescing
 * @frames: number of waiting frames that is worth a doorbell, at least 1
 * @adaptive: coalesce only while bulk data moves
 */
struct vni_coalesce {
	u32 usecs;
	u32 frames;
	bool adaptive;
};

/**
 * struct vni_priv - one vni device
 * @port: the rings and the pool, as this node sees them
 * @netdev: the interface
 * @debugfs: its directory there
 * @cpu: what each CPU has for itself
 * @cpus: CPUs that may serve queues: online, and not going offline
 * @online_node: CPU hotplug calls for changes of @cpus
 * @dead_node: CPU hotplug calls when a CPU is dead
 * @xdp_prog: program that sees each frame, or NULL; written under RTNL
 * @rxqs: RX queues; those below @nr_rxqs are in use
 * @nr_rxqs: RX queues in use; changes under RTNL while the interface is closed
 * @coalesce: NAPI reads it field by field, without a lock
 * @rx_zerocopy: lend long frames to the stack (lend.c); ethtool sets it
 * @idle_poll: let idle CPUs poll the rings (idle.c); ethtool sets it
 * @rx_csum: take frames with partial checksums: NETIF_F_RXCSUM is set
 * @rx_gso: take frames with GSO data; ethtool sets it
 * @rx_latency: count how long frames were on their way (latency.c); ethtool sets it
 * @speed: Mbit/s that ethtool shows; guarded by RTNL
 * @duplex: DUPLEX_* that ethtool shows; guarded by RTNL
 * @lock: guards @open, @cpus, @slow_cache, the fields of @rxqs and @peers that
 *	say so, and what the check counts; taken inside RTNL and CPU hotplug
 * @open: our receiver lines say open; written under @lock and @receiver_lock,
 *	read under either
 * @refresh: calls vni_peers_refresh() when NAPI has found a peer changed
 * @check: calls vni_rx_check() and others every VNI_CHECK_MS
 * @missed_notify: times that frames waited from one check to the next though
 *	no doorbell or timer was due
 * @peer_resets: incarnations of peers that were buried
 * @slow_cache: free buffers of burials, of closing, and of reclaiming while
 *	closed
 * @peer_notifier: the node core calls it when the node table has changed
 * @peers: what is known of the other nodes, by node id
 * @receiver_lock: guards @receiver
 * @receiver: private copy of what our receiver lines say, without their CPU
 * @tx_bufs: buffers that all TX queues hold, by class
 * @stopped: a bit for each TX queue that waits, stopped by the driver or BQL
 * @starving: a bit for each TX queue with a frame that waits for a buffer
 * @flying: a bit for each TX queue with frames in flight
 * @retry: schedules NAPI for queues that wait for a buffer, of which no peer
 *	may tell
 * @retry_timeouts: locks not had in time, as of the last start of @retry
 * @station_lock: guards the keys of @stations against other writers, and
 *	@nr_stations
 * @stations: addresses learnt, in sets of VNI_STATION_WAYS
 * @nr_stations: how many there are, those that are too old included; also read
 *	without the lock: where no node sends from addresses but its own it is 0,
 *	and nobody need look into @stations
 * @txqs: TX queues, one more than there are rings
 */
struct vni_priv {
	struct vni_port port;
	struct net_device *netdev;
	struct dentry *debugfs;
	struct vni_cpu __percpu *cpu;
	struct cpumask cpus;
	struct hlist_node online_node;
	struct hlist_node dead_node;

	struct bpf_prog __rcu *xdp_prog;
	struct vni_rxq rxqs[VNI_MAX_QUEUES];
	unsigned int nr_rxqs;
	struct vni_coalesce coalesce;
	bool rx_zerocopy;
	bool idle_poll;
	bool rx_csum;
	bool rx_gso;
	bool rx_latency;
	u32 speed;
	u8 duplex;

	struct mutex lock;		/* see above */
	bool open;
	struct work_struct refresh;
	struct delayed_work check;
	u64 missed_notify;
	u64 peer_resets;
	struct vni_cache slow_cache;
	struct notifier_block peer_notifier;
	struct vni_peer peers[MINT_MAX_NODES];

	spinlock_t receiver_lock;	/* see above */
	struct vni_receiver receiver;

	atomic_t tx_bufs[VNI_NR_CLASSES];
	DECLARE_BITMAP(stopped, VNI_MAX_TXQS);
	DECLARE_BITMAP(starving, VNI_MAX_TXQS);
	DECLARE_BITMAP(flying, VNI_MAX_TXQS);
	struct timer_list retry;
	u64 retry_timeouts;
	spinlock_t station_lock;	/* see above */
	struct vni_station stations[VNI_STATIONS];
	unsigned int nr_stations;
	struct vni_txq txqs[];
};

/* open.c */
int vni_open(struct net_device *dev);
int vni_stop(struct net_device *dev);
int vni_set_queues(struct vni_priv *priv, unsigned int nr_rxqs);
void vni_check_work(struct work_struct *work);

/* ethtool.c */
extern const struct ethtool_ops vni_ethtool_ops;
extern const struct netdev_stat_ops vni_stat_ops;
void vni_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats);

/* debugfs.c */
void vni_debugfs_init(struct vni_priv *priv);
void vni_debugfs_exit(struct vni_priv *priv);

/* receiver.c */
void vni_init_receiver(struct vni_priv *priv);
void vni_receiver_refresh(struct vni_priv *priv);
void vni_set_rx_gso(struct vni_priv *priv, bool on);
void vni_set_steering(struct vni_priv *priv, u64 steer);
u64 vni_steer_evenly(unsigned int nr_rxqs);
void vni_set_rx_mode(struct net_device *dev);
int vni_set_mac_address(struct net_device *dev, void *address);
int vni_change_mtu(struct net_device *dev, int mtu);
int vni_set_features(struct net_device *dev, netdev_features_t features);

/* cpu.c */
void vni_cpus_look(struct vni_priv *priv, bool open);
int vni_cpus_init(struct vni_priv *priv);
void vni_cpus_destroy(struct vni_priv *priv);
int vni_hotplug_init(void);
void vni_hotplug_exit(void);

/* buf.c */
u32 vni_buf_get(struct vni_priv *priv, unsigned int class);
void vni_buf_put(struct vni_priv *priv, u32 handle);
void vni_caches_relieve(struct vni_priv *priv);
void vni_caches_flush(struct vni_priv *priv);

static inline u32 vni_nr_nodes(const struct vni_priv *priv)
{
	return priv->port.geometry.nr_nodes;
}

static inline u32 vni_nr_queues(const struct vni_priv *priv)
{
	return priv->port.geometry.nr_queues;
}

static inline u32 vni_nr_rings(const struct vni_priv *priv)
{
	return vni_nr_nodes(priv) * vni_nr_queues(priv);
}

static inline unsigned int vni_nr_txqs(const struct vni_priv *priv)
{
	return vni_nr_rings(priv) + 1;
}

static inline unsigned int vni_txq_index(const struct vni_priv *priv,
					 const struct vni_txq *q)
{
	return q - priv->txqs;
}

#endif /* VNI_DEVICE_H */
