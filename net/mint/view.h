/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bypass section as one node sees it, and the protocol on it: section.c,
 * units.c, pair.c, lane.c and signal.c.
 *
 * These files compile in user space too, where tests/bypass runs them: no
 * allocation, no sleeping, no kernel calls beyond <mint/atomic.h>.
 */
#ifndef MINT_VIEW_H
#define MINT_VIEW_H

#include <linux/errno.h>
#include <linux/types.h>
#include <mint/bypass.h>

/**
 * enum mint_fault - what can be wrong with the words of a peer; each has a counter
 * @MINT_FAULT_HEAD: it says to have read what was not written, or less than before
 * @MINT_FAULT_TAIL: it says to have written more than there is room, or less than
 *	before
 * @MINT_FAULT_RUN: the memory that it names is not that of the pair
 * @MINT_FAULT_PAIR: the word of a pair is impossible
 * @MINT_FAULT_LOCK: a living owner kept the lock beyond the bound, or ours was lost
 * @MINT_NR_FAULTS: number of these
 */
enum mint_fault {
	MINT_FAULT_HEAD,
	MINT_FAULT_TAIL,
	MINT_FAULT_RUN,
	MINT_FAULT_PAIR,
	MINT_FAULT_LOCK,
	MINT_NR_FAULTS,
};

/**
 * struct mint_view - one node's view of a bypass section
 * @base: start of the mapped section
 * @geometry: private copy of its start, checked by mint_view_init()
 * @node: own node id
 * @generation: own generation
 * @lock_spins: looks at the lock before it is given up
 * @dead: tells whether an incarnation is fenced
 * @dead_context: handed to @dead
 * @faults: counters, by enum mint_fault. No lock guards them: when two CPUs
 *	count at once, an increment may be lost.
 */
struct mint_view {
	void *base;
	struct mint_bypass geometry;
	u32 node;
	u32 generation;
	unsigned int lock_spins;
	mint_owner_dead_fn dead;
	void *dead_context;
	u64 faults[MINT_NR_FAULTS];
};

/**
 * struct mint_end - an incarnation of a node, as a pair word has it
 * @node: any number below 256
 * @generation: modulo 2^22
 */
struct mint_end {
	u32 node;
	u32 generation;
};

static inline void mint_fault_count(struct mint_view *view, enum mint_fault kind)
{
	mint_store(&view->faults[kind], mint_load(&view->faults[kind]) + 1);
}

static inline void *mint_view_at(const struct mint_view *view, u64 offset)
{
	return (char *)view->base + offset;
}

/* @number comes from the protocol, not from shared memory. */
static inline struct mint_pair *mint_pair_at(const struct mint_view *view, u32 number)
{
	return (struct mint_pair *)mint_view_at(view, view->geometry.pair_offset) + number;
}

static inline struct mint_bypass_line *mint_line_at(const struct mint_view *view, u32 node)
{
	return (struct mint_bypass_line *)mint_view_at(view, view->geometry.line_offset) + node;
}

static inline u16 *mint_unit_owner(const struct mint_view *view, u32 unit)
{
	return (u16 *)mint_view_at(view, view->geometry.owner_offset) + unit;
}

static inline void *mint_unit_data(const struct mint_view *view, u32 unit)
{
	return mint_view_at(view, view->geometry.data_offset +
			    (u64)unit * view->geometry.unit_bytes);
}

/* section.c */
int mint_bypass_format(void *section, u64 bytes);
int mint_view_init(struct mint_view *view, void *section, u64 bytes, u32 node,
		   u32 generation, mint_owner_dead_fn dead, void *dead_context);

/* units.c */
u32 mint_run_first(u64 run);
u32 mint_run_order(u64 run);
u64 mint_run_claim(struct mint_view *view, u32 cpu, u32 pair, u32 order, u32 spare);
bool mint_run_valid(const struct mint_view *view, u32 pair, u64 run);
void mint_run_free(struct mint_view *view, u64 run);
void mint_units_free(struct mint_view *view, u32 pair);
u32 mint_units_used(const struct mint_view *view);

/* pair.c */
int mint_pair_offer(struct mint_view *view, u64 key, u32 cpu);
int mint_pair_join(struct mint_view *view, u64 key, u32 cpu);
bool mint_pair_joined(const struct mint_view *view, u32 number, u64 key);
bool mint_pair_withdraw(struct mint_view *view, u32 number);
u32 mint_pair_peer(const struct mint_view *view, u32 number, bool server);
struct mint_end mint_pair_partner(const struct mint_view *view, u32 number, bool server);
bool mint_end_fenced(struct mint_end end, struct mint_end last);
void mint_pair_leave(struct mint_view *view, u32 number, bool server);
u32 mint_pairs_bury(struct mint_view *view, u32 node, u32 generation);
u32 mint_pairs_used(const struct mint_view *view);

/* signal.c */
void mint_line_open(struct mint_view *view, bool open);
bool mint_line_is_open(const struct mint_view *view, u32 node, u32 generation);
bool mint_signal(struct mint_view *view, u32 node, u32 pair);
u64 mint_signals_words(struct mint_view *view);
u64 mint_signals_take(struct mint_view *view, u32 word);
bool mint_signals_pending(const struct mint_view *view);
void mint_signals_look(struct mint_view *view);
bool mint_signals_sleep(struct mint_view *view);

#endif /* MINT_VIEW_H */
