/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transmit side of vni: TX queues.
 *
 * TX queue 0 floods; TX queue n + 1 leads to ring n. Everything in a vni_txq
 * is guarded by the lock of its netdev queue. See docs/vni.md.
 */
#ifndef VNI_TX_H
#define VNI_TX_H

#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>

#include "ring.h"

#define VNI_FLOOD		(-1)
#define VNI_FLIGHTS		64
#define VNI_MAX_TXQS		(MINT_MAX_NODES * VNI_MAX_QUEUES + 1)
/* Beside VNI_CLASS_*: the frame fits into its descriptor and takes no buffer. */
#define VNI_CLASS_INLINE	VNI_NR_CLASSES

struct vni_priv;

/**
 * enum vni_tx_counter - what each TX queue counts
 * @VNI_TX_PACKETS: frames handed over; a flooded frame counts once
 * @VNI_TX_BYTES: bytes of these frames
 * @VNI_TX_RING_FULL: posts that found less room than they had frames
 * @VNI_TX_STOP: times the driver left the queue stopped
 * @VNI_TX_WAKE: times the driver woke the queue after such a stop
 * @VNI_TX_DOORBELLS: doorbells rung for frames
 * @VNI_TX_DOORBELLS_SUPPRESSED: posts whose receiver needed no doorbell
 * @VNI_TX_COPIES: frames posted past the batch: copies of floods, and frames
 *	on a queue that does not lead to their destination
 * @VNI_TX_XDP: frames sent that were no skbs: by programs, or redirected to vni
 * @VNI_TX_NO_BUFFER: copies dropped because the pool had too few buffers
 * @VNI_TX_PEER_DOWN: frames dropped because their node takes none
 * @VNI_TX_TOO_LONG: frames dropped because their receiver takes only shorter
 *	ones
 * @VNI_TX_FLOOD_FULL: copies, and frames of programs, dropped as the ring was full
 * @VNI_TX_LOCK: copies dropped because the ring's lock was not had in time
 * @VNI_TX_RING_BAD: frames dropped because the ring's slots are damaged
 * @VNI_TX_BAD_SKB: frames dropped because no descriptor can describe them
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
	VNI_TX_XDP,
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
 * struct vni_place - what a frame takes to lie in
 * @class: VNI_CLASS_* of the buffer, or VNI_CLASS_INLINE
 * @headroom: bytes of the buffer before it
 * @stamp: its receiver wants vni_slot.tsc
 */
struct vni_place {
	int class;
	u32 headroom;
	bool stamp;
};

/**
 * struct vni_flight - frames that a TX queue has posted together
 * @end: position in the ring behind the last of them
 * @bytes: sum of their lengths
 * @frames: number of frames
 * @bufs: buffers that they are in, by class
 */
struct vni_flight {
	u32 end;
	u32 bytes;
	u16 frames;
	u16 bufs[VNI_NR_CLASSES];
};

/**
 * struct vni_txq - one TX queue
 * @txq: its netdev queue, whose lock guards all other fields
 * @node: destination, or VNI_FLOOD
 * @queue: RX queue of the destination
 * @ring: number of that RX queue's ring
 * @generation: incarnation of the destination that @frames are for
 * @count: used entries of @frames
 * @frames: frames in their buffers that are not posted yet: the batch being
 *	collected, or, while the queue is stopped, what the ring had no room for
 * @waiting: a frame behind @frames for which there was no buffer, or NULL
 * @waiting_place: what @waiting takes
 * @bufs: buffers of @frames and @flights, by class
 * @flights: what the receiver had not taken at the last look, as a ring
 * @first_flight: index of the oldest entry of @flights
 * @nr_flights: used entries of @flights
 * @lock_missed: the ring's lock was not had in time at the last post of @frames
 * @stopped: a stop has been counted and its wake has not
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
	struct vni_place waiting_place;
	u32 bufs[VNI_NR_CLASSES];
	struct vni_flight flights[VNI_FLIGHTS];
	unsigned int first_flight;
	unsigned int nr_flights;
	bool lock_missed;
	bool stopped;
	struct u64_stats_sync syncp;
	u64_stats_t stats[VNI_NR_TX_COUNTERS];
};

/**
 * struct vni_tx_dest - what is decided once for a frame to one ring
 * @ring: number of the ring
 * @place: what the frame takes
 * @receiver: copy of the ring's receiver line; the frame is for its generation
 */
struct vni_tx_dest {
	u32 ring;
	struct vni_place place;
	struct vni_receiver receiver;
};

/* tx.c */
u16 vni_select_queue(struct net_device *dev, struct sk_buff *skb,
		     struct net_device *sb_dev);
netdev_features_t vni_features_check(struct sk_buff *skb,
				     struct net_device *dev,
				     netdev_features_t features);
netdev_tx_t vni_start_xmit(struct sk_buff *skb, struct net_device *dev);

/* tx_queue.c */
int vni_tx_send(struct vni_priv *priv, struct vni_txq *q,
		const struct vni_tx_dest *dest, struct sk_buff *skb);
int vni_tx_forward(struct vni_priv *priv, const struct vni_tx_dest *dest,
		   const struct vni_frame *frame, unsigned long *queues);
void vni_tx_count_dropped(struct vni_priv *priv, int err);
void vni_tx_flush_queues(struct vni_priv *priv, unsigned long *queues);
void vni_tx_done(struct vni_priv *priv, struct vni_txq *q, struct sk_buff *skb,
		 int err);
void vni_tx_count_drops(struct vni_txq *q, int err, u64 n);
void vni_tx_flush(struct vni_priv *priv, struct vni_txq *q);
void vni_tx_check(struct vni_priv *priv);
void vni_tx_resume(struct vni_priv *priv);
void vni_tx_resume_netpoll(struct vni_priv *priv);
void vni_tx_timeout(struct net_device *dev, unsigned int txqueue);
void vni_tx_retry_timer(struct timer_list *timer);
void vni_tx_purge(struct vni_priv *priv, u32 node);

/* tx_flight.c */
bool vni_tx_may_take(struct vni_priv *priv, const struct vni_txq *q, int class);
void vni_tx_batch_add(struct vni_priv *priv, struct vni_txq *q, int class);
void vni_tx_batch_clear(struct vni_priv *priv, struct vni_txq *q);
void vni_tx_posted(struct vni_priv *priv, struct vni_txq *q, unsigned int n);
void vni_tx_reap(struct vni_priv *priv, struct vni_txq *q);
void vni_flights_clear(struct vni_priv *priv, struct vni_txq *q);

/* tx_frame.c */
void vni_tx_stamp(struct vni_frame *frame, bool wanted);
int vni_tx_place(const struct vni_priv *priv, const struct vni_receiver *receiver,
		 u32 length, struct vni_place *place);
int vni_tx_fill(struct vni_priv *priv, const struct sk_buff *skb,
		struct vni_place place, struct vni_frame *frame);
int vni_tx_fill_raw(struct vni_priv *priv, const void *data, u32 length,
		    struct vni_place place, struct vni_frame *frame);
int vni_tx_post(struct vni_priv *priv, struct vni_txq *q, u32 ring,
		u32 generation, const struct vni_frame *frames, unsigned int n);

/**
 * vni_tx_count() - count for a TX queue
 * @q: the queue, locked
 * @which: the counter
 * @n: added to it
 */
static inline void vni_tx_count(struct vni_txq *q, enum vni_tx_counter which,
				u64 n)
{
	u64_stats_update_begin(&q->syncp);
	u64_stats_add(&q->stats[which], n);
	u64_stats_update_end(&q->syncp);
}

#endif /* VNI_TX_H */
