/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the vni driver share: one struct vni_priv for each
 * device, one struct vni_txq for each TX queue, one struct vni_rxq for each
 * own ring.
 *
 * TX queue 0 floods; TX queue n + 1 leads to ring n. Everything in a vni_txq
 * is guarded by the lock of its netdev queue, everything in a vni_rxq belongs
 * to its NAPI. See docs/vni.md.
 */
#ifndef VNI_H
#define VNI_H

#include <linux/etherdevice.h>
#include <linux/hrtimer.h>
#include <linux/if_vlan.h>
#include <linux/mint.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>

#include "recover.h"
#include "ring.h"

#define VNI_FLOOD		(-1)
#define VNI_STEER_ENTRIES	32
#define VNI_CHECK_MS		100
#define VNI_STATIONS		1024
#define VNI_STATION_WAYS	4
#define VNI_STATION_AGE_S	300
#define VNI_FLIGHTS		64
#define VNI_MAX_TXQS		(MINT_MAX_NODES * VNI_MAX_QUEUES + 1)
/* Frames up to this long are copied into the linear part of an skb. */
#define VNI_RX_LINEAR_BYTES	2048

/**
 * enum vni_tx_counter - what is counted for each TX queue
 * @VNI_TX_PACKETS: frames handed over; once per frame, however many copies
 * @VNI_TX_BYTES: their bytes
 * @VNI_TX_RING_FULL: posts that found less room than they had frames
 * @VNI_TX_STOP: times the queue was left stopped
 * @VNI_TX_WAKE: times it was woken after a stop
 * @VNI_TX_DOORBELLS: doorbells rung for frames
 * @VNI_TX_DOORBELLS_SUPPRESSED: posts for which none was needed
 * @VNI_TX_COPIES: frames posted aside the queue's own ring: floods
 * @VNI_TX_NO_BUFFER: frames dropped because the pool was empty
 * @VNI_TX_PEER_DOWN: frames dropped because their node does not take any
 * @VNI_TX_TOO_LONG: frames dropped as longer than their receiver takes
 * @VNI_TX_FLOOD_FULL: copies of a flood dropped at a full ring
 * @VNI_TX_LOCK: frames dropped because a lock could not be had in time
 * @VNI_TX_RING_BAD: frames dropped because the ring's slots are damaged
 * @VNI_TX_BAD_SKB: frames dropped as no Ethernet frames we can describe
 * @VNI_NR_TX_COUNTERS: number of counters
 */
enum vni_tx_counter {
	VNI_TX_PACKETS,
	VNI_TX_BYTES,
	VNI_TX_RING_FULL,
	VNI_TX_STOP,
	VNI_TX_WAKE,
	VNI_TX_DOORBELLS,
	VNI_TX_DOORBELLS_SUPPRESSED,
	VNI_TX_COPIES,
	VNI_TX_NO_BUFFER,
	VNI_TX_PEER_DOWN,
	VNI_TX_TOO_LONG,
	VNI_TX_FLOOD_FULL,
	VNI_TX_LOCK,
	VNI_TX_RING_BAD,
	VNI_TX_BAD_SKB,
	VNI_NR_TX_COUNTERS,
};

/**
 * enum vni_rx_counter - what is counted for each RX queue
 * @VNI_RX_PACKETS: frames given to the stack
 * @VNI_RX_BYTES: their bytes
 * @VNI_RX_MULTICAST: those of them for a multicast address, not for all
 * @VNI_RX_BAD_DESC: descriptors dropped because a field was impossible
 * @VNI_RX_ALLOC_FAIL: frames dropped for want of an skb
 * @VNI_RX_SPACE_DOORBELLS: doorbells rung for senders that wait for space
 * @VNI_RX_BIG: frames over VNI_MAX_PLAIN_FRAME
 * @VNI_RX_SPLIT: those of them given to the stack in parts
 * @VNI_RX_ZEROCOPY: frames given to the stack in the buffer they came in
 * @VNI_RX_COPIED_ON_DEMAND: frames copied only because too many buffers are
 *	lent, or too few free
 * @VNI_RX_POLLS: times that NAPI looked at the ring
 * @VNI_RX_IDLE_FOUND: times that an idle CPU found frames
 * @VNI_NR_RX_COUNTERS: number of counters
 */
