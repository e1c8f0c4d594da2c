/* SPDX-License-Identifier: GPL-2.0 */
/* What happened between two moments of a node. */
#ifndef MINT_LOADER_RATES_H
#define MINT_LOADER_RATES_H

#include "figures.h"

/**
 * struct rates - what happened between two moments of a node
 * @busy_permille: share of the time that its CPUs ran something, 0 to 1000, of
 *	all of them together
 * @per_s: by enum figure, of those that are counters of vni0: so many in a second
 * @p50_ns: latency: half of the frames of any sender took at most so long
 * @p99_ns: 99 of 100 likewise
 *
 * FIGURE_UNKNOWN: what is not known. The latencies are those of all frames since they
 * are counted, of senders of which frames came between the two moments.
 */
struct rates {
	__u64 busy_permille;
	__u64 per_s[NR_FIGURES];
	__u64 p50_ns;
	__u64 p99_ns;
};

void rates_between(const struct figures *before, const struct figures *now, struct rates *rates);
json_t *rates_json(const struct rates *rates);

#endif /* MINT_LOADER_RATES_H */
