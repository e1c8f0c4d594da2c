// SPDX-License-Identifier: GPL-2.0
/*
 * What a TX queue of vni holds: the buffers of its batch, and what it has posted
 * and its receiver has not taken yet; and how much of the pool it may hold.
 *
 * All of it runs under the lock of the netdev queue. See "In flight" and "Shares of
 * the pool" in docs/vni.md.
 */
#include "device.h"

/* A queue may hold this many buffers whatever others hold. */
static const unsigned int vni_tx_guaranteed[VNI_NR_CLASSES] = {
	[VNI_CLASS_SMALL] = VNI_BATCH,
	[VNI_CLASS_LARGE] = 4,
	[VNI_CLASS_HUGE] = 2,
};

/**
 * vni_tx_may_take() - may a queue take one more buffer out of the pool?
 * @priv: the device of the queue
 * @q: the queue, locked
 * @class: VNI_CLASS_* of the buffer, or VNI_CLASS_INLINE
 *
 * It holds no more than what this node leaves of the buffers that are free now. So
 * the fuller the pool, the less each queue may hold of it.
 *
 * Return: true if so.
 */
bool vni_tx_may_take(struct vni_priv *priv, const struct vni_txq *q, int class)
{
	u32 all;

	if (class == VNI_CLASS_INLINE)
		return true;
	all = atomic_read(&priv->tx_bufs[class]);
	return q->bufs[class] < vni_tx_guaranteed[class] ||
	       q->bufs[class] + all < vni_pool_level(&priv->port, class);
}

/**
 * vni_tx_batch_add() - the frame that was filled in behind the batch belongs to it
 * @priv: the device of the queue
 * @q: the queue, locked
 * @class: VNI_CLASS_* of the frame's buffer, or VNI_CLASS_INLINE
 */
void vni_tx_batch_add(struct vni_priv *priv, struct vni_txq *q, int class)
{
	q->count++;
	if (class != VNI_CLASS_INLINE) {
		q->bufs[class]++;
		atomic_inc(&priv->tx_bufs[class]);
	}
}

/* The queue no longer holds these buffers. */
static void vni_tx_release(struct vni_priv *priv, struct vni_txq *q,
			   const struct vni_flight *done)
{
	unsigned int class;

	for (class = 0; class < VNI_NR_CLASSES; class++) {
		q->bufs[class] -= done->bufs[class];
		atomic_sub(done->bufs[class], &priv->tx_bufs[class]);
	}
}

static void vni_flight_add_frames(struct vni_priv *priv,
				  struct vni_flight *flight,
				  const struct vni_frame *frames,
				  unsigned int n)
{
	unsigned int i;

	flight->frames += n;
	for (i = 0; i < n; i++) {
		flight->bytes += frames[i].length;
		if (!vni_frame_inline(&frames[i]))
			flight->bufs[vni_class_of(&priv->port,
						  frames[i].handle)]++;
	}
}

/*
 * The entry for what is posted now. Once half of the entries are used, small
 * ones are joined, so that there are enough for a ring full of single frames.
 */
static struct vni_flight *vni_flight_next(struct vni_txq *q)
{
	unsigned int n = q->nr_flights;
	struct vni_flight *last;

	last = &q->flights[(q->first_flight + n - 1) % VNI_FLIGHTS];
	if (n == VNI_FLIGHTS ||
	    (n >= VNI_FLIGHTS / 2 && last->frames < VNI_BATCH / 2))
		return last;
	q->nr_flights++;
	last = &q->flights[(q->first_flight + n) % VNI_FLIGHTS];
	*last = (struct vni_flight){};
	return last;
}

/**
 * vni_tx_batch_clear() - the queue holds nothing of its batch any more
 * @priv: the device of the queue
 * @q: the queue, locked; the buffers have been given back
 */
void vni_tx_batch_clear(struct vni_priv *priv, struct vni_txq *q)
{
	struct vni_flight dropped = {};

	vni_flight_add_frames(priv, &dropped, q->frames, q->count);
	q->count = 0;
	vni_tx_release(priv, q, &dropped);
}

/**
 * vni_tx_posted() - the first frames of the batch are in flight now
 * @priv: the device of the queue
 * @q: the queue, locked
 * @n: number of frames; the rest of the batch moves to its front
 */
void vni_tx_posted(struct vni_priv *priv, struct vni_txq *q, unsigned int n)
{
	struct vni_flight *flight = vni_flight_next(q);
	u32 bytes = flight->bytes;

	flight->end = vni_ring_posted(&priv->port, q->ring);
	vni_flight_add_frames(priv, flight, q->frames, n);
	netdev_tx_sent_queue(q->txq, flight->bytes - bytes);
	set_bit(vni_txq_index(priv, q), priv->flying);
	q->count -= n;
	memmove(q->frames, q->frames + n, q->count * sizeof(*q->frames));
}

/**
 * vni_tx_reap() - complete what the receiver has taken
 * @priv: the device of the queue
 * @q: the queue, locked
 */
void vni_tx_reap(struct vni_priv *priv, struct vni_txq *q)
{
	struct vni_flight done = {};
	unsigned int class;

	if (!q->nr_flights)
		return;
	while (q->nr_flights) {
		struct vni_flight *first = &q->flights[q->first_flight];

		if (vni_ring_in_flight(&priv->port, q->ring, first->end))
			break;
		done.bytes += first->bytes;
		done.frames += first->frames;
		for (class = 0; class < VNI_NR_CLASSES; class++)
			done.bufs[class] += first->bufs[class];
		q->first_flight = (q->first_flight + 1) % VNI_FLIGHTS;
		q->nr_flights--;
	}
	vni_tx_release(priv, q, &done);
	netdev_tx_completed_queue(q->txq, done.frames, done.bytes);
	if (!q->nr_flights)
		clear_bit(vni_txq_index(priv, q), priv->flying);
}

/**
 * vni_flights_clear() - forget what is in flight
 * @priv: the device of the queue
 * @q: the queue, locked, without a batch; its receiver has ended
 */
void vni_flights_clear(struct vni_priv *priv, struct vni_txq *q)
{
	unsigned int class;

	for (class = 0; class < VNI_NR_CLASSES; class++) {
		atomic_sub(q->bufs[class], &priv->tx_bufs[class]);
		q->bufs[class] = 0;
	}
	q->nr_flights = 0;
	clear_bit(vni_txq_index(priv, q), priv->flying);
	netdev_tx_reset_queue(q->txq);
	/* If that was all it waited for, nobody else knows. */
	netif_schedule_queue(q->txq);
}
