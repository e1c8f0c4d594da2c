// SPDX-License-Identifier: GPL-2.0
/*
 * The time stamp counter and other clocks. Node 0 keeps the counter's rate in
 * the ledger as its own clock has it, since other nodes start with it and merged
 * logs are put in order by it: what Linux has calibrated, and refines a second
 * later; or, where Linux does not trust the counter, what is measured here.
 */
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/math64.h>
#include <linux/timekeeping.h>
#include <asm/mint.h>
#include <asm/tsc.h>
#include "core.h"

/* The first measurement takes a second, each later one twice as long, up to this. */
#define LONGEST_NS	(16 * NSEC_PER_SEC)
/* What is off by more than this part was not measured in one go: the node slept. */
#define WILD_PART	16

/* This is node 0, and its kernel has chosen its clock. */
static bool keeps_rate;

/* When the measurement under way began, and how long it is to take */
static struct mint_instant began;
static u64 length_ns = NSEC_PER_SEC;

/**
 * mint_instant_read() - read the time stamp counter and a clock at the same time
 * @clock: the clock, in nanoseconds
 * @now: filled in
 *
 * Return: false if the two readings are more than 10 us apart.
 */
bool mint_instant_read(u64 (*clock)(void), struct mint_instant *now)
{
	unsigned long flags;
	u64 after;

	local_irq_save(flags);
	now->tsc = rdtsc_ordered();
	now->ns = clock();
	after = rdtsc_ordered();
	local_irq_restore(flags);
	return after - now->tsc < max(tsc_khz, 1000000U) / 100;
}

/**
 * mint_clock_khz() - rate of the time stamp counter, for a node that is started
 *
 * The ledger's, if it is about what this kernel has, and else that.
 */
u32 mint_clock_khz(void)
{
	u32 khz = mint_load(&mint_region.ledger->tsc_khz);

	return abs_diff(khz, tsc_khz) > tsc_khz / WILD_PART ? tsc_khz : khz;
}

/**
 * mint_clock_stamp_khz() - rate at which local_clock() follows the time stamp counter
 *
 * That of the other clock, where the kernel does not trust the counter.
 */
u32 mint_clock_stamp_khz(void)
{
	return check_tsc_unstable() ? mint_clock_khz() : tsc_khz;
}

static void mint_clock_enter(u32 khz)
{
	if (khz != mint_load(&mint_region.ledger->tsc_khz))
		mint_store(&mint_region.ledger->tsc_khz, khz);
}

/* The raw clock, since others have to follow node 0's without what NTP adds. */
static void mint_clock_measure(void)
{
	struct mint_instant now;
	u64 khz;

	if (!mint_instant_read(ktime_get_raw_ns, &now))
		return;
	if (began.ns && now.ns - began.ns < length_ns)
		return;
	if (began.ns) {
		khz = mul_u64_u64_div_u64(now.tsc - began.tsc, USEC_PER_SEC,
					  now.ns - began.ns);
		if (abs_diff(khz, (u64)tsc_khz) < tsc_khz / WILD_PART)
			mint_clock_enter(khz);
		length_ns = min(2 * length_ns, LONGEST_NS);
	}
	began = now;
}

/**
 * mint_clock_beat() - keep the rate in the ledger up to date
 *
 * Called at each heartbeat. Context: any.
 */
void mint_clock_beat(void)
{
	if (!READ_ONCE(keeps_rate))
		return;
	if (check_tsc_unstable())
		mint_clock_measure();
	else
		mint_clock_enter(tsc_khz);
}

/*
 * By now the kernel has calibrated what it could, and no longer counts time by ticks:
 * to measure by those would be worse than what it has.
 */
static int __init mint_clock_init(void)
{
	if (!mint_active() || mint_secondary())
		return 0;
	mint_clock_enter(tsc_khz);
	mint_store(&mint_region.ledger->lapic_khz, mint_lapic_khz());
	WRITE_ONCE(keeps_rate, true);
	return 0;
}
device_initcall(mint_clock_init);
