// SPDX-License-Identifier: GPL-2.0
/*
 * TX queues of vni: a queue's batch and how it is posted, and how the queue stops
 * and goes on.
 *
 * A queue waits for room in the ring, for a buffer, or for the byte limit of
 * BQL. It asks to be kicked before it waits; NAPI then serves it. All of it runs
 * under the lock of the netdev queue. See "Back-pressure" in docs/vni.md.
 */
#include "device.h"
#include "trace.h"

/* Pause after a lock was not had in time. */
#define VNI_LOCK_PAUSE_MS	100

/*
 * The next queue after @last whose bit is set, from the first if that is NULL;
 * NULL if there is none. Others change the bits meanwhile, which
 * for_each_set_bit() is not made for.
 */
static struct vni_txq *vni_txq_next(struct vni_priv *priv,
				    const unsigned long *bits,
				    const struct vni_txq *last)
{
	unsigned int i = last ? vni_txq_index(priv, last) + 1 : 0;

	while (i < vni_nr_txqs(priv)) {
		unsigned long rest = READ_ONCE(bits[BIT_WORD(i)]) >>
				     i % BITS_PER_LONG;

		if (rest)
			return &priv->txqs[i + __ffs(rest)];
		i = round_down(i, BITS_PER_LONG) + BITS_PER_LONG;
	}
	return NULL;
}

/* Why frames are dropped: as functions return it, and as it is told. */
struct vni_tx_drop {
	int err;
	enum vni_tx_counter counter;
	enum skb_drop_reason reason;
};

static const struct vni_tx_drop vni_tx_drops[] = {
	{ -EMSGSIZE, VNI_TX_TOO_LONG, SKB_DROP_REASON_PKT_TOO_BIG },
	{ -ENOBUFS, VNI_TX_NO_BUFFER, SKB_DROP_REASON_NOMEM },
	{ -ENOSPC, VNI_TX_FLOOD_FULL, SKB_DROP_REASON_FULL_RING },
	{ -EBUSY, VNI_TX_LOCK, SKB_DROP_REASON_NOT_SPECIFIED },
	{ -EPROTO, VNI_TX_RING_BAD, SKB_DROP_REASON_NOT_SPECIFIED },
	{ -EINVAL, VNI_TX_BAD_SKB, SKB_DROP_REASON_HDR_TRUNC },
	/* All others. */
	{ 0, VNI_TX_PEER_DOWN, SKB_DROP_REASON_DEV_READY },
};

static const struct vni_tx_drop *vni_tx_drop_for(int err)
{
	const struct vni_tx_drop *drop = vni_tx_drops;

	while (drop->err && drop->err != err)
		drop++;
	return drop;
}

/**
 * vni_tx_count_drops() - count frames that are dropped
 * @q: the queue, locked
 * @err: why, as tx.c, vni_tx_fill() and vni_ring_post() return it
 * @n: number of frames
 */
void vni_tx_count_drops(struct vni_txq *q, int err, u64 n)
{
	vni_tx_count(q, vni_tx_drop_for(err)->counter, n);
}

static void vni_tx_drop_batch(struct vni_priv *priv, struct vni_txq *q, int err)
{
	unsigned int i;

	for (i = 0; i < q->count; i++)
		vni_buf_put(priv, q->frames[i].handle);
	vni_tx_count_drops(q, err, q->count);
	vni_tx_batch_clear(priv, q);
}

/**
 * vni_tx_done() - count a frame and free it
 * @priv: the device of the queue
 * @q: the queue, locked
 * @skb: the frame, copied or not to be sent
 * @err: 0, or why the frame is dropped
 */
void vni_tx_done(struct vni_priv *priv, struct vni_txq *q, struct sk_buff *skb,
		 int err)
{
	if (likely(!err)) {
		vni_tx_count(q, VNI_TX_PACKETS, 1);
		vni_tx_count(q, VNI_TX_BYTES, skb->len);
		__this_cpu_add(priv->cpu->sent, skb->len);
		dev_consume_skb_any(skb);
	} else {
		vni_tx_count_drops(q, err, 1);
		dev_kfree_skb_any_reason(skb, vni_tx_drop_for(err)->reason);
	}
}

