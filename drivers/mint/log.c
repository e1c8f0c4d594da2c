// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel log in the shared region, where it can be read after the node
 * has died. A console, so that each message and a panic get here at once;
 * enabled by itself, so that console= does not turn it off. What is too
 * unimportant for consoles is found by the heartbeat.
 */
#include <linux/console.h>
#include <linux/init.h>
#include <linux/kmsg_dump.h>
#include <linux/math64.h>
#include <linux/panic.h>
#include <linux/sched/clock.h>
#include <asm/mint.h>
#include <asm/tsc.h>
#include "core.h"

#define LINE_BYTES	2048

/* Bit 0 of copying guards the others. A CPU that panics uses them without it. */
static struct kmsg_dump_iter position;
static char line[LINE_BYTES];
static unsigned long copying;

/*
 * In a panic the other CPUs stand still, one of them perhaps in here with the bit
 * set, so the CPU that panics does not wait for it. At worst a line comes twice.
 */
static void mint_log_copy_new(void)
{
	struct mint_stream *log = mint_log_entry(mint_facts.node);
	size_t n;

	if (test_and_set_bit_lock(0, &copying) &&
	    atomic_read(&panic_cpu) != raw_smp_processor_id())
		return;
	while (kmsg_dump_get_line(&position, false, line, sizeof(line), &n))
		mint_stream_write(log, MINT_LOG_BYTES, line, n);
	clear_bit_unlock(0, &copying);
}

static void mint_log_write(struct console *console, const char *text, unsigned int n)
{
	mint_log_copy_new();
}

static struct console mint_log_console = {
	.name = "mintlog",
	.write = mint_log_write,
	.flags = CON_ENABLED | CON_PRINTBUFFER | CON_ANYTIME,
	.index = -1,
};

/*
 * Tells readers what the time stamp counter was at time 0 of the log. Repeated
 * with each heartbeat, since the kernel goes on to calibrate its clock. Readings
 * that are apart are worse than the last ones, and are dropped.
 */
static void mint_log_set_clock(void)
{
	struct mint_stream *log = mint_log_entry(mint_facts.node);
	u32 khz = mint_clock_stamp_khz();
	struct mint_instant now;

	if (!khz)
		return;
	if (!mint_instant_read(local_clock, &now) && mint_load(&log->zero_tsc))
		return;
	mint_store(&log->stamp_khz, khz);
	mint_store(&log->zero_tsc, now.tsc - mul_u64_u32_div(now.ns, khz, USEC_PER_SEC));
}

/**
 * mint_log_beat() - copy what consoles do not print, and adjust the clock
 *
 * Called at each heartbeat. Context: any.
 */
void mint_log_beat(void)
{
	mint_log_set_clock();
	mint_log_copy_new();
}

/**
 * mint_log_init() - copy the log into the shared region from now on
 *
 * What the kernel printed before is copied first.
 */
void __init mint_log_init(void)
{
	mint_log_set_clock();
	register_console(&mint_log_console);
}
