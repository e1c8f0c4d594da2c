/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The receive side of vni: RX queues, each an own ring and the NAPI that
 * empties it. Everything in a vni_rxq belongs to its NAPI, but where a field
 * says otherwise. See docs/vni.md.
 */
#ifndef VNI_RX_H
#define VNI_RX_H

#include <linux/hrtimer.h>
#include <linux/jump_label.h>
#include <linux/mint.h>
#include <linux/netdevice.h>
#include <linux/timer.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>

#include "ring.h"
#include "xdp.h"

/* Frames up to this long are copied into the linear part of an skb. */
#define VNI_RX_LINEAR_BYTES	2048

struct seq_file;
struct vni_priv;

/**
 * enum vni_rx_counter - what each RX queue counts
 * @VNI_RX_PACKETS: frames given to the stack
 * @VNI_RX_BYTES: bytes of these frames
 * @VNI_RX_MULTICAST: frames for a multicast address, without broadcasts
 * @VNI_RX_BAD_DESC: frames dropped because a field of the descriptor was
 *	impossible
 * @VNI_RX_ALLOC_FAIL: frames dropped because there was no memory for an skb
 * @VNI_RX_SPACE_DOORBELLS: doorbells rung for senders that wait for space
 * @VNI_RX_BIG: frames over VNI_MAX_PLAIN_FRAME
 * @VNI_RX_SPLIT: those of @VNI_RX_BIG that the stack got in parts
 * @VNI_RX_ZEROCOPY: frames given to the stack in the buffer they came in
 * @VNI_RX_COPIED_ON_DEMAND: frames that might have been lent but were copied,
 *	since too many buffers are lent or too few are free
 * @VNI_RX_POLLS: times that NAPI polled the ring
 * @VNI_RX_IDLE_FOUND: times that an idle CPU found frames
 * @VNI_RX_LATE: times that frames for which no doorbell was rung had to wait for
 *	the tick
 * @VNI_RX_YIELDS: times that NAPI left frames in the ring, so that their readers run
 * @VNI_RX_XDP_PASS: frames that a program let pass
 * @VNI_RX_XDP_DROP: frames that one dropped
 * @VNI_RX_XDP_TX: frames that one sent back by vni
 * @VNI_RX_XDP_REDIRECT: frames that one redirected
 * @VNI_RX_XDP_ABORTED: frames dropped as a program failed, or returned nonsense
 * @VNI_RX_XDP_FAILED: of @VNI_RX_XDP_PASS, @VNI_RX_XDP_TX and @VNI_RX_XDP_REDIRECT,
 *	those that had to be dropped
 * @VNI_RX_XDP_SKB: frames that had to be skbs before a program saw them
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
	VNI_RX_LATE,
	VNI_RX_YIELDS,
	VNI_RX_XDP_PASS,
	VNI_RX_XDP_DROP,
	VNI_RX_XDP_TX,
	VNI_RX_XDP_REDIRECT,
	VNI_RX_XDP_ABORTED,
	VNI_RX_XDP_FAILED,
	VNI_RX_XDP_SKB,
	VNI_NR_RX_COUNTERS,
};

/**
 * struct vni_lent - a buffer that the stack may still read
 * @handle: the buffer, HELD by this node
 * @pages: pages from its first to the last one that was given away
 * @back: number of the first page that was not back at the last look
 */
struct vni_lent {
	u32 handle;
	u16 pages;
	u16 back;
};

/**
 * struct vni_lender - the buffers that one RX queue has lent to the stack
 * @queue: what is lent, the oldest first: @count entries from @first on
 * @size: entries that @queue has room for, a power of two
 * @first: index of the oldest entry, modulo @size
 * @count: buffers lent now; written by NAPI, also read without a lock
 * @frames: frames that might have been lent since the last full scan
 * @scan_due: the work asks NAPI for a full scan
 * @lent: buffers lent now, by class
 * @limit: most buffers that all queues together may lend, by class
 * @reserve: nothing is lent while no more than these are free, by class
 * @work: looks at what is lent when no frames come
 *
 * Belongs to NAPI; while the interface is closed vni_priv.lock guards it.
 */
struct vni_lender {
	struct vni_lent *queue;
	u32 size;
	u32 first;
	u32 count;
	u32 frames;
	bool scan_due;
	u32 lent[VNI_NR_CLASSES];
	u32 limit[VNI_NR_CLASSES];
	u32 reserve[VNI_NR_CLASSES];
	struct delayed_work work;
};

/**
 * struct vni_spare - are doorbells spared, since the CPU passes by anyway?
 * @on: they are, since the ring was armed last; also read by @timer and by xmit
 * @timer: looks at each tick while @on whether the CPU does pass by
 * @taken: vni_rxq.taken at the last tick
 * @late: it did not: @timer had to find frames; written by it too
 * @good: polls that found frames in time, since the last that was late; counted
 *	up to the first pause
 * @pause: polls with frames until doorbells are spared again
 * @next_pause: what @pause will be the next time
 *
 * Belongs to NAPI, but where a field says otherwise.
 */
struct vni_spare {
	bool on;
	struct timer_list timer;
	u32 taken;
	bool late;
	unsigned int good;
	unsigned int pause;
	unsigned int next_pause;
};

