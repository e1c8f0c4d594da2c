// SPDX-License-Identifier: GPL-2.0
/*
 * Arithmetic on memory: what the machine has, which pieces of it are node 0's, where
 * the shared region goes. All in whole extents, so that what they leave of a piece of
 * memory at its ends is nobody's. Compiles in user space too: tests/firmware.
 */
#include <linux/align.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <mint/extent.h>
#include "memory.h"

/* No address of memory is longer. Whatever is rounded up stays clear of a wrap. */
#define ADDRESS_END	(MINT_EXTENT_ALIGN << 31)	/* 2^52 */

/* Makes room by leaving out the smallest piece; that may be the new one. */
static bool __init mint_ram_make_room(struct mint_machine *machine, u64 bytes)
{
	struct mint_extent *smallest = machine->ram, *end = smallest + machine->nr_ram, *piece;

	if (machine->nr_ram < MINT_MAX_RAM)
		return true;
	for (piece = machine->ram; piece < end; piece++)
		if (piece->bytes < smallest->bytes)
			smallest = piece;
	machine->ram_left_out += min(bytes, smallest->bytes);
	if (bytes <= smallest->bytes)
		return false;
	memmove(smallest, smallest + 1, (end - smallest - 1) * sizeof(*smallest));
	machine->nr_ram--;
	return true;
}

/**
 * mint_ram_close() - enter a piece of memory in whole extents
 * @machine: the piece becomes the last one of its memory
 * @open: the piece; empty afterwards
 *
 * The first extent is left out, since it holds the first megabyte.
 */
void __init mint_ram_close(struct mint_machine *machine, struct mint_span *open)
{
	u64 end = ALIGN_DOWN(open->end, MINT_EXTENT_ALIGN);
	u64 base = max(ALIGN(open->base, MINT_EXTENT_ALIGN), MINT_EXTENT_ALIGN);

	open->base = open->end;
	if (base >= end || !mint_ram_make_room(machine, end - base))
		return;
	machine->ram[machine->nr_ram++] = (struct mint_extent) {
		.base = base,
		.bytes = end - base,
		.owner = MINT_OWNER_NONE,
		.domain = MINT_DOMAIN_NONE,
	};
}

/**
 * mint_ram_add() - note a piece of memory
 * @machine: gets what lies before, when it is complete
 * @open: the memory up to now that may go on; begins as zeroes
 * @base: first byte; in ascending order of calls
 * @end: first byte behind it
 *
 * Pieces that touch or overlap are joined. mint_ram_close() ends the last one.
 */
void __init mint_ram_add(struct mint_machine *machine, struct mint_span *open, u64 base, u64 end)
{
	end = min(end, ADDRESS_END);
	if (end <= open->end || base >= end)
		return;
	if (base > open->end) {
		mint_ram_close(machine, open);
		open->base = base;
	}
	open->end = end;
}

/**
 * mint_ram_lowest() - find where the lowest memory of some size ends
 * @machine: its memory is known
 * @bytes: the size, whole extents and more than one. The first one counts as memory,
 *	holes included
 * @missing: filled in: so much is more than there is
 *
 * Return: the end.
 */
u64 __init mint_ram_lowest(const struct mint_machine *machine, u64 bytes, u64 *missing)
{
	u64 left = bytes - MINT_EXTENT_ALIGN, end = MINT_EXTENT_ALIGN;
	u32 i;

	for (i = 0; left && i < machine->nr_ram; i++) {
		u64 take = min(left, machine->ram[i].bytes);

		end = machine->ram[i].base + take;
		left -= take;
	}
	*missing = left;
	return end;
}

/* Joins two neighbours. */
static void __init mint_spans_join(struct mint_spans *spans, u32 first)
{
	struct mint_span *span = &spans->span[first];

	span[0].end = max(span[0].end, span[1].end);
	memmove(&span[1], &span[2], (spans->nr - first - 2) * sizeof(*span));
	spans->nr--;
}

static void __init mint_spans_join_nearest(struct mint_spans *spans)
{
	struct mint_span *span = spans->span;
	u32 i, nearest = 0;

	for (i = 1; i + 1 < spans->nr; i++)
		if (span[i + 1].base - span[i].end <
		    span[nearest + 1].base - span[nearest].end)
			nearest = i;
	mint_spans_join(spans, nearest);
}

