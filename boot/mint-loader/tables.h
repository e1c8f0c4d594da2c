/* SPDX-License-Identifier: GPL-2.0 */
/* Ledger and node table. */
#ifndef MINT_LOADER_TABLES_H
#define MINT_LOADER_TABLES_H

#include <mint/abi.h>
#include "node.h"

struct region;

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
void tables_cpus(const struct tables *tables, __u16 owner, __u64 *cpus);
__u64 tables_bytes(const struct tables *tables, __u16 owner);
unsigned int tables_ram(const struct tables *tables, __u16 owner, struct mint_extent *pieces,
			unsigned int room);
unsigned int tables_extents(const struct tables *tables, __u16 owner,
			    struct mint_extent *extents, unsigned int room);
unsigned int tables_functions(const struct tables *tables, __u16 owner, __u32 *functions);

#endif /* MINT_LOADER_TABLES_H */