/* Four for each power of two of 32 bits, see latency.c. */
#define VNI_LATENCY_BUCKETS	124
/* What seems to take longer is a counter that seems to run backwards. */
#define VNI_LATENCY_MOST	(U32_MAX - U16_MAX)

/**
 * struct vni_latency - how long frames of one source were on their way
 * @frames: their number, by bucket of cycles; written by NAPI, read without a lock
 */
struct vni_latency {
	u64 frames[VNI_LATENCY_BUCKETS];
};

/**
 * struct vni_rxq - one RX queue: an own ring and the NAPI that empties it
 * @priv: the device
 * @queue: number of the queue
 * @napi: the receive context; runs on the CPU that the doorbell goes to
 * @timer: schedules NAPI when fewer frames wait than are worth a doorbell
 * @spare: are doorbells spared, since the CPU passes by anyway?
 * @idler: polls the ring while the CPU idles
 * @lender: lends buffers to the stack
 * @xdp: what programs need
 * @latency: by source, or NULL; once there, it stays until the device goes
 * @peers_dirty: a frame came from a peer that was not up at the last refresh
 * @sent: vni_cpu.sent of NAPI's CPU at the last poll
 * @bulk: last result of vni_rx_bulk_polls()
 * @taken: slots ever taken, good or bad, modulo 2^32; also read by the check
 * @check_taken: @taken at the last check; guarded by vni_priv.lock
 * @check_idle: frames waited at the last check and NAPI was not scheduled;
 *	guarded by vni_priv.lock
 * @syncp: guards @stats on machines that need it
 * @stats: by enum vni_rx_counter
 */
struct vni_rxq {
	struct vni_priv *priv;
	u32 queue;
	struct napi_struct napi;
	struct hrtimer timer;
	struct vni_spare spare;
	struct mint_idler idler;
	struct vni_lender lender;
	struct vni_xdp xdp;
	struct vni_latency *latency;
	bool peers_dirty;
	u32 sent;
	unsigned int bulk;
	u32 taken;
	u32 check_taken;
	bool check_idle;
	struct u64_stats_sync syncp;
	u64_stats_t stats[VNI_NR_RX_COUNTERS];
};

/* rx.c */
void vni_rx_doorbell(void *context);
int vni_poll(struct napi_struct *napi, int budget);
void vni_rx_check(struct vni_rxq *rxq);

/* arm.c */
enum hrtimer_restart vni_rx_timer(struct hrtimer *timer);
unsigned int vni_rx_bulk_polls(unsigned int left, u32 moved);
void vni_spare_init(struct vni_rxq *rxq);
void vni_spare_learn(struct vni_spare *spare, bool late);
void vni_rx_learn(struct vni_rxq *rxq, int done);
bool vni_rx_yields(struct vni_rxq *rxq);
bool vni_rx_may_sleep(struct vni_rxq *rxq, u32 taken_bytes);

/* rx_queue.c */
unsigned int vni_queue_cpu(const struct vni_priv *priv, u32 queue);
void vni_napi_kick(struct vni_rxq *rxq);
void vni_napi_hold(struct vni_priv *priv);
void vni_napi_release(struct vni_priv *priv);
void vni_rx_look(struct vni_priv *priv);

/* idle.c */
int vni_idle_start(struct vni_priv *priv);
void vni_idle_stop(struct vni_priv *priv);
void vni_idle_arm(struct vni_rxq *rxq);

/* lend.c */
int vni_lender_init(struct vni_rxq *rxq);
void vni_lender_destroy(struct vni_rxq *rxq);
bool vni_lend_fits(const struct vni_priv *priv, const struct vni_frame *frame);
struct sk_buff *vni_lend(struct vni_rxq *rxq, const struct vni_frame *frame);
void vni_lend_reclaim(struct vni_rxq *rxq);
void vni_lend_reclaim_closed(struct vni_rxq *rxq);

/* latency.c */
DECLARE_STATIC_KEY_FALSE(vni_latency_key);
unsigned int vni_latency_bucket(u32 cycles);
u64 vni_latency_first(unsigned int bucket);
void vni_latency_note(struct vni_rxq *rxq, const struct vni_frame *frame);
int vni_latency_set(struct vni_priv *priv, bool on);
void vni_latency_destroy(struct vni_priv *priv);
void vni_latency_clear(struct vni_priv *priv);
void vni_latency_show(struct vni_priv *priv, struct seq_file *file);

/* big.c */
bool vni_big_sound(const struct sk_buff *skb);
bool vni_big_unwanted(const struct net_device *dev);
struct sk_buff *vni_big_split(struct sk_buff *skb);

/**
 * vni_rx_count() - count for an RX queue
 * @rxq: the queue; its NAPI is ours
 * @which: the counter
 * @n: added to it
 */
static inline void vni_rx_count(struct vni_rxq *rxq, enum vni_rx_counter which,
				u64 n)
{
	u64_stats_update_begin(&rxq->syncp);
	u64_stats_add(&rxq->stats[which], n);
	u64_stats_update_end(&rxq->syncp);
}

#endif /* VNI_RX_H */
