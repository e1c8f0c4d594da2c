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
/* Polls with frames until doorbells are spared again: at first, and at most. */
#define VNI_SPARE_PAUSE		256U
#define VNI_SPARE_LONG_PAUSE	65536U

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
 * While doorbells are spared: has a whole tick gone by in which frames waited and
 * none was taken?
 */
static void vni_spare_tick(struct timer_list *timer)
{
	struct vni_rxq *rxq = from_timer(rxq, timer, spare.timer);
	u32 taken = READ_ONCE(rxq->taken);

	if (!READ_ONCE(rxq->spare.on))
		return;
	if (taken == rxq->spare.taken && !napi_is_scheduled(&rxq->napi) &&
	    vni_ring_pending(&rxq->priv->port, rxq->queue)) {
		WRITE_ONCE(rxq->spare.late, true);
		napi_schedule(&rxq->napi);
		return;
	}
	rxq->spare.taken = taken;
	/* One that is due now runs at the next tick. */
	mod_timer(timer, jiffies);
}

/**
 * vni_spare_init() - prepare vni_rxq.spare
 * @rxq: the queue
 */
void vni_spare_init(struct vni_rxq *rxq)
{
	rxq->spare.next_pause = VNI_SPARE_PAUSE;
	timer_setup(&rxq->spare.timer, vni_spare_tick, TIMER_PINNED);
}

/**
 * vni_spare_learn() - note that a poll has found frames
 * @spare: what is learnt
 * @late: no doorbell was rung for them, and the CPU did not pass by
 *
 * What runs on the CPU then neither sends nor waits: each frame would be late.
 * So doorbells are rung for some time, twice as long each time that it was too
 * short.
 */
void vni_spare_learn(struct vni_spare *spare, bool late)
{
	if (spare->pause) {
		spare->pause--;
	} else if (late) {
		spare->good = 0;
		spare->pause = spare->next_pause;
		spare->next_pause = min(2 * spare->pause, VNI_SPARE_LONG_PAUSE);
	} else if (spare->good < VNI_SPARE_PAUSE) {
		if (++spare->good == VNI_SPARE_PAUSE)
			spare->next_pause = VNI_SPARE_PAUSE;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vni_spare_learn);

/**
 * vni_rx_learn() - after taking frames: were they late?
 * @rxq: the queue
 * @done: how many there were
 *
 * Context: NAPI of the queue, before vni_rx_may_sleep().
 */
void vni_rx_learn(struct vni_rxq *rxq, int done)
{
	bool late = READ_ONCE(rxq->spare.late);

	if (late)
		WRITE_ONCE(rxq->spare.late, false);
	if (!done)
		return;
	if (late)
		vni_rx_count(rxq, VNI_RX_LATE, 1);
	vni_spare_learn(&rxq->spare, late);
}

/*
 * May doorbells be spared? Only if the idle poller is armed: it finds frames
 * when nothing else runs. A task that sends finds them too.
 */
static bool vni_rx_spares(struct vni_rxq *rxq, bool bulk)
{
	const struct vni_coalesce *coalesce = &rxq->priv->coalesce;

	return READ_ONCE(coalesce->usecs) && READ_ONCE(coalesce->adaptive) &&
	       READ_ONCE(coalesce->frames) > 1 && !bulk &&
	       !rxq->spare.pause && mint_idler_armed(&rxq->idler);
}

/*
 * How many frames are worth a doorbell after this poll? Fewer are left to a
 * timer, but only if this CPU is busy or its idle poller is armed.
 */
static u32 vni_rx_worth(struct vni_rxq *rxq, u32 taken_bytes)
{
	const struct vni_coalesce *coalesce = &rxq->priv->coalesce;
	bool bulk = vni_rx_bulk(rxq, taken_bytes);

	WRITE_ONCE(rxq->spare.on, vni_rx_spares(rxq, bulk));
	if (rxq->spare.on)
		return READ_ONCE(coalesce->frames);
	if (!READ_ONCE(coalesce->usecs) ||
	    (!taken_bytes && !mint_idler_armed(&rxq->idler)) ||
	    (READ_ONCE(coalesce->adaptive) && !bulk))
		return 1;
	return READ_ONCE(coalesce->frames);
}

/* The idle poller finds frames before the timer does; a halted CPU does not. */
static void vni_rx_timer_start(struct vni_rxq *rxq)
{
	const struct vni_coalesce *coalesce = &rxq->priv->coalesce;
	u32 usecs = READ_ONCE(coalesce->usecs);

	if (READ_ONCE(coalesce->adaptive) && !mint_idler_armed(&rxq->idler))
		usecs = min(usecs, VNI_RX_HALTED_USECS);
	hrtimer_start(&rxq->timer, ns_to_ktime((u64)usecs * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED);
}

/*
 * Has fewer frames than are worth a doorbell found after a while. While many
 * tasks exchange single frames that is by the tick, which a busy CPU has anyway:
 * a timer of its own would cost more than it saves.
 */
static void vni_rx_timers_start(struct vni_rxq *rxq)
{
	if (!rxq->spare.on) {
		if (!hrtimer_is_queued(&rxq->timer))
			vni_rx_timer_start(rxq);
	} else if (!timer_pending(&rxq->spare.timer)) {
		rxq->spare.taken = rxq->taken;
		mod_timer(&rxq->spare.timer, jiffies);
	}
}

/**
 * vni_rx_yields() - leave frames in the ring until the CPU passes by?
 * @rxq: the queue, whose poll has taken as many frames as it may
 *
 * Whom they are for has to run as well. Polled on and on, it would not, and the stack
 * would drop what it has no room for after all its work. In a ring that fills, the
 * frames hold up their senders.
 *
 * Context: NAPI of the queue.
 *
 * Return: true if they are found without a doorbell: see vni_rx_spares().
 */
bool vni_rx_yields(struct vni_rxq *rxq)
{
	if (test_bit(NAPI_STATE_IN_BUSY_POLL, &rxq->napi.state))
		return false;
	vni_idle_arm(rxq);
	if (!vni_rx_spares(rxq, false))
		return false;
	vni_rx_count(rxq, VNI_RX_YIELDS, 1);
	WRITE_ONCE(rxq->spare.on, true);
	vni_rx_timers_start(rxq);
	return true;
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
	u32 frames;

	if (taken_bytes)
		vni_idle_arm(rxq);
	frames = vni_rx_worth(rxq, taken_bytes);
	vni_ring_mend(port, rxq->queue);
	if (!vni_ring_arm(port, rxq->queue, frames))
		return false;
	if (frames > 1)
		vni_rx_timers_start(rxq);
	else if (timer_pending(&rxq->spare.timer))
		timer_delete(&rxq->spare.timer);
	return true;
}