/* The frame that waits for a buffer waits no more. */
static void vni_tx_waiting_done(struct vni_priv *priv, struct vni_txq *q,
				int err)
{
	clear_bit(vni_txq_index(priv, q), priv->starving);
	vni_tx_done(priv, q, no_free_ptr(q->waiting), err);
}

/*
 * Drops what a queue holds for a node that takes no more. A generation that has
 * ended takes no frame out of its ring: burial gives back what is in flight.
 */
static void vni_tx_forget(struct vni_priv *priv, struct vni_txq *q)
{
	vni_tx_drop_batch(priv, q, -ENOTCONN);
	if (q->waiting)
		vni_tx_waiting_done(priv, q, -ENOTCONN);
	vni_flights_clear(priv, q);
}

/* All that the queue holds is for this incarnation, or is dropped. */
static void vni_tx_address(struct vni_priv *priv, struct vni_txq *q,
			   u32 generation)
{
	if (q->generation != generation) {
		vni_tx_forget(priv, q);
		q->generation = generation;
	}
}

/* Puts a frame into the batch, which has room for it. */
static int vni_tx_enqueue(struct vni_priv *priv, struct vni_txq *q,
			  const struct sk_buff *skb, struct vni_place place)
{
	int err;

	if (!vni_tx_may_take(priv, q, place.class))
		return -ENOBUFS;
	err = vni_tx_fill(priv, skb, place, &q->frames[q->count]);
	if (!err)
		vni_tx_batch_add(priv, q, place.class);
	return err;
}

/**
 * vni_tx_send() - put a frame into its queue's batch
 * @priv: the device of the queue
 * @q: the queue that leads to the frame's destination, locked
 * @dest: the destination
 * @skb: the frame
 *
 * Return: 0 if the frame was copied; -EINPROGRESS if the queue keeps @skb to wait
 * for a buffer; else why the frame is to be dropped.
 */
int vni_tx_send(struct vni_priv *priv, struct vni_txq *q,
		const struct vni_tx_dest *dest, struct sk_buff *skb)
{
	int err = -ENOSPC;

	vni_tx_address(priv, q, dest->receiver.generation);
	/* Only a caller that ignores the stopped queue finds no room here. */
	if (likely(q->count < VNI_BATCH && !q->waiting))
		err = vni_tx_enqueue(priv, q, skb, dest->place);
	if (likely(err != -ENOBUFS))
		return err;
	q->waiting = skb;
	q->waiting_place = dest->place;
	set_bit(vni_txq_index(priv, q), priv->starving);
	return -EINPROGRESS;
}

/* As vni_tx_send(), for a frame that lies where it is to be sent from. */
static int vni_tx_send_frame(struct vni_priv *priv, struct vni_txq *q,
			     const struct vni_tx_dest *dest,
			     const struct vni_frame *frame)
{
	vni_tx_address(priv, q, dest->receiver.generation);
	if (q->count == VNI_BATCH || q->waiting)
		return -ENOSPC;
	if (!vni_tx_may_take(priv, q, dest->place.class))
		return -ENOBUFS;
	q->frames[q->count] = *frame;
	vni_tx_batch_add(priv, q, dest->place.class);
	vni_tx_count(q, VNI_TX_PACKETS, 1);
	vni_tx_count(q, VNI_TX_BYTES, frame->length);
	vni_tx_count(q, VNI_TX_XDP, 1);
	return 0;
}

/* Tries to send the frame that waits for a buffer; true if it waits no more. */
static bool vni_tx_retry(struct vni_priv *priv, struct vni_txq *q)
{
	int err;

	/* Behind a full batch there is no room for it. */
	if (q->count == VNI_BATCH)
		return false;
	err = vni_tx_enqueue(priv, q, q->waiting, q->waiting_place);
	if (err == -ENOBUFS)
		return false;
	vni_tx_waiting_done(priv, q, err);
	return true;
}

