/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bypass section as the programs here want it: small units, so that lanes wrap and
 * memory is short, which mint_bypass_format() does not give.
 */
#ifndef TESTS_BYPASS_SECTION_H
#define TESTS_BYPASS_SECTION_H

#include "lane.h"
#include "world.h"

#define UNIT_BYTES	4096

/* A section with these numbers; its size is in its geometry. */
static inline struct mint_bypass section_geometry(u32 nr_pairs, u32 nr_units)
{
	struct mint_bypass h = {
		.magic = MINT_BYPASS_MAGIC,
		.version = MINT_BYPASS_VERSION,
		.nr_pairs = nr_pairs,
		.nr_units = nr_units,
		.unit_bytes = UNIT_BYTES,
		.line_offset = sizeof(h),
	};

	h.pair_offset = h.line_offset + MINT_MAX_NODES * sizeof(struct mint_bypass_line);
	h.owner_offset = h.pair_offset + nr_pairs * sizeof(struct mint_pair);
	h.data_offset = (h.owner_offset + nr_units * sizeof(u16) + 4095) & ~4095UL;
	return h;
}

static inline u64 section_bytes(const struct mint_bypass *h)
{
	return h->data_offset + (u64)h->nr_units * h->unit_bytes;
}

/* Lays it out anew: all entries and units are free. */
static inline void section_reset(void *section, const struct mint_bypass *h)
{
	memset(section, 0, h->data_offset);
	memcpy(section, h, sizeof(*h));
}

static inline void section_attach(struct mint_view *view, void *section,
				  const struct mint_bypass *h, u32 node, u32 generation,
				  struct fences *fences)
{
	CHECK(!mint_view_init(view, section, section_bytes(h), node, generation, fences_dead,
			      fences));
}

/* A key whose first place in the table is @place, if there are more entries. */
static inline u64 section_key(u32 place, u32 number)
{
	return (u64)place << 32 | number;
}

static inline u64 section_faults(const struct mint_view *view)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < MINT_NR_FAULTS; i++)
		sum += view->faults[i];
	return sum;
}

/* Which node each end of a pair is, as anybody sees it. */
static inline u32 pair_client(const struct mint_view *view, u32 number)
{
	return mint_pair_peer(view, number, true);
}

static inline u32 pair_server(const struct mint_view *view, u32 number)
{
	return mint_pair_peer(view, number, false);
}

/* Is every entry and every unit of the section free? */
static inline bool section_all_free(const struct mint_view *view)
{
	return !mint_pairs_used(view) && !mint_units_used(view);
}

#endif /* TESTS_BYPASS_SECTION_H */
