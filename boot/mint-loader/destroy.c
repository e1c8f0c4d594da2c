// SPDX-License-Identifier: GPL-2.0
/* mint destroy: give back what a node owns, and forget its node file. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>
#include <mint/dev.h>
#include "device.h"
#include "node.h"
#include "paths.h"
#include "region.h"
#include "report.h"
#include "target.h"
#include "verb.h"

static struct {
	bool json;
	bool dry_run;
	bool force;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ VERB_DRY_RUN(&options.dry_run) },
	{ VERB_FORCE(&options.force) },
	{ }
};

static int check_state(const struct node_view *node)
{
	if (node_active(node) && !options.force)
		return fail(MINT_EXIT_STATE, "it is %s. Try: mint kill %s", node_state_name(node),
			    node->life.name);
	return MINT_EXIT_OK;
}

/* What is left of another node's create is on that node: no error. */
static void forget_config(const struct node_view *node)
{
	char path[128];

	snprintf(path, sizeof(path), MINT_RUN_DIR "/%s.conf", node->life.name);
	unlink(path);
}

static int give_back(const struct region *region, const struct node_view *node)
{
	int code = MINT_EXIT_OK;

	device_block_signals();
	/* Only a kill takes a node from a command that is loading it. */
	if (options.force && node->life.life == MINT_LIFE_LOADING)
		code = device_call(region, MINT_IOC_KILL, node, NULL);
	if (!code)
		code = device_call(region, MINT_IOC_DESTROY, node, NULL);
	if (!code)
		forget_config(node);
	return code;
}

static int destroy_node(struct target *target)
{
	int code = target_check_other(target);

	if (!code)
		code = check_state(target->node);
	if (!code && !options.dry_run)
		code = give_back(&target->region, target->node);
	return code ? code : target_report(target, "destroyed", options.json, options.dry_run);
}

static int cmd_destroy(const struct call *call)
{
	fail_context("cannot destroy node '%s'", call->operand);
	return with_node(call, destroy_node);
}

const struct verb verb_destroy = {
	.name = "destroy",
	.operand = "NODE",
	.summary = "give back what a node owns",
	.options = option_table,
	.dry_run = &options.dry_run,
	.run = cmd_destroy,
};