/**
 * mint_spans_limit() - join spans until there are not more than some number
 * @spans: the spans
 * @nr: the number; less than 1 counts as 1
 *
 * Those that are nearest to each other are joined: what lies between is added.
 */
void __init mint_spans_limit(struct mint_spans *spans, int nr)
{
	while (spans->nr > 1 && (int)spans->nr > nr)
		mint_spans_join_nearest(spans);
}

/**
 * mint_spans_add() - add a piece of memory
 * @spans: what it is added to
 * @base: first byte; the whole extent of it is added
 * @end: first byte behind it, likewise
 *
 * When there are too many spans, they are joined as by mint_spans_limit().
 */
void __init mint_spans_add(struct mint_spans *spans, u64 base, u64 end)
{
	struct mint_span *span = spans->span;
	u32 at = 0;

	if (base >= min(end, ADDRESS_END))
		return;
	base = ALIGN_DOWN(base, MINT_EXTENT_ALIGN);
	end = ALIGN(min(end, ADDRESS_END), MINT_EXTENT_ALIGN);
	while (at < spans->nr && span[at].base < base)
		at++;
	memmove(&span[at + 1], &span[at], (spans->nr - at) * sizeof(*span));
	span[at] = (struct mint_span){ base, end };
	spans->nr++;
	if (at && span[at - 1].end >= base)
		mint_spans_join(spans, --at);
	while (at + 1 < spans->nr && span[at + 1].base <= span[at].end)
		mint_spans_join(spans, at);
	mint_spans_limit(spans, MINT_MAX_SPANS);
}

/* Returns the end of the first span that meets a piece of memory, 0 if none does. */
static u64 __init mint_spans_met_until(const struct mint_spans *spans, u64 base, u64 bytes)
{
	u32 i;

	for (i = 0; i < spans->nr; i++)
		if (spans->span[i].base < base + bytes && base < spans->span[i].end)
			return spans->span[i].end;
	return 0;
}

/**
 * mint_spans_meet() - do spans and a piece of memory have a byte in common?
 * @spans: the spans
 * @base: first byte
 * @bytes: size; the piece does not wrap
 */
bool __init mint_spans_meet(const struct mint_spans *spans, u64 base, u64 bytes)
{
	return mint_spans_met_until(spans, base, bytes);
}

static void __init mint_own_add(struct mint_machine *machine, u64 base, u64 end)
{
	struct mint_extent *next = &machine->own[machine->nr_own];

	if (base >= end)
		return;
	if (machine->nr_own && next[-1].base + next[-1].bytes == base) {
		next[-1].bytes += end - base;
		return;
	}
	*next = (struct mint_extent) {
		.base = base,
		.bytes = end - base,
		.domain = MINT_DOMAIN_NONE,
	};
	machine->nr_own++;
}

/**
 * mint_own_enter() - what of the machine's memory lies in some spans is node 0's
 * @machine: its memory is known; ``own`` is filled in
 * @spans: the spans; the first one begins at 0
 */
void __init mint_own_enter(struct mint_machine *machine, const struct mint_spans *spans)
{
	u32 i, j;

	machine->nr_own = 0;
	mint_own_add(machine, 0, MINT_EXTENT_ALIGN);
	for (i = 0; i < spans->nr; i++)
		for (j = 0; j < machine->nr_ram; j++)
			mint_own_add(machine, max(spans->span[i].base, machine->ram[j].base),
				     min(spans->span[i].end,
					 machine->ram[j].base + machine->ram[j].bytes));
}

/**
 * mint_region_find() - find a place for the shared region
 * @machine: its memory is known
 * @taken: where it cannot be
 * @bytes: its size
 *
 * Return: the lowest place, or MINT_NOWHERE.
 */
u64 __init mint_region_find(const struct mint_machine *machine, const struct mint_spans *taken,
			    u64 bytes)
{
	u32 i;

	for (i = 0; i < machine->nr_ram; i++) {
		u64 at = machine->ram[i].base, end = 1;

		while (end && mint_extents_hold(machine->ram, machine->nr_ram, at, bytes)) {
			end = mint_spans_met_until(taken, at, bytes);
			if (!end)
				return at;
			at = end;
		}
	}
	return MINT_NOWHERE;
}
