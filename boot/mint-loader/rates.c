// SPDX-License-Identifier: GPL-2.0
/* What happened between two moments of a node: differences of its figures. */
#include <stdbool.h>
#include <string.h>
#include "rates.h"
#include "util.h"

static bool both_known(const struct figures *before, const struct figures *now, enum figure which)
{
	return before->values[which] != FIGURE_UNKNOWN && now->values[which] != FIGURE_UNKNOWN;
}

/* By how much a counter moved; FIGURE_UNKNOWN if it began anew. */
static __u64 moved(const struct figures *before, const struct figures *now, enum figure which)
{
	if (!both_known(before, now, which) || now->values[which] < before->values[which])
		return FIGURE_UNKNOWN;
	return now->values[which] - before->values[which];
}

/* The kernel's sum of idle time may run back a little; more is known by the other one. */
static __u64 busy_permille(const struct figures *before, const struct figures *now)
{
	__u64 busy = moved(before, now, FIGURE_BUSY_TICKS);
	__u64 idle = moved(before, now, FIGURE_IDLE_TICKS);

	if (busy == FIGURE_UNKNOWN || !both_known(before, now, FIGURE_IDLE_TICKS))
		return FIGURE_UNKNOWN;
	if (idle == FIGURE_UNKNOWN)
		idle = 0;
	return busy + idle ? (__u64)((double)busy / ((double)busy + (double)idle) * 1000 + 0.5) :
			     FIGURE_UNKNOWN;
}

static __u64 in_a_second(__u64 moved, __u64 span_ms)
{
	if (moved == FIGURE_UNKNOWN)
		return FIGURE_UNKNOWN;
	return moved / span_ms * 1000 + (moved % span_ms * 1000 + span_ms / 2) / span_ms;
}

static __u64 larger_known(__u64 known, __u64 value)
{
	return known == FIGURE_UNKNOWN || value > known ? value : known;
}

static void add_latencies(const struct figures *before, const struct figures *now,
			  struct rates *rates)
{
	int source;

	for (source = 0; source < MINT_MAX_NODES; source++) {
		const struct latency *row = &now->latency[source];

		if (!row->frames || row->frames == before->latency[source].frames)
			continue;
		rates->p50_ns = larger_known(rates->p50_ns, row->p50_ns);
		rates->p99_ns = larger_known(rates->p99_ns, row->p99_ns);
	}
}

/**
 * rates_between() - what happened between two moments of a node
 * @before: its figures at the first
 * @now: and at the second, of the same start of the node; any values
 * @rates: filled in
 */
void rates_between(const struct figures *before, const struct figures *now, struct rates *rates)
{
	static const enum figure counters[] = {
		FIGURE_RX_FRAMES, FIGURE_TX_FRAMES, FIGURE_RX_BYTES, FIGURE_TX_BYTES,
		FIGURE_RX_DROPPED, FIGURE_TX_DROPPED,
	};
	unsigned int i;

	memset(rates, 0xff, sizeof(*rates));	/* FIGURE_UNKNOWN */
	if (now->time_ms <= before->time_ms)
		return;
	rates->busy_permille = busy_permille(before, now);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		rates->per_s[counters[i]] = in_a_second(moved(before, now, counters[i]),
							now->time_ms - before->time_ms);
	add_latencies(before, now, rates);
}
