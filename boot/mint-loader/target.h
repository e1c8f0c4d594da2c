/* SPDX-License-Identifier: GPL-2.0 */
/* What most verbs begin with, and some end with. */
#ifndef MINT_LOADER_TARGET_H
#define MINT_LOADER_TARGET_H

#include <stdbool.h>
#include "region.h"
#include "tables.h"

struct call;

/**
 * struct target - what a verb works on
 * @call: the call
 * @region: the shared region
 * @tables: its tables
 * @node: the node that the call names; with_node() only
 */
struct target {
	const struct call *call;
	struct region region;
	struct tables tables;
	const struct node_view *node;
};

int target_check_other(const struct target *target);
int target_report(const struct target *target, const char *done, bool json, bool dry_run);
int with_tables(const struct call *call, int (*verb)(struct target *target));
int with_node(const struct call *call, int (*verb)(struct target *target));

#endif /* MINT_LOADER_TARGET_H */