enum vni_rx_counter {
	VNI_RX_PACKETS,
	VNI_RX_BYTES,
	VNI_RX_MULTICAST,
	VNI_RX_BAD_DESC,
	VNI_RX_ALLOC_FAIL,
	VNI_RX_SPACE_DOORBELLS,
	VNI_RX_BIG,
	VNI_RX_SPLIT,
	VNI_RX_ZEROCOPY,
	VNI_RX_COPIED_ON_DEMAND,
	VNI_RX_POLLS,
	VNI_RX_IDLE_FOUND,
	VNI_NR_RX_COUNTERS,
};

/**
 * struct vni_flight - frames that a TX queue has posted
 * @end: position in the ring behind them
 * @bytes: their bytes
 * @frames: their number
 * @bufs: their buffers, by class
 */
struct vni_flight {
	u32 end;
	u32 bytes;
	u16 frames;
	u16 bufs[VNI_NR_CLASSES];
};

/**
 * struct vni_txq - one TX queue
 * @txq: its netdev queue, whose lock guards all below
 * @node: destination, or VNI_FLOOD
 * @queue: RX queue of the destination
 * @ring: number of the ring of both
 * @generation: generation of the destination that @frames are for
 * @count: used entries of @frames
 * @frames: filled frames that are not posted yet: the batch being collected,
 *	or, while the queue is stopped, what the ring had no room for
 * @waiting: behind them, a frame that found no buffer, or NULL
 * @bufs: buffers of @frames and @flights, by class
 * @flights: what was posted and not taken yet as of the last look, a ring
 * @first_flight: index of the oldest in @flights
 * @nr_flights: used entries of @flights
 * @stopped: a stop was counted, and its wake was not yet
 * @syncp: guards @stats on machines that need it
 * @stats: by enum vni_tx_counter
 */
struct vni_txq {
	struct netdev_queue *txq;
	int node;
	u32 queue;
	u32 ring;
	u32 generation;
	unsigned int count;
	struct vni_frame frames[VNI_BATCH];
	struct sk_buff *waiting;
	u32 bufs[VNI_NR_CLASSES];
	struct vni_flight flights[VNI_FLIGHTS];
	unsigned int first_flight;
	unsigned int nr_flights;
	bool stopped;
	struct u64_stats_sync syncp;
	u64_stats_t stats[VNI_NR_TX_COUNTERS];
};

/**
 * struct vni_lent - a buffer that the stack may still read
 * @handle: the buffer, HELD by this node
 * @pages: pages of it up to the last one that was given away
 * @back: those below this one have come back, or were never given away
 */
struct vni_lent {
	u32 handle;
	u16 pages;
	u16 back;
};

/**
 * struct vni_lender - buffers that are lent to the stack
 * @priv: the device
 * @napi: the context that lends; all below is its own, but while the interface
 *	is closed, when it is guarded by vni_priv.lock
 * @queue: @size entries, a power of two; lent are @count from @first on, the
 *	oldest first
 * @size: see there
 * @first: see there
 * @count: see there; also read without any lock
 * @frames: frames that might have been lent since the last full scan
 * @scan_due: the timer wants a full scan
 * @lent: buffers that are out, by class
 * @share: most that may be out, by class
 * @spare: no more are lent when no more than these are free, by class
 * @work: looks at what is lent when no frames come
 */
struct vni_lender {
	struct vni_priv *priv;
	struct napi_struct *napi;
	struct vni_lent *queue;
	u32 size;
	u32 first;
	u32 count;
	u32 frames;
	bool scan_due;
	u32 lent[VNI_NR_CLASSES];
	u32 share[VNI_NR_CLASSES];
	u32 spare[VNI_NR_CLASSES];
	struct delayed_work work;
};

/**
 * struct vni_idler - looks for frames while a CPU has nothing else to do
 * @thread: does it, on the CPU that the queue's doorbell goes to
 * @left: nanoseconds for which it still looks; also read outside of NAPI
 * @doubt: whether it pays; NAPI's own, as is @pause
 * @pause: polls with frames for which it does not look
 */
struct vni_idler {
	struct task_struct *thread;
	s64 left;
	int doubt;
	unsigned int pause;
};

