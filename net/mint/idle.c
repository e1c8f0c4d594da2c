// SPDX-License-Identifier: GPL-2.0
/*
 * Idle CPUs look for signals: while one does, peers ring no doorbells.
 */
#include <linux/moduleparam.h>

#include "bypass.h"

static bool mint_idle_poll = true;
module_param_named(idle_poll, mint_idle_poll, bool, 0644);
MODULE_PARM_DESC(idle_poll, "An idle CPU looks for signals for a while before it halts");

/**
 * struct mint_watch - a CPU that looks for signals
 * @idler: the poller
 * @looks: it looks now. Written by the poller, read on the same CPU with BH off
 */
struct mint_watch {
	struct mint_idler idler;
	bool looks;
};

static DEFINE_PER_CPU(struct mint_watch, mint_watches);
/* How many CPUs look; the first and the last one tell the peers. */
static unsigned int mint_lookers;
static DEFINE_SPINLOCK(mint_lookers_lock);

/**
 * mint_watch_arm() - have this CPU look for signals when it is idle
 *
 * There were some: others may follow. Context: BH is off.
 */
void mint_watch_arm(void)
{
	struct mint_watch *watch = this_cpu_ptr(&mint_watches);

	if (READ_ONCE(mint_idle_poll) && watch->idler.thread && !READ_ONCE(watch->looks))
		mint_idler_arm(&watch->idler);
}

static bool mint_watch_begin(struct mint_idler *idler)
{
	WRITE_ONCE(container_of(idler, struct mint_watch, idler)->looks, true);
	spin_lock(&mint_lookers_lock);
	if (!mint_lookers++)
		mint_signals_look(&mint_bypass->view);
	spin_unlock(&mint_lookers_lock);
	return true;
}

static bool mint_watch_pending(struct mint_idler *idler)
{
	return mint_signals_pending(&mint_bypass->view);
}

static void mint_watch_end(struct mint_idler *idler, bool found)
{
	spin_lock(&mint_lookers_lock);
	if (!--mint_lookers)
		mint_signals_sleep(&mint_bypass->view);
	spin_unlock(&mint_lookers_lock);
	WRITE_ONCE(container_of(idler, struct mint_watch, idler)->looks, false);
	/* Also those that came when the peers had not read yet that they have to ring. */
	local_bh_disable();
	mint_signals_handle();
	if (found)
		mint_watch_arm();
	local_bh_enable();
}

static const struct mint_idler_ops mint_watch_ops = {
	.begin = mint_watch_begin,
	.pending = mint_watch_pending,
	.end = mint_watch_end,
};

/**
 * mint_watches_stop() - undo mint_watches_start()
 *
 * No signal is handled any more.
 */
void mint_watches_stop(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct mint_watch *watch = per_cpu_ptr(&mint_watches, cpu);

		if (watch->idler.thread)
			mint_idler_stop(&watch->idler);
		watch->idler.thread = NULL;
	}
}

/**
 * mint_watches_start() - start the pollers of all CPUs
 *
 * Return: 0 or a negative error.
 */
int mint_watches_start(void)
{
	unsigned int cpu;
	int err;

	for_each_present_cpu(cpu) {
		struct mint_watch *watch = per_cpu_ptr(&mint_watches, cpu);

		watch->idler.ops = &mint_watch_ops;
		err = mint_idler_start(&watch->idler, cpu, "mint-idle", cpu);
		if (err) {
			mint_watches_stop();
			return err;
		}
	}
	return 0;
}
