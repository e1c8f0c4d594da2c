// SPDX-License-Identifier: GPL-2.0
/*
 * Ledger and node table: copied out of the region in one go, checked, and
 * from then on plain data. What no Mint kernel writes is dropped and noted
 * in struct tables.damage. Read without the ledger's lock: a snapshot only.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <mint/boot.h>
#include <mint/state.h>
#include "cpus.h"
#include "node.h"
#include "paths.h"
#include "region.h"
#include "report.h"
#include "tables.h"
#include "timing.h"

static void note_damage(struct tables *tables, const char *what, unsigned int which)
{
	if (!*tables->damage)
		snprintf(tables->damage, sizeof(tables->damage), "%s %u", what, which);
}

static bool range_good(const struct mint_extent *extent)
{
	return extent->bytes && extent->base + extent->bytes > extent->base &&
	       extent->base + extent->bytes < 1ULL << 52;
}

static void check_ranges(struct tables *tables)
{
	struct mint_ledger *ledger = &tables->ledger;
	unsigned int i;

	for (i = 0; i < ledger->nr_ram; i++) {
		if (range_good(&ledger->ram[i]))
			continue;
		note_damage(tables, "the ledger's memory range", i);
		memset(&ledger->ram[i], 0, sizeof(ledger->ram[i]));
	}
	for (i = 0; i < MINT_MAX_EXTENTS; i++) {
		struct mint_extent *extent = &ledger->extents[i];

		if (extent->owner == MINT_OWNER_NONE || range_good(extent))
			continue;
		note_damage(tables, "the ledger's extent", i);
		extent->owner = MINT_OWNER_NONE;
	}
}

/**
 * tables_read() - copy ledger and node table
 * @region: the region
 * @tables: filled in
 *
 * Return: an enum mint_exit; damage that leaves the rest readable is no
 * failure, see struct tables.
 */
int tables_read(const struct region *region, struct tables *tables)
{
	struct mint_ledger *ledger = &tables->ledger;
	const void *from;
	__u32 id;

	memset(tables, 0, sizeof(*tables));
	tables->self = region->self;
	from = region_entry(region, MINT_SECTION_LEDGER, 0, sizeof(*ledger), NULL);
	if (!from || !region_entry(region, MINT_SECTION_NODES, 0, sizeof(struct mint_node), NULL))
		return fail(MINT_EXIT_FAILED,
			    "the shared region is damaged: it has no ledger or no node table");
	region_copy(ledger, from, sizeof(*ledger));
	if (ledger->nr_cpus > MINT_MAX_CPUS || ledger->nr_ram > MINT_MAX_RAM ||
	    ledger->nr_pci > MINT_MAX_PCI)
		return fail(MINT_EXIT_FAILED,
			    "the shared region is damaged: the ledger tells of %u CPUs, %s",
			    ledger->nr_cpus, "or of too many memory ranges or functions");
	if (ledger->nr_domains > MINT_MAX_DOMAINS)
		return fail(MINT_EXIT_FAILED,
			    "the shared region is damaged: the ledger tells of %u NUMA domains",
			    ledger->nr_domains);
	check_ranges(tables);

	for (id = 0; id < MINT_MAX_NODES; id++) {
		if (!node_read(region, id, &tables->nodes[id]))
			break;
		if (tables->nodes[id].damaged)
			note_damage(tables, "the entry of node", id);
	}
	tables->nr_nodes = id;
	return MINT_EXIT_OK;
}

static bool still_silent(const struct region *region, struct node_view *node)
{
	struct node_view now;

	if (node->silent && node_read(region, node->id, &now))
		node->silent = now.self.heartbeat == node->self.heartbeat;
	return node->silent;
}

/*
 * Which of the nodes that say they run are silent? Looks at all of them until
 * each has moved its heartbeat or MINT_SILENT_MS are over. In a saved image
 * nothing moves: its nodes are what they said.
 */
static void watch_heartbeats(const struct region *region, struct tables *tables)
{
	unsigned int i, waited_ms;
	bool waiting = true;

	if (region->fd < 0)
		return;
	for (i = 0; i < tables->nr_nodes; i++)
		tables->nodes[i].silent = mint_node_state_answers(node_state(&tables->nodes[i]));
	for (waited_ms = 0; waiting && waited_ms < MINT_SILENT_MS; waited_ms += POLL_MS) {
		pause_ms(POLL_MS);
		waiting = false;
		for (i = 0; i < tables->nr_nodes; i++)
			waiting |= still_silent(region, &tables->nodes[i]);
	}
}

/**
 * tables_snapshot() - copy the tables, and find out which nodes are silent
 * @region: the region
 * @tables: filled in
 *
 * Return: as tables_read().
 */
int tables_snapshot(const struct region *region, struct tables *tables)
{
	int code = tables_read(region, tables);

	if (!code)
		watch_heartbeats(region, tables);
	return code;
}

/**
 * tables_damage() - say what is damaged, if anything is
 * @tables: the tables
 *
 * Return: an enum mint_exit.
 */
int tables_damage(const struct tables *tables)
{
	if (!*tables->damage)
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_FAILED, "the shared region is damaged: %s", tables->damage);
}

/**
 * tables_find() - find a node by name or id
 * @tables: the tables
 * @name: what the user wrote
 * @node: filled in
 *
 * Return: an enum mint_exit.
 */