/**
 * struct vni_rxq - one RX queue: an own ring and the NAPI that empties it
 * @priv: the device
 * @queue: its number
 * @napi: the receive context; runs on the CPU that the doorbell goes to
 * @timer: looks again when fewer frames wait than are worth a doorbell
 * @idler: looks for frames while the CPU idles
 * @lender: lends buffers to the stack
 * @peers_dirty: a frame came from a peer that is not up
 * @sent: vni_cpu.sent of NAPI's CPU at the last poll
 * @bulk: as vni_rx_bulk_polls() last said
 * @taken: slots ever taken, good or bad
 * @check_taken: @taken at the last check; under vni_priv.lock
 * @check_idle: at the last check frames waited and nobody polled; likewise
 * @syncp: guards @stats on machines that need it
 * @stats: by enum vni_rx_counter
 */
struct vni_rxq {
	struct vni_priv *priv;
	u32 queue;
	struct napi_struct napi;
	struct hrtimer timer;
	struct vni_idler idler;
	struct vni_lender lender;
	bool peers_dirty;
	u32 sent;
	unsigned int bulk;
	u32 taken;
	u32 check_taken;
	bool check_idle;
	struct u64_stats_sync syncp;
	u64_stats_t stats[VNI_NR_RX_COUNTERS];
};

/**
 * struct vni_cpu - what each CPU of the node has for itself
 * @cache: free buffers; used with interrupts off
 * @rxq: an open queue whose NAPI runs on it, or NULL; written under
 *	vni_priv.lock, read without
 * @sent: bytes that it ever sent, modulo 2^32; with BH off
 */
struct vni_cpu {
	struct vni_cache cache;
	struct vni_rxq *rxq;
	u32 sent;
};

/**
 * struct vni_coalesce - when a doorbell is asked for; set by ethtool -C
 * @usecs: how long a frame may wait for others, 0 = not at all
 * @frames: how many need not wait any longer, from 1
 * @adaptive: wait only while bulk data moves
 */
struct vni_coalesce {
	u32 usecs;
	u32 frames;
	bool adaptive;
};

/**
 * struct vni_peer - what this node knows of another
 * @lost: generation whose receiver line may still say open, but which does
 *	not run (any more); 0 = none. Written under vni_priv.lock, read
 *	without by senders.
 * @up: generation that runs with an open receiver as of the last look, 0 =
 *	none. Likewise; NAPI compares it to see whether to look again.
 * @buried: generations up to this one have been buried; under vni_priv.lock
 * @mtus: its MTU in the upper half and ours in the lower one if they differ
 *	and both take frames, else 0. Written under vni_priv.lock.
 */
struct vni_peer {
	u32 lost;
	u32 up;
	u32 buried;
	u32 mtus;
};

/**
 * struct vni_station - where an address of a VLAN last sent from
 * @key: address, VLAN and node, see station.c; 0 = unused
 * @seen: jiffies when it last sent
 *
 * Senders read without a lock: @key is one word, and a @seen that belongs to
 * another key costs one flood.
 */
struct vni_station {
	u64 key;
	unsigned long seen;
};

/**
 * struct vni_priv - one vni device
 * @port: the rings and the pool, as this node sees them
 * @netdev: the interface
 * @mdev: the device on the mint bus
 * @cpu: what each CPU has for itself
 * @cpus: CPUs that queues may be rung on: online, and not on their way out
 * @online_node: has us told when these change
 * @dead_node: has us told when one is dead
 * @rxqs: RX queues; those below @nr_rxqs are in use
 * @nr_rxqs: RX queues in use; changes under RTNL while the device is closed
 * @coalesce: read by NAPI, field by field
 * @rx_zerocopy: long frames are lent, see lend.c; set by ethtool
 * @idle_poll: idle CPUs look for frames, see idle.c; set by ethtool
 * @rx_csum: partial checksums are taken, as NETIF_F_RXCSUM is set
 * @rx_gso: frames with GSO data are taken too; set by ethtool
 * @speed: what others are told, in Mbit/s; under RTNL, as is @duplex
 * @duplex: likewise, DUPLEX_*
 * @lock: guards @peers but for their senders' view, @bury_cache, @open, @cpus
 *	and what the check keeps; taken inside RTNL and CPU hotplug
 * @open: the receiver line says open; written under @lock and @receiver_lock
 * @refresh: looks at all peers, when NAPI finds that one has changed
 * @check: finds changed peers and missed notifications each VNI_CHECK_MS
 * @missed_notify: times that frames waited for a whole period of it
 * @peer_resets: incarnations of peers buried
 * @bury_cache: free buffers of the burial
 * @peer_notifier: tells of changes in the node table
 * @peers: by node id
 * @receiver_lock: guards @receiver
 * @receiver: private image of our receiver lines, but for their CPU
 * @tx_bufs: buffers that all TX queues hold, by class
 * @stopped: a bit for each TX queue that waits, be it stopped by us or by BQL
 * @starving: a bit for each TX queue with a frame that waits for a buffer
 * @flying: a bit for each TX queue with frames in flight
 * @retry: has NAPI serve queues that wait for what nobody tells
 * @retry_timeouts: locks not had, as of when @retry was set
 * @station_lock: guards changes of a key of @stations
 * @stations: learnt addresses, in sets of VNI_STATION_WAYS
 * @txqs: TX queues, one more than there are rings
 */