/* Posts what the ring takes of the batch; the rest moves to its front. */
static void vni_tx_post_batch(struct vni_priv *priv, struct vni_txq *q)
{
	int n;

	q->lock_missed = false;
	/* A full ring's lock is left to its other senders. */
	if (!q->count || !vni_ring_space(&priv->port, q->ring))
		return;
	n = vni_tx_post(priv, q, q->ring, q->generation, q->frames, q->count);
	q->lock_missed = n == -EBUSY;
	if (q->lock_missed)
		return;
	if (n < 0)
		vni_tx_drop_batch(priv, q, n);
	else if (n)
		vni_tx_posted(priv, q, n);
}

/* Does all that can be done for a queue now; true if it need not wait. */
static bool vni_tx_serve(struct vni_priv *priv, struct vni_txq *q)
{
	vni_tx_post_batch(priv, q);
	vni_tx_reap(priv, q);
	if (q->waiting && vni_tx_retry(priv, q))
		vni_tx_post_batch(priv, q);
	return !q->count && !q->waiting && netdev_queue_dql_avail(q->txq) >= 0;
}

/*
 * Waiting in vain for a lock costs its whole bound, with interrupts off: then
 * the next try is not in the next jiffy.
 */
static unsigned long vni_tx_pause(struct vni_priv *priv)
{
	u64 timeouts = READ_ONCE(priv->port.faults[VNI_FAULT_LOCK_TIMEOUT]);

	if (timeouts == READ_ONCE(priv->retry_timeouts))
		return 1;
	WRITE_ONCE(priv->retry_timeouts, timeouts);
	return msecs_to_jiffies(VNI_LOCK_PAUSE_MS);
}

/*
 * Has receivers kick us when the queue may go on: that of its ring when half of
 * it is free, or, if the batch is posted, when it has taken frames of ours; for
 * a buffer those of all rings in which we have frames. No peer tells of a buffer
 * that another node gives back: for that there is the timer. For a lock that was
 * not had in time there is the check.
 */
static void vni_tx_ask(struct vni_priv *priv, struct vni_txq *q)
{
	struct vni_txq *flying = NULL;

	if (!q->count)
		vni_ring_watch(&priv->port, q->ring);
	else if (!q->lock_missed)
		vni_ring_wait_space(&priv->port, q->ring);
	if (!q->waiting)
		return;
	while ((flying = vni_txq_next(priv, priv->flying, flying)))
		vni_ring_watch(&priv->port, flying->ring);
	mod_timer(&priv->retry, jiffies + vni_tx_pause(priv));
}

/*
 * Asks, and then serves the queue once more: what changed before a receiver
 * could see our bit is found. Pairs with the barrier in vni_ring_release().
 * What has moved on may wait for something else now, and asks for that.
 */
static bool vni_tx_ask_and_serve(struct vni_priv *priv, struct vni_txq *q)
{
	unsigned int before;

	do {
		vni_tx_ask(priv, q);
		/* Another try would wait for the lock as long again. */
		if (q->lock_missed)
			return false;
		before = q->count;
		if (vni_tx_serve(priv, q))
			return true;
	} while (q->count != before);
	return false;
}

/* Closing the interface stops queues too: that is no stop of ours to end. */
static void vni_tx_wake(struct vni_priv *priv, struct vni_txq *q)
{
	clear_bit(vni_txq_index(priv, q), priv->stopped);
	if (q->stopped) {
		q->stopped = false;
		vni_tx_count(q, VNI_TX_WAKE, 1);
		trace_vni_wake(q->node, q->queue, q->count, q->waiting);
	}
	netif_tx_wake_queue(q->txq);
}

/* Stops the queue before its last try, so that no wake can come too early. */
static void vni_tx_stop(struct vni_priv *priv, struct vni_txq *q)
{
	if (q->count || q->waiting)
		netif_tx_stop_queue(q->txq);
	set_bit(vni_txq_index(priv, q), priv->stopped);
	if (vni_tx_ask_and_serve(priv, q)) {
		vni_tx_wake(priv, q);
	} else if (netif_tx_queue_stopped(q->txq) && !q->stopped) {
		q->stopped = true;
		vni_tx_count(q, VNI_TX_STOP, 1);
		trace_vni_stop(q->node, q->queue, q->count, q->waiting);
	}
}

