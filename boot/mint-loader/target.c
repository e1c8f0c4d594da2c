// SPDX-License-Identifier: GPL-2.0
/* What most verbs begin with: the region, its tables, and the node meant. */
#include <stdbool.h>
#include "region.h"
#include "tables.h"
#include "target.h"
#include "verb.h"

static int open_target(const struct request *request, bool node, struct target *target)
{
	int code;

	code = region_open(request->region_file, &target->region);
	if (!code)
		code = tables_snapshot(&target->region, &target->tables);
	if (!code && node)
		code = tables_find(&target->tables, request->operand, &target->node);
	return code;
}

static int run(const struct request *request, bool node,
	       int (*verb)(const struct request *request, struct target *target))
{
	static struct target target;
	int code;

	code = open_target(request, node, &target);
	if (!code)
		code = verb(request, &target);
	region_close(&target.region);
	return code;
}

/**
 * with_tables() - do what needs the region and its tables
 * @request: the call
 * @verb: does it; returns an enum mint_exit
 *
 * Return: what @verb returned, or why it could not be called.
 */
int with_tables(const struct request *request,
		int (*verb)(const struct request *request, struct target *target))
{
	return run(request, false, verb);
}

/**
 * with_node() - do what needs a node, too: the one that the call names
 * @request: the call
 * @verb: does it; returns an enum mint_exit
 *
 * Return: what @verb returned, or why it could not be called.
 */
int with_node(const struct request *request,
	      int (*verb)(const struct request *request, struct target *target))
{
	return run(request, true, verb);
}