struct vni_priv {
	struct vni_port port;
	struct net_device *netdev;
	struct mint_device *mdev;
	struct vni_cpu __percpu *cpu;
	struct cpumask cpus;
	struct hlist_node online_node;
	struct hlist_node dead_node;

	struct vni_rxq rxqs[VNI_MAX_QUEUES];
	unsigned int nr_rxqs;
	struct vni_coalesce coalesce;
	bool rx_zerocopy;
	bool idle_poll;
	bool rx_csum;
	bool rx_gso;
	u32 speed;
	u8 duplex;

	struct mutex lock;		/* see above */
	bool open;
	struct work_struct refresh;
	struct delayed_work check;
	u64 missed_notify;
	u64 peer_resets;
	struct vni_cache bury_cache;
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
	struct vni_txq txqs[];
};

/* open.c */
int vni_open(struct net_device *dev);
int vni_stop(struct net_device *dev);
int vni_set_queues(struct vni_priv *priv, unsigned int nr_rxqs);
void vni_check_work(struct work_struct *work);

/* buf.c */
u32 vni_buf_get(struct vni_priv *priv, unsigned int class);
void vni_buf_put(struct vni_priv *priv, u32 handle);
void vni_caches_relieve(struct vni_priv *priv);
void vni_caches_flush(struct vni_priv *priv);

/* rx_queue.c */
unsigned int vni_queue_cpu(const struct vni_priv *priv, u32 queue);
void vni_napi_kick(struct vni_rxq *rxq);
void vni_napi_hold(struct vni_priv *priv);
void vni_napi_release(struct vni_priv *priv);
void vni_rx_look(struct vni_priv *priv);

/* cpu.c */
void vni_cpus_look(struct vni_priv *priv, bool open);
int vni_cpus_init(struct vni_priv *priv);
void vni_cpus_destroy(struct vni_priv *priv);
int vni_hotplug_init(void);
void vni_hotplug_exit(void);

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

/* tx.c */
u16 vni_select_queue(struct net_device *dev, struct sk_buff *skb,
		     struct net_device *sb_dev);
netdev_features_t vni_features_check(struct sk_buff *skb,
				     struct net_device *dev,
				     netdev_features_t features);
netdev_tx_t vni_start_xmit(struct sk_buff *skb, struct net_device *dev);
bool vni_tx_retry(struct vni_priv *priv, struct vni_txq *q);

/* tx_flow.c */
void vni_tx_count_drops(struct vni_txq *q, int err, u64 n);
bool vni_tx_may_take(struct vni_priv *priv, const struct vni_txq *q,
		     unsigned int class);
bool vni_tx_may_flood(struct vni_priv *priv, unsigned int class);
void vni_tx_batch_add(struct vni_priv *priv, struct vni_txq *q, bool more);
void vni_tx_wait_for_buffer(struct vni_priv *priv, struct vni_txq *q,
			    struct sk_buff *skb);
struct sk_buff *vni_tx_take_waiting(struct vni_priv *priv, struct vni_txq *q);
void vni_tx_forget(struct vni_priv *priv, struct vni_txq *q);
int vni_tx_post(struct vni_priv *priv, u32 ring, u32 generation,
		const struct vni_frame *frames, unsigned int n);
void vni_tx_doorbell(struct vni_priv *priv, struct vni_txq *q, u32 ring);
void vni_tx_flush(struct vni_priv *priv, struct vni_txq *q);
void vni_tx_reap_all(struct vni_priv *priv);
void vni_tx_resume(struct vni_priv *priv);
void vni_tx_resume_netpoll(struct vni_priv *priv);
void vni_tx_retry_timer(struct timer_list *timer);
void vni_tx_purge(struct vni_priv *priv, u32 node);