/**
 * vni_tx_flush() - post a queue's batch; stop the queue if it has to wait
 * @priv: the device of the queue
 * @q: the queue, locked
 */
void vni_tx_flush(struct vni_priv *priv, struct vni_txq *q)
{
	if (likely(vni_tx_serve(priv, q)))
		return;
	if (q->count)
		vni_tx_count(q, VNI_TX_RING_FULL, 1);
	vni_tx_stop(priv, q);
}

/*
 * Does something to a queue under its lock, BH being off. Netpoll may have
 * interrupted the lock's holder: it only tries. A queue that it passes over is
 * still woken by NAPI.
 */
static void vni_tx_locked(struct vni_priv *priv, struct vni_txq *q,
			  bool netpoll,
			  void (*act)(struct vni_priv *priv, struct vni_txq *q))
{
	if (!netpoll)
		__netif_tx_lock(q->txq, smp_processor_id());
	else if (!__netif_tx_trylock(q->txq))
		return;
	act(priv, q);
	__netif_tx_unlock(q->txq);
}

/**
 * vni_tx_forward() - put a frame that is no skb into the batch of its queue
 * @priv: the device that sends it
 * @dest: the destination; its place is where the frame lies
 * @frame: the frame; its buffer, if any, ALLOC or HELD by this node
 * @queues: the bit of the queue is set: vni_tx_flush_queues() has to follow
 *
 * Nobody keeps such a frame: where another one waits, it is dropped. A stopped queue
 * is not tried again for each frame: NAPI serves it when it can go on.
 *
 * Context: BH is off.
 *
 * Return: 0 if the buffer belongs to the queue now; else why the frame is to be
 * dropped: vni_tx_count_dropped().
 */
int vni_tx_forward(struct vni_priv *priv, const struct vni_tx_dest *dest,
		   const struct vni_frame *frame, unsigned long *queues)
{
	struct vni_txq *q = &priv->txqs[dest->ring + 1];
	int err = -ENETDOWN;

	__netif_tx_lock(q->txq, smp_processor_id());
	if (q->count == VNI_BATCH && !test_bit(vni_txq_index(priv, q), priv->stopped))
		vni_tx_flush(priv, q);
	/* An interface that goes down has every queue purged after this. */
	if (likely(netif_running(priv->netdev)))
		err = vni_tx_send_frame(priv, q, dest, frame);
	if (likely(!err))
		__set_bit(vni_txq_index(priv, q), queues);
	__netif_tx_unlock(q->txq);
	return err;
}

/**
 * vni_tx_count_dropped() - count a frame that is dropped before it has a queue
 * @priv: the device
 * @err: why
 *
 * Context: BH is off.
 */
void vni_tx_count_dropped(struct vni_priv *priv, int err)
{
	struct vni_txq *q = &priv->txqs[0];

	__netif_tx_lock(q->txq, smp_processor_id());
	vni_tx_count_drops(q, err, 1);
	__netif_tx_unlock(q->txq);
}

/**
 * vni_tx_flush_queues() - post the batches of queues
 * @priv: the device of the queues
 * @queues: a bit for each queue, cleared
 *
 * Context: BH is off.
 */
void vni_tx_flush_queues(struct vni_priv *priv, unsigned long *queues)
{
	unsigned int i;

	for_each_set_bit(i, queues, vni_nr_txqs(priv))
		vni_tx_locked(priv, &priv->txqs[i], false, vni_tx_flush);
	bitmap_zero(queues, vni_nr_txqs(priv));
}

static void vni_tx_reap_flying(struct vni_priv *priv, bool netpoll)
{
	struct vni_txq *q = NULL;

	while ((q = vni_txq_next(priv, priv->flying, q)))
		vni_tx_locked(priv, q, netpoll, vni_tx_reap);
}

