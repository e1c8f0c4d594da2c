// SPDX-License-Identifier: GPL-2.0
/*
 * Idle polling of vni: a CPU with nothing else to do polls its ring.
 *
 * A node owns its CPUs: nobody else could use the time that one is halted. So
 * for a while after the last frame a thread of the lowest priority holds NAPI
 * and polls the ring, which asks for no doorbell meanwhile. The thread stops
 * as soon as anything else wants to run, and NAPI arms the ring. See
 * docs/vni.md.
 */
#include <linux/kthread.h>
#include <linux/sched/clock.h>
#include <linux/sched/stat.h>
#include <uapi/linux/sched/types.h>

#include "device.h"

/* Time to poll after the last frame, without what others run meanwhile. */
#define VNI_IDLE_NS		(400 * (s64)NSEC_PER_USEC)
/* Added to the score by a poll that finds nothing, and by one with frames. */
#define VNI_IDLE_MISS		4
#define VNI_IDLE_HIT		(-1)
/* At this score, stay asleep for so many polls of NAPI with frames. */
#define VNI_IDLE_LIMIT		32
#define VNI_IDLE_PAUSE		256

/* Is there work for NAPI or for anything else on this CPU? */
static bool vni_idle_over(struct vni_rxq *rxq)
{
	return vni_ring_pending(&rxq->priv->port, rxq->queue) ||
	       test_bit(NAPI_STATE_MISSED, &rxq->napi.state) ||
	       need_resched() || !single_task_running();
}

/* Polls for at most @left; returns what is left, 0 if nothing was found. */
static s64 vni_idle_wait(struct vni_rxq *rxq, s64 left)
{
	u64 end = local_clock() + left;

	while (!vni_idle_over(rxq)) {
		if (local_clock() >= end)
			return 0;
		cpu_relax();
	}
	return max((s64)(end - local_clock()), 1);
}

/*
 * Polling does not pay when frames are far apart. It even harms on an emulated
 * machine with more CPUs than cores: the peer may need the core we poll on.
 */
static void vni_idle_learn(struct vni_rxq *rxq)
{
	struct vni_idler *idler = &rxq->idler;
	int score = idler->score;

	if (vni_ring_pending(&rxq->priv->port, rxq->queue)) {
		vni_rx_count(rxq, VNI_RX_IDLE_FOUND, 1);
		score += VNI_IDLE_HIT;
	} else if (!idler->left) {
		score += VNI_IDLE_MISS;
	}
	idler->score = max(score, 0);
	if (score >= VNI_IDLE_LIMIT) {
		idler->score = 0;
		idler->pause = VNI_IDLE_PAUSE;
	}
}

/* Owns NAPI from napi_schedule_prep() to __napi_schedule(). */
static void vni_idle_watch(struct vni_rxq *rxq)
{
	struct vni_idler *idler = &rxq->idler;

	/* NAPI cannot run while we own it, so nothing may preempt us. */
	preempt_disable();
	if (!napi_schedule_prep(&rxq->napi)) {
		preempt_enable();
		WRITE_ONCE(idler->left, 0);
		return;
	}
	vni_ring_disarm(&rxq->priv->port, rxq->queue);
	WRITE_ONCE(idler->left, vni_idle_wait(rxq, idler->left));
	vni_idle_learn(rxq);
	/* Another task on this CPU gets all of it until the next frames. */
	if (!single_task_running())
		WRITE_ONCE(idler->left, 0);
	local_bh_disable();
	preempt_enable();
	__napi_schedule(&rxq->napi);
	local_bh_enable();
}

static int vni_idle_thread(void *context)
{
	struct vni_rxq *rxq = context;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (!vni_idle_armed(rxq))
			schedule();
		__set_current_state(TASK_RUNNING);
		if (vni_idle_armed(rxq))
			vni_idle_watch(rxq);
		cond_resched();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

/**
 * vni_idle_armed() - will this queue's CPU poll the ring when it is idle?
 * @rxq: the queue; any context may ask
 *
 * Return: false if it will not, or has just polled in vain.
 */
bool vni_idle_armed(const struct vni_rxq *rxq)
{
	return READ_ONCE(rxq->idler.left) > 0;
}

/**
 * vni_idle_arm() - have the queue's CPU poll the ring when it is idle
 * @rxq: the queue, which has just got frames: others may follow
 *
 * Context: NAPI of the queue.
 */
void vni_idle_arm(struct vni_rxq *rxq)
{
	struct vni_idler *idler = &rxq->idler;
	bool asleep = !vni_idle_armed(rxq);

	if (!READ_ONCE(rxq->priv->idle_poll))
		return;
	if (idler->pause) {
		idler->pause--;
		return;
	}
	WRITE_ONCE(idler->left, VNI_IDLE_NS);
	if (asleep)
		wake_up_process(idler->thread);
}

/**
 * vni_idle_move() - poll on another CPU from now on
 * @rxq: a queue of an open interface
 * @cpu: an online CPU
 */
void vni_idle_move(struct vni_rxq *rxq, unsigned int cpu)
{
	WARN_ON_ONCE(set_cpus_allowed_ptr(rxq->idler.thread, cpumask_of(cpu)));
}

static int vni_idle_start_one(struct vni_rxq *rxq, unsigned int cpu)
{
	static const struct sched_attr lowest = {
		.size = sizeof(lowest),
		.sched_policy = SCHED_IDLE,
	};
	struct task_struct *thread;

	thread = kthread_create(vni_idle_thread, rxq, "vni-idle/%u", rxq->queue);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	kthread_bind(thread, cpu);
	WARN_ON_ONCE(sched_setattr_nocheck(thread, &lowest));
	rxq->idler.left = 0;
	rxq->idler.thread = thread;
	wake_up_process(thread);
	return 0;
}

static void vni_idle_stop_some(struct vni_priv *priv, unsigned int n)
{
	while (n--)
		kthread_stop(priv->rxqs[n].idler.thread);
}

/**
 * vni_idle_start() - start the idle pollers of all queues in use
 * @priv: the device, its lock held, NAPI of its queues disabled
 *
 * Return: 0 or a negative error.
 */
int vni_idle_start(struct vni_priv *priv)
{
	unsigned int i;
	int err;

	for (i = 0; i < priv->nr_rxqs; i++) {
		err = vni_idle_start_one(&priv->rxqs[i],
					 vni_queue_cpu(priv, i));
		if (err) {
			vni_idle_stop_some(priv, i);
			return err;
		}
	}
	return 0;
}

/**
 * vni_idle_stop() - undo vni_idle_start()
 * @priv: the device, NAPI of its queues disabled
 */
void vni_idle_stop(struct vni_priv *priv)
{
	vni_idle_stop_some(priv, priv->nr_rxqs);
}
