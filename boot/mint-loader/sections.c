// SPDX-License-Identifier: GPL-2.0
/* How far the sections of the shared region are in use. */
#include <mint/abi.h>
#include <mint/atomic.h>
#include <mint/bypass.h>
#include <mint/vni.h>
#include "region.h"
#include "sections.h"
#include "stream.h"
#include "tables.h"

static __u64 used_nodes(const struct tables *tables)
{
	__u64 used = 0;
	unsigned int i;

	for (i = 0; i < tables->nr_nodes; i++)
		used += tables->nodes[i].life.life != MINT_LIFE_NONE;
	return used;
}

static __u64 used_extents(const struct mint_ledger *ledger)
{
	__u64 used = 0;
	unsigned int i;

	for (i = 0; i < MINT_MAX_EXTENTS; i++)
		used += ledger->extents[i].owner != MINT_OWNER_NONE;
	return used;
}

/* Streams that ever had a byte. */
static __u64 used_streams(const struct region *region, const struct mint_section *section)
{
	const struct mint_stream *stream;
	__u64 used = 0;
	size_t room;
	__u32 i;

	for (i = 0; i < section->entries && i < MINT_MAX_NODES; i++) {
		stream = stream_find(region, section->id, i, &room);
		used += stream && mint_load(&stream->head);
	}
	return used;
}

/* Buffers that are in no pool's list; none when there is no sound section. */
static void vni_use(const struct region *region, const struct mint_section *section,
		    struct section_use *use)
{
	const unsigned char *base = region->base + section->offset;
	struct vni_header header;
	unsigned int i;

	if (section->bytes < sizeof(header))
		return;
	region_copy(&header, base, sizeof(header));
	if (header.magic != VNI_MAGIC || header.version != VNI_VERSION)
		return;
	for (i = 0; i < VNI_NR_CLASSES; i++) {
		const struct vni_class *class = &header.classes[i];
		const struct vni_pool *pool;
		__u32 level;

		if (class->pool_offset > section->bytes - sizeof(*pool) ||
		    class->pool_offset % 8 || class->count > VNI_MAX_BUFS)
			continue;
		pool = (const struct vni_pool *)(base + class->pool_offset);
		level = mint_load(&pool->level);
		use->entries += class->count;
		use->used += class->count - (level < class->count ? level : class->count);
	}
}

/* Units that a pair has; none when there is no sound section. */
static void bypass_use(const struct region *region, const struct mint_section *section,
		       struct section_use *use)
{
	const unsigned char *base = region->base + section->offset;
	struct mint_bypass header;
	const __u16 *owners;
	__u32 i;

	if (section->bytes < sizeof(header))
		return;
	region_copy(&header, base, sizeof(header));
	if (header.magic != MINT_BYPASS_MAGIC || header.version != MINT_BYPASS_VERSION ||
	    header.nr_units > MINT_BYPASS_MAX_UNITS || header.owner_offset % sizeof(*owners) ||
	    header.nr_units * sizeof(*owners) > section->bytes ||
	    header.owner_offset > section->bytes - header.nr_units * sizeof(*owners))
		return;
	owners = (const __u16 *)(base + header.owner_offset);
	use->entries = header.nr_units;
	for (i = 0; i < header.nr_units; i++)
		use->used += mint_load(&owners[i]) != 0;
}

/**
 * section_use() - tell how far a section is in use
 * @region: the region
 * @tables: its tables
 * @section: the section
 * @use: filled in
 */
void section_use(const struct region *region, const struct tables *tables,
		 const struct mint_section *section, struct section_use *use)
{
	*use = (struct section_use) { "?", "entries", section->entries, 0 };
	switch (section->id) {
	case MINT_SECTION_LEDGER:
		*use = (struct section_use) { "ledger", "extents", MINT_MAX_EXTENTS,
					      used_extents(&tables->ledger) };
		break;
	case MINT_SECTION_NODES:
		*use = (struct section_use) { "nodes", "node ids", tables->nr_nodes,
					      used_nodes(tables) };
		break;
	case MINT_SECTION_DOORBELLS:
		*use = (struct section_use) { "doorbells", "CPUs", section->entries,
					      tables->ledger.nr_cpus };
		break;
	case MINT_SECTION_LOGS:
		*use = (struct section_use) { "logs", "logs", section->entries,
					      used_streams(region, section) };
		break;
	case MINT_SECTION_CONSOLES:
		*use = (struct section_use) { "consoles", "consoles", section->entries,
					      used_streams(region, section) };
		break;
	case MINT_SECTION_CONTROL:
		use->name = "control";
		break;
	case MINT_SECTION_BYPASS:
		*use = (struct section_use) { "bypass", "units", 0, 0 };
		bypass_use(region, section, use);
		break;
	case MINT_SECTION_VNI:
		*use = (struct section_use) { "vni", "buffers", 0, 0 };
		vni_use(region, section, use);
		break;
	}
}
