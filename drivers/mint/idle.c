// SPDX-License-Identifier: GPL-2.0
/*
 * Idle polling: a CPU with nothing else to do looks for news itself.
 *
 * A node owns its CPUs: nobody else could use the time that one is halted. So for a
 * while after the last news a thread of the lowest priority looks for more, which
 * need no doorbell meanwhile. The thread stops as soon as anything else wants to run,
 * and asks to be told again.
 */
#include <linux/export.h>
#include <linux/kthread.h>
#include <linux/mint.h>
#include <linux/sched/clock.h>
#include <linux/sched/stat.h>
#include <uapi/linux/sched/types.h>

/* Time to poll after the last news, without what others run meanwhile. */
#define IDLE_NS			(400 * (s64)NSEC_PER_USEC)
/* Added to the score by a poll that finds nothing, and by one with news. */
#define IDLE_MISS		4
#define IDLE_HIT		(-1)
/* At this score, stay asleep for so many times that there are news. */
#define IDLE_LIMIT		32
#define IDLE_PAUSE		256

/* Is there news, or work for anything else on this CPU? */
static bool mint_idle_over(struct mint_idler *idler)
{
	return idler->ops->pending(idler) || need_resched() || !single_task_running();
}

/* Polls for at most @left; returns what is left, 0 if nothing was found. */
static s64 mint_idle_wait(struct mint_idler *idler, s64 left)
{
	u64 end = local_clock() + left;

	while (!mint_idle_over(idler)) {
		if (local_clock() >= end)
			return 0;
		cpu_relax();
	}
	return max((s64)(end - local_clock()), 1);
}

/*
 * Polling does not pay when news are far apart. It even harms on an emulated
 * machine with more CPUs than cores: the peer may need the core we poll on.
 */
static void mint_idle_learn(struct mint_idler *idler, bool found)
{
	int score = idler->score;

	if (found)
		score += IDLE_HIT;
	else if (!idler->left)
		score += IDLE_MISS;
	idler->score = max(score, 0);
	if (score >= IDLE_LIMIT) {
		idler->score = 0;
		idler->pause = IDLE_PAUSE;
	}
}

static void mint_idle_watch(struct mint_idler *idler)
{
	bool found;

	/* Whoever is to be told may be told by us alone, so nothing may preempt us. */
	preempt_disable();
	if (!idler->ops->begin(idler)) {
		preempt_enable();
		WRITE_ONCE(idler->left, 0);
		return;
	}
	WRITE_ONCE(idler->left, mint_idle_wait(idler, idler->left));
	found = idler->ops->pending(idler);
	mint_idle_learn(idler, found);
	/* Another task on this CPU gets all of it until the next news. */
	if (!single_task_running())
		WRITE_ONCE(idler->left, 0);
	idler->ops->end(idler, found);
	preempt_enable();
}

static int mint_idle_thread(void *context)
{
	struct mint_idler *idler = context;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (!mint_idler_armed(idler))
			schedule();
		__set_current_state(TASK_RUNNING);
		if (mint_idler_armed(idler))
			mint_idle_watch(idler);
		cond_resched();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

/**
 * mint_idler_armed() - will its CPU look for news when it is idle?
 * @idler: any context may ask
 *
 * Return: false if it will not, or has just looked in vain.
 */
bool mint_idler_armed(const struct mint_idler *idler)
{
	return READ_ONCE(idler->left) > 0;
}
EXPORT_SYMBOL_GPL(mint_idler_armed);

/**
 * mint_idler_arm() - have its CPU look for news when it is idle
 * @idler: there were news: others may follow
 *
 * Context: one at a time, and not while mint_idler_ops.begin() has said that we look.
 */
void mint_idler_arm(struct mint_idler *idler)
{
	bool asleep = !mint_idler_armed(idler);

	if (idler->pause) {
		idler->pause--;
		return;
	}
	WRITE_ONCE(idler->left, IDLE_NS);
	if (asleep)
		wake_up_process(idler->thread);
}
EXPORT_SYMBOL_GPL(mint_idler_arm);

/**
 * mint_idler_move() - look on another CPU from now on
 * @idler: one that is started
 * @cpu: an online CPU
 */
void mint_idler_move(struct mint_idler *idler, unsigned int cpu)
{
	WARN_ON_ONCE(set_cpus_allowed_ptr(idler->thread, cpumask_of(cpu)));
}
EXPORT_SYMBOL_GPL(mint_idler_move);

/**
 * mint_idler_start() - start an idle poller, which is not armed yet
 * @idler: all but @ops is filled in
 * @cpu: the CPU on which it looks
 * @name: of its thread
 * @number: is added to the name
 *
 * Return: 0 or a negative error.
 */
int mint_idler_start(struct mint_idler *idler, unsigned int cpu, const char *name,
		     unsigned int number)
{
	static const struct sched_attr lowest = {
		.size = sizeof(lowest),
		.sched_policy = SCHED_IDLE,
	};
	struct task_struct *thread;

	thread = kthread_create(mint_idle_thread, idler, "%s/%u", name, number);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	kthread_bind(thread, cpu);
	WARN_ON_ONCE(sched_setattr_nocheck(thread, &lowest));
	idler->left = 0;
	idler->thread = thread;
	wake_up_process(thread);
	return 0;
}
EXPORT_SYMBOL_GPL(mint_idler_start);

/**
 * mint_idler_stop() - undo mint_idler_start()
 * @idler: nobody arms it any more
 */
void mint_idler_stop(struct mint_idler *idler)
{
	kthread_stop(idler->thread);
}
EXPORT_SYMBOL_GPL(mint_idler_stop);
