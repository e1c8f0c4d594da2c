/* SPDX-License-Identifier: GPL-2.0 */
/* Ledger and node table. */
#ifndef MINT_LOADER_TABLES_H
#define MINT_LOADER_TABLES_H

#include <stdbool.h>
#include <mint/state.h>

struct region;

/**
 * struct node_view - one node as copied out of the region
 * @life: managers' line; @name in it is safe to print
 * @self: the node's own line; @release in it is safe to print
 * @hold: who has it in its hands; @command in it is safe to print
 * @id: node id
 * @silent: says RUNNING, but its heartbeat stands still
 * @damaged: holds values that no Mint kernel writes
 */
struct node_view {
	struct mint_node_life life;
	struct mint_node_self self;
	struct mint_hold hold;
	__u32 id;
	bool silent;
	bool damaged;
};

/**
 * struct tables - ledger and node table as copied out of the region, checked
 * @ledger: counts are in range, ranges do not wrap; entries that were not so
 *	are dropped
 * @nodes: by node id; unused ids have MINT_LIFE_NONE
 * @nr_nodes: entries of @nodes
 * @self: own node id, or MINT_MAX_NODES with a saved image
 * @damage: the first damage found, or an empty string
 */
struct tables {
	struct mint_ledger ledger;
	struct node_view nodes[MINT_MAX_NODES];
	unsigned int nr_nodes;
	__u32 self;
	char damage[96];
};

int tables_read(const struct region *region, struct tables *tables);
int tables_snapshot(const struct region *region, struct tables *tables);
int tables_find(const struct tables *tables, const char *name, const struct node_view **node);
int tables_damage(const struct tables *tables);
bool tables_node(const struct region *region, __u32 id, struct node_view *node);
enum mint_node_state node_state(const struct node_view *node);
const char *node_state_name(const struct node_view *node);
bool node_is(const struct node_view *node, const char *word);
bool node_active(const struct node_view *node);
void tables_cpus(const struct tables *tables, __u16 owner, __u64 *cpus);
__u64 tables_bytes(const struct tables *tables, __u16 owner);
unsigned int tables_ram(const struct tables *tables, __u16 owner, struct mint_extent *pieces,
			unsigned int room);
unsigned int tables_extents(const struct tables *tables, __u16 owner,
			    struct mint_extent *extents, unsigned int room);
unsigned int tables_functions(const struct tables *tables, __u16 owner, __u32 *functions);

#endif /* MINT_LOADER_TABLES_H */
