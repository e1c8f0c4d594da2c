// SPDX-License-Identifier: GPL-2.0
/* mint kill: stop a node's CPUs at whatever instruction they are. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <mint/dev.h>
#include "device.h"
#include "json.h"
#include "node.h"
#include "report.h"
#include "target.h"
#include "verb.h"

static struct {
	bool json;
	bool dry_run;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ VERB_DRY_RUN(&options.dry_run) },
	{ }
};

static int check_state(const struct node_view *node)
{
	if (node->life.life == MINT_LIFE_CREATED || node->life.life == MINT_LIFE_STOPPED)
		return fail(MINT_EXIT_STATE, "it is %s already. Try: mint start %s",
			    node->life.life == MINT_LIFE_CREATED ? "not started" : "stopped",
			    node->life.name);
	return MINT_EXIT_OK;
}

static int report(const struct node_view *node)
{
	if (options.json)
		return json_print(json_pack("{s:b, s:{s:i, s:s}}", "dry_run", options.dry_run,
					    "node", "id", node->id, "name", node->life.name));
	printf("%skilled node '%s' (%u)\n", options.dry_run ? "would have " : "",
	       node->life.name, node->id);
	return finish_output();
}

static int kill_node(struct target *target)
{
	int code = target_check_other(target);

	if (!code)
		code = check_state(target->node);
	if (!code && !options.dry_run)
		code = device_call(&target->region, MINT_IOC_KILL, target->node, NULL);
	return code ? code : report(target->node);
}

static int cmd_kill(const struct call *call)
{
	fail_context("cannot kill node '%s'", call->operand);
	return with_node(call, kill_node);
}

const struct verb verb_kill = {
	.name = "kill",
	.operand = "NODE",
	.summary = "stop a node's CPUs at whatever they do",
	.options = option_table,
	.dry_run = &options.dry_run,
	.run = cmd_kill,
};
