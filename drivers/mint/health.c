// SPDX-License-Identifier: GPL-2.0
/*
 * What this node says of itself: heartbeat, state, CPUs that hang. Heartbeat and
 * count of hanging CPUs come from a timer that stays on the node's first CPU.
 * When that CPU hangs with interrupts off, the heartbeat stands still, and the
 * peers see it. Every CPU is probed by a piece of stop-class work.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/panic_notifier.h>
#include <linux/percpu.h>
#include <linux/stop_machine.h>
#include <linux/timer.h>
#include <asm/mint.h>
#include "core.h"

#define HEARTBEAT_MS	50
/*
 * In heartbeats, which stand still when the whole machine does: then no CPU is
 * to be taken for one that hangs.
 */
#define ASK_BEATS	6
#define STALL_BEATS	20

/**
 * struct mint_cpu_probe - does a CPU schedule?
 * @work: runs before all tasks of that CPU
 * @asked: @work is queued and has not run yet
 * @stalled: it has not run for a second
 * @beats: heartbeats since it was queued
 */
struct mint_cpu_probe {
	struct cpu_stop_work work;
	bool asked;
	bool stalled;
	unsigned int beats;
};

static DEFINE_PER_CPU(struct mint_cpu_probe, mint_cpu_probes);
static struct timer_list heartbeat_timer;

static struct mint_node_self *mint_self_line(void)
{
	return &mint_node_entry(mint_facts.node)->self;
}

/* Tells the others what this node is doing. */
static void mint_self_set_state(u32 state)
{
	mint_store(&mint_self_line()->nr_cpus, num_online_cpus());
	mint_store_release(&mint_self_line()->state, state);
	mint_doorbell_ring_peers(MINT_CHANNEL_STATE);
}

/* The first state that ends the node stays: a panic may go on to a restart. */
static void mint_self_ended(u32 state)
{
	if (!mint_state_ended(mint_load(&mint_self_line()->state)))
		mint_self_set_state(state);
}

static const struct mint_end node_end = {
	.ended = mint_self_ended,
	.others_running = mint_others_running,
};

/**
 * mint_health_init() - from now on the end of this node is told to the others
 *
 * Called when the node has attached to the region.
 */
void __init mint_health_init(void)
{
	mint_end_register(&node_end);
}

static int mint_cpu_answer(void *data)
{
	struct mint_cpu_probe *probe = data;

	/* Pairs with the acquire in mint_cpu_still_asked(): @work may be used again. */
	smp_store_release(&probe->asked, false);
	return 0;
}

static bool mint_cpu_still_asked(struct mint_cpu_probe *probe)
{
	/* Pairs with the release in mint_cpu_answer(). */
	return smp_load_acquire(&probe->asked);
}

static void mint_cpu_ask(unsigned int cpu, struct mint_cpu_probe *probe)
{
	probe->beats = 0;
	probe->asked = true;
	if (!stop_one_cpu_nowait(cpu, mint_cpu_answer, probe, &probe->work))
		probe->asked = false;
}

static bool mint_cpu_stalled(unsigned int cpu)
{
	struct mint_cpu_probe *probe = per_cpu_ptr(&mint_cpu_probes, cpu);
	bool asked = mint_cpu_still_asked(probe);
	bool stalled;

	probe->beats++;
	stalled = asked && probe->beats >= STALL_BEATS;
	if (stalled != probe->stalled)
		pr_warn("CPU %u of this node %s\n", cpu, stalled ?
			"has not scheduled for a second" : "schedules again");
	probe->stalled = stalled;
	if (!asked && probe->beats >= ASK_BEATS)
		mint_cpu_ask(cpu, probe);
	return stalled;
}

static void mint_look_at_cpus(void)
{
	unsigned int cpu;
	u32 stalled = 0;

	for_each_online_cpu(cpu)
		stalled += mint_cpu_stalled(cpu);
	if (stalled == mint_load(&mint_self_line()->stalled))
		return;
	mint_store(&mint_self_line()->stalled, stalled);
	mint_doorbell_ring_peers(MINT_CHANNEL_STATE);
}

static void mint_heartbeat(struct timer_list *timer)
{
	mint_store(&mint_self_line()->heartbeat, mint_load(&mint_self_line()->heartbeat) + 1);
	mint_clock_beat();
	mint_log_beat();
	mint_doorbell_check();
	mint_look_at_cpus();
	mint_pid1_beat();
	mint_peers_beat();
	mod_timer(timer, jiffies + msecs_to_jiffies(HEARTBEAT_MS));
}

static int mint_panicked(struct notifier_block *nb, unsigned long unused, void *text)
{
	/* A CPU that was stopped may have the consoles: then they have not got the reason. */
	mint_log_beat();
	mint_self_ended(MINT_SELF_PANICKED);
	return NOTIFY_DONE;
}

/* Runs last, since peers may stop this node then, and the others still print. */
static struct notifier_block panic_notifier = {
	.notifier_call = mint_panicked,
	.priority = INT_MIN,
};

static int __init mint_heartbeat_init(void)
{
	if (!mint_active())
		return 0;
	atomic_notifier_chain_register(&panic_notifier_list, &panic_notifier);
	timer_setup(&heartbeat_timer, mint_heartbeat, TIMER_PINNED);
	heartbeat_timer.expires = jiffies + 1;
	/* CPU 0 is the one that no node can take off line. */
	add_timer_on(&heartbeat_timer, 0);
	return 0;
}
subsys_initcall(mint_heartbeat_init);

/* From here on doorbells are answered and drivers are bound. */
static int __init mint_announce_running(void)
{
	if (!mint_active())
		return 0;
	mint_self_set_state(MINT_SELF_RUNNING);
	mint_peers_watch();
	return 0;
}
late_initcall_sync(mint_announce_running);
