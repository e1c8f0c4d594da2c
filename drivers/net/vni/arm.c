// SPDX-License-Identifier: GPL-2.0
/*
 * How a queue of vni arms its ring: how many frames are worth a doorbell, and
 * who finds fewer. Everything belongs to NAPI of the queue. See "Notification"
 * in docs/vni.md.
 */
#include <kunit/visibility.h>

#include "device.h"
#include "recover.h"

/* Bulk data moves from a poll with so many bytes on, until so many had fewer. */
#define VNI_RX_BULK_BYTES	(32 * 1024)
#define VNI_RX_BULK_POLLS	5
/* With adaptive-rx, the most that frames wait for a CPU that may be halted. */
#define VNI_RX_HALTED_USECS	200U

/**
 * vni_rx_timer() - poll, since frames have waited for others long enough
 * @timer: of a struct vni_rxq
 *
 * Return: HRTIMER_NORESTART.
 */
enum hrtimer_restart vni_rx_timer(struct hrtimer *timer)
{
	struct vni_rxq *rxq = container_of(timer, struct vni_rxq, timer);

	napi_schedule_irqoff(&rxq->napi);
	return HRTIMER_NORESTART;
}

/**
 * vni_rx_bulk_polls() - for how many polls does bulk data count as moving?
 * @left: the last result, 0 at first
 * @moved: bytes sent and received since the last poll
 *
 * A stream is uneven: a quarter of the polls within one sees less than
 * VNI_RX_BULK_BYTES. So several such polls must follow each other to end it.
 *
 * Return: the number, this poll included.
 */
unsigned int vni_rx_bulk_polls(unsigned int left, u32 moved)
{
	if (moved >= VNI_RX_BULK_BYTES)
		return VNI_RX_BULK_POLLS;
	return left ? left - 1 : 0;
}
EXPORT_SYMBOL_IF_KUNIT(vni_rx_bulk_polls);

/*
 * Does bulk data move? The bytes that this CPU has sent count too: the short
 * frames that it receives meanwhile are acknowledgements, which can wait.
 */
static bool vni_rx_bulk(struct vni_rxq *rxq, u32 taken_bytes)
{
	u32 sent = __this_cpu_read(rxq->priv->cpu->sent);
	u32 moved = taken_bytes + sent - rxq->sent;

	rxq->sent = sent;
	rxq->bulk = vni_rx_bulk_polls(rxq->bulk, moved);
	return rxq->bulk;
}

/*
 * How many frames are worth a doorbell after this poll? Fewer are left to the
 * timer, but only if this CPU is busy or its idle poller is armed.
 */
static u32 vni_rx_worth(struct vni_rxq *rxq, u32 taken_bytes)
{
	const struct vni_coalesce *coalesce = &rxq->priv->coalesce;
	bool bulk = vni_rx_bulk(rxq, taken_bytes);

	if (!READ_ONCE(coalesce->usecs) ||
	    (!taken_bytes && !vni_idle_armed(rxq)) ||
	    (READ_ONCE(coalesce->adaptive) && !bulk))
		return 1;
	return READ_ONCE(coalesce->frames);
}

/* The idle poller finds frames before the timer does; a halted CPU does not. */
static void vni_rx_timer_start(struct vni_rxq *rxq)
{
	const struct vni_coalesce *coalesce = &rxq->priv->coalesce;
	u32 usecs = READ_ONCE(coalesce->usecs);

	if (READ_ONCE(coalesce->adaptive) && !vni_idle_armed(rxq))
		usecs = min(usecs, VNI_RX_HALTED_USECS);
	hrtimer_start(&rxq->timer, ns_to_ktime((u64)usecs * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED);
}

/**
 * vni_rx_may_sleep() - arm the ring, after a poll that found it empty
 * @rxq: the queue
 * @taken_bytes: what the poll has taken
 *
 * Context: NAPI of the queue.
 *
 * Return: false if there is something to do at once.
 */
bool vni_rx_may_sleep(struct vni_rxq *rxq, u32 taken_bytes)
{
	struct vni_port *port = &rxq->priv->port;
	u32 frames = vni_rx_worth(rxq, taken_bytes);

	vni_ring_mend(port, rxq->queue);
	if (!vni_ring_arm(port, rxq->queue, frames))
		return false;
	if (taken_bytes)
		vni_idle_arm(rxq);
	if (frames > 1 && !hrtimer_is_queued(&rxq->timer))
		vni_rx_timer_start(rxq);
	return true;
}
