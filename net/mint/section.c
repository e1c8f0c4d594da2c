// SPDX-License-Identifier: GPL-2.0
/*
 * Layout of the bypass section: formatting it, and checking the layout found in
 * it before the first use.
 *
 * Formatting happens once, before any other node knows of the section. After
 * mint_view_init() only its private copy of the geometry is used.
 */
#include <linux/align.h>
#include <linux/log2.h>
#include <linux/string.h>
#include <mint/part.h>

#include "view.h"

#define PAGE_SPAN		4096
#define MIN_UNIT		32768
/* The least memory of a pair is one unit for each direction. */
#define UNITS_PER_PAIR		2

#define NR_PARTS		5

static void mint_parts_list(const struct mint_bypass *h, struct mint_part *parts)
{
	parts[0] = (struct mint_part){ 0, sizeof(*h), 64 };
	parts[1] = (struct mint_part){ h->line_offset,
		MINT_MAX_NODES * sizeof(struct mint_bypass_line), 64 };
	parts[2] = (struct mint_part){ h->pair_offset,
		(u64)h->nr_pairs * sizeof(struct mint_pair), 64 };
	parts[3] = (struct mint_part){ h->owner_offset, (u64)h->nr_units * sizeof(u16), 64 };
	parts[4] = (struct mint_part){ h->data_offset, (u64)h->nr_units * h->unit_bytes,
		PAGE_SPAN };
}

static bool mint_geometry_ok(const struct mint_bypass *h, u64 section_bytes)
{
	struct mint_part parts[NR_PARTS];

	mint_parts_list(h, parts);
	return h->nr_pairs >= MINT_BYPASS_PROBES && h->nr_pairs <= MINT_BYPASS_MAX_PAIRS &&
	       h->nr_units >= 1 && h->nr_units <= MINT_BYPASS_MAX_UNITS &&
	       h->unit_bytes >= PAGE_SPAN && is_power_of_2(h->unit_bytes) &&
	       mint_parts_fit(parts, NR_PARTS, section_bytes);
}

/* As many units as fit, of the least size that does not make too many. */
static void mint_plan(struct mint_bypass *h, u64 bytes)
{
	u32 pairs;

	h->unit_bytes = MIN_UNIT;
	while (bytes / h->unit_bytes > MINT_BYPASS_MAX_UNITS && h->unit_bytes << 1)
		h->unit_bytes *= 2;
	h->nr_units = bytes / h->unit_bytes;
	pairs = h->nr_units / UNITS_PER_PAIR;
	if (pairs > MINT_BYPASS_MAX_PAIRS)
		pairs = MINT_BYPASS_MAX_PAIRS;
	h->nr_pairs = pairs < MINT_BYPASS_PROBES ? MINT_BYPASS_PROBES : pairs;
	h->line_offset = sizeof(*h);
	h->pair_offset = h->line_offset + MINT_MAX_NODES * sizeof(struct mint_bypass_line);
	h->owner_offset = h->pair_offset + (u64)h->nr_pairs * sizeof(struct mint_pair);
	h->data_offset = ALIGN(h->owner_offset + (u64)h->nr_units * sizeof(u16), PAGE_SPAN);
	if (h->data_offset < bytes)
		h->nr_units = (bytes - h->data_offset) / h->unit_bytes;
}

/**
 * mint_bypass_format() - lay out a bypass section
 * @section: the section, aligned to a page; nobody else uses it yet
 * @bytes: its size
 *
 * The magic is written last, with release: pairs with the acquire in
 * mint_view_init().
 *
 * Return: 0, or -EINVAL if the section is too small for a single unit.
 */
int mint_bypass_format(void *section, u64 bytes)
{
	struct mint_bypass *shared = section;
	struct mint_bypass h = { .version = MINT_BYPASS_VERSION };

	mint_plan(&h, bytes);
	if (!mint_geometry_ok(&h, bytes))
		return -EINVAL;
	memset(section, 0, h.data_offset);
	memcpy(section, &h, sizeof(h));
	mint_store_release(&shared->magic, MINT_BYPASS_MAGIC);
	return 0;
}

/**
 * mint_view_init() - attach to a formatted section as one node
 * @view: filled in; unusable when an error is returned
 * @section: the section, aligned to a page
 * @bytes: its size as the caller knows it, not as the section says
 * @node: own node id, less than MINT_MAX_NODES
 * @generation: own generation, from 1
 * @dead: tells whether an incarnation is fenced
 * @dead_context: handed to @dead
 *
 * The geometry is copied, then every part of it is checked to lie within the
 * section and apart from all others. @view->lock_spins gets a default which
 * the caller may change: some milliseconds.
 *
 * Return: 0, -EPROTO for another version, -EINVAL for anything else that
 * does not fit.
 */
int mint_view_init(struct mint_view *view, void *section, u64 bytes, u32 node,
		   u32 generation, mint_owner_dead_fn dead, void *dead_context)
{
	struct mint_bypass *shared = section;

	memset(view, 0, sizeof(*view));
	if (bytes < sizeof(*shared) || (unsigned long)section % 64)
		return -EINVAL;
	/* Pairs with the release in mint_bypass_format(). */
	if (mint_load_acquire(&shared->magic) != MINT_BYPASS_MAGIC)
		return -EINVAL;
	mint_header_read(&view->geometry, section, sizeof(view->geometry));
	if (view->geometry.version != MINT_BYPASS_VERSION)
		return -EPROTO;
	if (!mint_geometry_ok(&view->geometry, bytes) || node >= MINT_MAX_NODES || !generation)
		return -EINVAL;
	view->base = section;
	view->node = node;
	view->generation = generation;
	view->lock_spins = 1U << 16;
	view->dead = dead;
	view->dead_context = dead_context;
	return 0;
}