static void vni_tx_resume_one(struct vni_priv *priv, struct vni_txq *q)
{
	if (test_bit(vni_txq_index(priv, q), priv->stopped) &&
	    (vni_tx_serve(priv, q) || vni_tx_ask_and_serve(priv, q)))
		vni_tx_wake(priv, q);
}

static void vni_tx_resume_stopped(struct vni_priv *priv, bool netpoll)
{
	struct vni_txq *q = NULL;

	/* A queue without a buffer may wait for frames of any other. */
	if (vni_txq_next(priv, priv->starving, NULL))
		vni_tx_reap_flying(priv, netpoll);
	while ((q = vni_txq_next(priv, priv->stopped, q)))
		vni_tx_locked(priv, q, netpoll, vni_tx_resume_one);
}

/**
 * vni_tx_check() - do what no peer tells us to do, on all queues
 * @priv: an open device, its lock held
 *
 * Completes what receivers have taken, and tries again for locks that were not
 * had in time.
 *
 * Context: process.
 */
void vni_tx_check(struct vni_priv *priv)
{
	local_bh_disable();
	vni_tx_reap_flying(priv, false);
	vni_tx_resume_stopped(priv, false);
	local_bh_enable();
}

/**
 * vni_tx_resume() - serve the queues that wait, and wake those that can go on
 * @priv: the device of NAPI
 *
 * Context: NAPI.
 */
void vni_tx_resume(struct vni_priv *priv)
{
	vni_tx_resume_stopped(priv, false);
}

/**
 * vni_tx_resume_netpoll() - the same for netpoll, as far as locks are free
 * @priv: the device that netpoll sends by
 *
 * Context: any but NMI, interrupts off; NAPI may be at work on another CPU.
 */
void vni_tx_resume_netpoll(struct vni_priv *priv)
{
	vni_tx_resume_stopped(priv, true);
}

/**
 * vni_tx_timeout() - some TX queue has been stopped for VNI_TX_TIMEOUT
 * @dev: the interface, running and with a carrier
 * @txqueue: the first such queue
 *
 * A peer that does not read keeps its queues stopped for as long as it lives:
 * there is nothing to reset. Both ends of each stopped queue look once more, in
 * case that a wake was lost.
 *
 * Context: BH is off, all queues are frozen.
 */
void vni_tx_timeout(struct net_device *dev, unsigned int txqueue)
{
	struct vni_priv *priv = netdev_priv(dev);
	struct vni_txq *q = NULL;

	while ((q = vni_txq_next(priv, priv->stopped, q)))
		if (q->node != VNI_FLOOD)
			vni_peer_kick(priv, q->node, q->queue);
	napi_schedule(&priv->rxqs[0].napi);
}

/**
 * vni_tx_retry_timer() - have NAPI serve the queues that wait for a buffer
 * @timer: vni_priv.retry
 */
void vni_tx_retry_timer(struct timer_list *timer)
{
	struct vni_priv *priv = from_timer(priv, timer, retry);

	napi_schedule(&priv->rxqs[0].napi);
}

static void vni_tx_purge_queue(struct vni_priv *priv, struct vni_txq *q)
{
	__netif_tx_lock_bh(q->txq);
	vni_tx_forget(priv, q);
	vni_tx_wake(priv, q);
	__netif_tx_unlock_bh(q->txq);
}

/**
 * vni_tx_purge() - drop what is queued for a node that takes no more
 * @priv: the device, closed or its lock held
 * @node: id of the node, which may be our own
 *
 * A stopped queue is woken: later frames are dropped one by one, and counted.
 *
 * Context: process.
 */
void vni_tx_purge(struct vni_priv *priv, u32 node)
{
	u32 first = vni_ring_number(&priv->port, node, 0);
	u32 queue;

	for (queue = 0; queue < vni_nr_queues(priv); queue++)
		vni_tx_purge_queue(priv, &priv->txqs[first + queue + 1]);
}
