// SPDX-License-Identifier: GPL-2.0
/*
 * Units of memory: who has which.
 *
 * The truth is the number of a pair beside each unit. It is set under the lock
 * of the section and cleared without it, by an end of that pair, which nobody
 * else does meanwhile. So a lock that was taken over leaves nothing to repair:
 * what a dead node had claimed belongs to a pair, and goes when the pair does.
 */
#include "view.h"

/**
 * mint_run_first() - first unit of a run
 * @run: a run word
 *
 * Return: its number, not checked.
 */
u32 mint_run_first(u64 run)
{
	return (u32)(run & 0xffff) - 1;
}

/**
 * mint_run_order() - how long a run is
 * @run: a run word
 *
 * Return: binary logarithm of the number of its units, not checked.
 */
u32 mint_run_order(u64 run)
{
	return run >> 16;
}

/**
 * mint_run_valid() - is this a run of the section, and the pair's?
 * @view: own view of the section
 * @pair: number of the pair
 * @run: any word, but read once
 *
 * Return: true if all of it lies in the section and begins with a unit of the pair.
 */
bool mint_run_valid(const struct mint_view *view, u32 pair, u64 run)
{
	u32 first = mint_run_first(run), order = run >> 16 < 32 ? mint_run_order(run) : 31;
	u32 nr_units = view->geometry.nr_units;

	return first < nr_units && 1ULL << order <= nr_units - first &&
	       mint_load(mint_unit_owner(view, first)) == pair + 1;
}

/* Finds free units side by side, and counts all that are free. */
static u32 mint_units_find(const struct mint_view *view, u32 units, u32 *nr_free)
{
	u32 nr_units = view->geometry.nr_units;
	u32 found = nr_units, length = 0, i;

	*nr_free = 0;
	for (i = 0; i < nr_units; i++) {
		/* Acquire: what the former owner has read or written comes before. */
		if (mint_load_acquire(mint_unit_owner(view, i))) {
			length = 0;
			continue;
		}
		(*nr_free)++;
		if (++length == units && found == nr_units)
			found = i + 1 - units;
	}
	return found;
}

static int mint_view_owner_dead(void *context, u32 node, u32 generation)
{
	struct mint_view *view = context;

	if (node == view->node)
		return (s32)(generation - view->generation) < 0;
	return view->dead(view->dead_context, node, generation);
}

/**
 * mint_run_claim() - get memory for a lane
 * @view: own view of the section
 * @cpu: number of the calling CPU in its node; nothing else runs on it meanwhile
 * @pair: number of a pair that this node is an end of
 * @order: binary logarithm of the number of units
 * @spare: so many units must be free afterwards
 *
 * Return: a run word, or 0 if there is not as much.
 */
u64 mint_run_claim(struct mint_view *view, u32 cpu, u32 pair, u32 order, u32 spare)
{
	struct mint_bypass *shared = view->base;
	u64 self = mint_lock_word(view->node, cpu, view->generation);
	u32 units = 1U << order, first, nr_free, i;
	u64 run = 0;

	if (mint_lock_acquire(&shared->lock, self, view->lock_spins,
			      mint_view_owner_dead, view) == MINT_LOCK_BUSY) {
		mint_fault_count(view, MINT_FAULT_LOCK);
		return 0;
	}
	first = mint_units_find(view, units, &nr_free);
	if (first < view->geometry.nr_units && nr_free >= units + spare) {
		for (i = 0; i < units; i++)
			mint_store(mint_unit_owner(view, first + i), (u16)(pair + 1));
		run = mint_run_word(first, order);
	}
	if (!mint_lock_release(&shared->lock, self)) {
		/* Who took it over believed us dead, and may have given these units away. */
		mint_fault_count(view, MINT_FAULT_LOCK);
		run = 0;
	}
	return run;
}

/**
 * mint_run_free() - give back the memory of a lane
 * @view: own view of the section
 * @run: what mint_run_claim() returned; neither end touches it any more
 */
void mint_run_free(struct mint_view *view, u64 run)
{
	u32 first = mint_run_first(run), i;

	for (i = 0; i < 1U << mint_run_order(run); i++)
		mint_store_release(mint_unit_owner(view, first + i), (u16)0);
}

/**
 * mint_units_free() - give back all that a pair has
 * @view: own view of the section
 * @pair: its number; both of its ends are gone
 */
void mint_units_free(struct mint_view *view, u32 pair)
{
	u32 i;

	for (i = 0; i < view->geometry.nr_units; i++)
		if (mint_load(mint_unit_owner(view, i)) == pair + 1)
			mint_store_release(mint_unit_owner(view, i), (u16)0);
}

/**
 * mint_units_used() - how many units have an owner
 * @view: own view of the section
 */
u32 mint_units_used(const struct mint_view *view)
{
	u32 used = 0, i;

	for (i = 0; i < view->geometry.nr_units; i++)
		used += mint_load(mint_unit_owner(view, i)) != 0;
	return used;
}
