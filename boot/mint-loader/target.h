/* SPDX-License-Identifier: GPL-2.0 */
/* What most verbs begin with. */
#ifndef MINT_LOADER_TARGET_H
#define MINT_LOADER_TARGET_H

#include "region.h"
#include "tables.h"

struct request;

/**
 * struct target - what a verb works on
 * @region: the shared region
 * @tables: its tables
 * @node: the node that the call names; with_node() only
 */
struct target {
	struct region region;
	struct tables tables;
	const struct node_view *node;
};

int with_tables(const struct request *request,
		int (*verb)(const struct request *request, struct target *target));
int with_node(const struct request *request,
	      int (*verb)(const struct request *request, struct target *target));

#endif /* MINT_LOADER_TARGET_H */
