// SPDX-License-Identifier: GPL-2.0
/* mint kill: stop a node's CPUs at whatever instruction they are. */
#include <stdbool.h>
#include <mint/dev.h>
#include "device.h"
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

static int kill_node(struct target *target)
{
	int code = target_check_other(target);

	if (!code)
		code = check_state(target->node);
	if (!code && !options.dry_run)
		code = device_call(&target->region, MINT_IOC_KILL, target->node, NULL);
	return code ? code : target_report(target, "killed", options.json, options.dry_run);
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