/* rx.c */
void vni_rx_doorbell(void *context);
enum hrtimer_restart vni_rx_timer(struct hrtimer *timer);
unsigned int vni_rx_bulk_polls(unsigned int left, u32 moved);
int vni_poll(struct napi_struct *napi, int budget);
void vni_rx_check(struct vni_rxq *rxq);

/* describe.c */
int vni_describe(const struct sk_buff *skb, struct vni_frame *frame);
int vni_apply(const struct net_device *dev, struct sk_buff *skb,
	      const struct vni_frame *frame);

/* encap.c */
bool vni_encap_describe(const struct sk_buff *skb, struct vni_encap *encap);
int vni_encap_apply(struct sk_buff *skb, const struct vni_frame *frame);

/* idle.c */
int vni_idle_start(struct vni_priv *priv);
void vni_idle_stop(struct vni_priv *priv);
void vni_idle_move(struct vni_rxq *rxq, unsigned int cpu);
bool vni_idle_guards(const struct vni_rxq *rxq);
void vni_idle_expect(struct vni_rxq *rxq);

/* big.c */
bool vni_big_sound(const struct sk_buff *skb);
bool vni_big_unwanted(const struct net_device *dev);
struct sk_buff *vni_big_split(struct sk_buff *skb);

/* lend.c */
int vni_lender_init(struct vni_lender *lender, struct vni_priv *priv,
		    struct napi_struct *napi);
void vni_lender_destroy(struct vni_lender *lender);
bool vni_lend_fits(const struct vni_priv *priv, const struct vni_frame *frame);
struct sk_buff *vni_lend(struct vni_lender *lender,
			 const struct vni_frame *frame);
void vni_lend_reclaim(struct vni_lender *lender);
void vni_lend_reclaim_closed(struct vni_lender *lender);

/* station.c */
extern const u8 vni_mac_prefix[ETH_ALEN - 1];
int vni_station_find(struct vni_priv *priv, const struct sk_buff *skb);
void vni_station_learn(struct vni_priv *priv, const struct sk_buff *skb,
		       u32 node);
void vni_stations_forget(struct vni_priv *priv, u32 node);

/* peer.c */
void vni_peer_read(struct vni_priv *priv, u32 node, u32 queue,
		   struct vni_receiver *receiver);
u32 vni_peer_receiver(struct vni_priv *priv, u32 node, u32 queue,
		      struct vni_receiver *receiver);
u32 vni_peer_steer(struct vni_priv *priv, u32 node, struct sk_buff *skb);
bool vni_peer_wants(const struct vni_receiver *receiver, const u8 *mac);
u64 vni_mcast_bit(const u8 *mac);
bool vni_peer_kick(struct vni_priv *priv, u32 node, u32 queue);
unsigned int vni_peers_kick(struct vni_priv *priv, u64 nodes);
bool vni_peers_changed(struct vni_priv *priv);

/* refresh.c */
void vni_peers_refresh(struct vni_priv *priv);
void vni_refresh_work(struct work_struct *work);
void vni_bury(struct vni_priv *priv, u32 node, u32 generation);
int vni_peer_event(struct notifier_block *nb, unsigned long value, void *data);

/* ethtool.c */
extern const struct ethtool_ops vni_ethtool_ops;
extern const struct netdev_stat_ops vni_stat_ops;
void vni_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats);

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

/**
 * vni_tx_count() - count for a TX queue
 * @q: the queue, locked
 * @which: what
 * @n: how many
 */
static inline void vni_tx_count(struct vni_txq *q, enum vni_tx_counter which,
				u64 n)
{
	u64_stats_update_begin(&q->syncp);
	u64_stats_add(&q->stats[which], n);
	u64_stats_update_end(&q->syncp);
}

/**
 * vni_rx_count() - count for an RX queue
 * @rxq: the queue; its NAPI is ours
 * @which: what
 * @n: how many
 */
static inline void vni_rx_count(struct vni_rxq *rxq, enum vni_rx_counter which,
				u64 n)
{
	u64_stats_update_begin(&rxq->syncp);
	u64_stats_add(&rxq->stats[which], n);
	u64_stats_update_end(&rxq->syncp);
}

#endif /* VNI_H */