int tables_find(const struct tables *tables, const char *name, const struct node_view **node)
{
	char file[128];
	unsigned int i;

	for (i = 0; i < tables->nr_nodes; i++) {
		*node = &tables->nodes[i];
		if (node_is(*node, name))
			return MINT_EXIT_OK;
	}
	snprintf(file, sizeof(file), MINT_ETC_DIR "/%s.conf", name);
	if (!node_word_is_id(name) && !access(file, F_OK))
		return fail(MINT_EXIT_NO_NODE, "there is no node '%s'. Try: mint create %s", name,
			    file);
	return fail(MINT_EXIT_NO_NODE, "there is no node '%s'. Try: mint list", name);
}

/**
 * tables_cpus() - the CPUs of an owner
 * @tables: the tables
 * @owner: node id or MINT_OWNER_NONE
 * @cpus: filled in
 */
void tables_cpus(const struct tables *tables, __u16 owner, __u64 *cpus)
{
	unsigned int i;

	memset(cpus, 0, MINT_MAX_CPUS / 8);
	for (i = 0; i < tables->ledger.nr_cpus; i++)
		if (tables->ledger.cpus[i].owner == owner)
			cpu_add(cpus, i);
}

/**
 * tables_extents() - the memory of an owner
 * @tables: the tables
 * @owner: node id or MINT_OWNER_SHARED
 * @extents: filled in
 * @room: entries of @extents
 *
 * Return: how many there are, at most @room.
 */
unsigned int tables_extents(const struct tables *tables, __u16 owner,
			    struct mint_extent *extents, unsigned int room)
{
	unsigned int i, nr = 0;

	for (i = 0; i < MINT_MAX_EXTENTS && nr < room; i++)
		if (tables->ledger.extents[i].owner == owner)
			extents[nr++] = tables->ledger.extents[i];
	return nr;
}

/* Makes room by leaving out the smallest piece, if that is smaller than a new one. */
static unsigned int make_room(struct mint_extent *pieces, unsigned int nr, __u64 bytes)
{
	unsigned int i, smallest = 0;

	for (i = 1; i < nr; i++)
		if (pieces[i].bytes < pieces[smallest].bytes)
			smallest = i;
	if (pieces[smallest].bytes >= bytes)
		return nr;
	memmove(&pieces[smallest], &pieces[smallest + 1],
		(nr - smallest - 1) * sizeof(*pieces));
	return nr - 1;
}

static unsigned int add_piece(struct mint_extent *pieces, unsigned int nr, unsigned int room,
			      const struct mint_extent *piece)
{
	if (!piece->bytes)
		return nr;
	if (nr == room)
		nr = make_room(pieces, nr, piece->bytes);
	if (nr < room)
		pieces[nr++] = *piece;
	return nr;
}

static struct mint_extent overlap(const struct mint_extent *extent, const struct mint_extent *ram)
{
	__u64 end = extent->base + extent->bytes, ram_end = ram->base + ram->bytes;
	struct mint_extent both = *extent;

	if (both.base < ram->base)
		both.base = ram->base;
	if (end > ram_end)
		end = ram_end;
	both.bytes = both.base < end ? end - both.base : 0;
	return both;
}

/**
 * tables_ram() - the RAM of an owner
 * @tables: the tables
 * @owner: node id
 * @pieces: filled in
 * @room: entries of @pieces, at least 1
 *
 * Each piece lies in one extent, and may cross the border of NUMA domains. That of
 * node 0 begins below the first 2 MB, which all nodes share. Node 0 may have more
 * pieces than there is room for: the largest count.
 *
 * Return: how many pieces there are, at most @room.
 */
unsigned int tables_ram(const struct tables *tables, __u16 owner, struct mint_extent *pieces,
			unsigned int room)
{
	const struct mint_ledger *ledger = &tables->ledger;
	struct mint_extent extents[MINT_MAX_EXTENTS];
	unsigned int n, i, j, nr = 0;

	n = tables_extents(tables, owner, extents, MINT_MAX_EXTENTS);
	for (i = 0; i < n; i++) {
		struct mint_extent run = { 0 }, next;

		for (j = 0; j < ledger->nr_ram; j++) {
			next = overlap(&extents[i], &ledger->ram[j]);
			if (!next.bytes)
				continue;
			if (next.base == run.base + run.bytes) {
				run.bytes += next.bytes;
				continue;
			}
			nr = add_piece(pieces, nr, room, &run);
			run = next;
		}
		nr = add_piece(pieces, nr, room, &run);
	}
	return nr;
}

/**
 * tables_bytes() - how much memory an owner has
 * @tables: the tables
 * @owner: node id or MINT_OWNER_SHARED
 */
__u64 tables_bytes(const struct tables *tables, __u16 owner)
{
	__u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < MINT_MAX_EXTENTS; i++)
		if (tables->ledger.extents[i].owner == owner)
			bytes += tables->ledger.extents[i].bytes;
	return bytes;
}

/**
 * tables_functions() - the PCI functions of an owner
 * @tables: the tables
 * @owner: node id or MINT_OWNER_NONE
 * @functions: filled in, room for MINT_MAX_PCI
 *
 * Return: how many there are.
 */
unsigned int tables_functions(const struct tables *tables, __u16 owner, __u32 *functions)
{
	unsigned int i, nr = 0;

	for (i = 0; i < tables->ledger.nr_pci; i++) {
		const struct mint_pci *entry = &tables->ledger.pci[i];

		if (entry->owner == owner)
			functions[nr++] = (__u32)entry->segment << 16 | entry->function;
	}
	return nr;
}
