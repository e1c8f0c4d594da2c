// SPDX-License-Identifier: GPL-2.0
/*
 * What most verbs begin with: the region, its tables, and the node meant; and how
 * those end that do one thing to it.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "json.h"
#include "node.h"
#include "region.h"
#include "report.h"
#include "tables.h"
#include "target.h"
#include "verb.h"

/**
 * target_check_other() - refuse what would end the node that the command runs on
 * @target: names the node
 *
 * Return: an enum mint_exit.
 */
int target_check_other(const struct target *target)
{
	if (target->node->id != target->region.self)
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_STATE, "it is the node that this command runs on");
}

/**
 * target_report() - print what was done to the node
 * @target: names the node
 * @done: participle of the verb, as in "killed"
 * @json: print JSON, which does not say what was done
 * @dry_run: it was only checked whether it can be done
 *
 * Return: an enum mint_exit.
 */
int target_report(const struct target *target, const char *done, bool json, bool dry_run)
{
	const struct node_view *node = target->node;

	if (json)
		return json_print(json_pack("{s:b, s:{s:i, s:s}}", "dry_run", dry_run, "node",
					    "id", node->id, "name", node->life.name));
	printf("%s%s node '%s' (%u)\n", dry_run ? "would have " : "", done, node->life.name,
	       node->id);
	return finish_output();
}

static int open_target(const struct call *call, bool node, struct target *target)
{
	int code;

	target->call = call;
	code = region_open(call->saved, &target->region);
	if (!code)
		code = tables_snapshot(&target->region, &target->tables);
	if (!code && node)
		code = tables_find(&target->tables, call->operand, &target->node);
	return code;
}

static int with_target(const struct call *call, bool node, int (*verb)(struct target *target))
{
	static struct target target;
	int code;

	code = open_target(call, node, &target);
	if (!code)
		code = verb(&target);
	region_close(&target.region);
	return code;
}

/**
 * with_tables() - do what needs the region and its tables
 * @call: the call
 * @verb: does it; returns an enum mint_exit
 *
 * Return: what @verb returned, or why it could not be called.
 */
int with_tables(const struct call *call, int (*verb)(struct target *target))
{
	return with_target(call, false, verb);
}

/**
 * with_node() - do what needs a node, too: the one that the call names
 * @call: the call
 * @verb: does it; returns an enum mint_exit
 *
 * Return: what @verb returned, or why it could not be called.
 */
int with_node(const struct call *call, int (*verb)(struct target *target))
{
	return with_target(call, true, verb);
}
