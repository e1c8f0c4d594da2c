/* SPDX-License-Identifier: GPL-2.0 */
/* What a node can tell of itself: counters and levels of one moment. */
#ifndef MINT_LOADER_FIGURES_H
#define MINT_LOADER_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include <mint/abi.h>

#define FIGURE_MOST	((__u64)INT64_MAX)	/* what JSON can carry */
#define FIGURE_UNKNOWN	(~0ULL)

/**
 * enum figure - what is counted or measured
 * @FIGURE_BUSY_TICKS: time that its CPUs ran something, in ticks of USER_HZ
 * @FIGURE_IDLE_TICKS: time that they did not
 * @FIGURE_MEMORY_TOTAL: bytes that its kernel manages
 * @FIGURE_MEMORY_AVAILABLE: bytes that programs could still have
 * @FIGURE_RX_FRAMES: frames that vni0 took
 * @FIGURE_TX_FRAMES: frames that it sent
 * @FIGURE_RX_BYTES: bytes in those that it took
 * @FIGURE_TX_BYTES: bytes in those that it sent
 * @FIGURE_RX_DROPPED: frames that it could not take
 * @FIGURE_TX_DROPPED: frames that it could not send
 * @NR_FIGURES: how many there are
 */
enum figure {
	FIGURE_BUSY_TICKS,
	FIGURE_IDLE_TICKS,
	FIGURE_MEMORY_TOTAL,
	FIGURE_MEMORY_AVAILABLE,
	FIGURE_RX_FRAMES,
	FIGURE_TX_FRAMES,
	FIGURE_RX_BYTES,
	FIGURE_TX_BYTES,
	FIGURE_RX_DROPPED,
	FIGURE_TX_DROPPED,
	NR_FIGURES,
};

/**
 * struct latency - how long frames of a node were on their way to this one
 * @frames: how many were counted
 * @p50_ns: half of them took at most so long
 * @p99_ns: 99 of 100 took at most so long
 *
 * Of several queues the largest counts: for all of them it is an upper bound.
 */
struct latency {
	__u64 frames;
	__u64 p50_ns;
	__u64 p99_ns;
};

/**
 * struct figures - what a node tells of itself
 * @time_ms: when, by its own clock that only goes on
 * @values: by enum figure; FIGURE_UNKNOWN, or at most FIGURE_MOST
 * @latency: by node id of the sender; without frames: nothing was counted
 */
struct figures {
	__u64 time_ms;
	__u64 values[NR_FIGURES];
	struct latency latency[MINT_MAX_NODES];
};

void figures_read(struct figures *figures);
json_t *figures_json(const struct figures *figures);
bool figures_from_json(const char *text, size_t bytes, struct figures *figures);

#endif /* MINT_LOADER_FIGURES_H */
