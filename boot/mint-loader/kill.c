// SPDX-License-Identifier: GPL-2.0
/*
 * mint kill and mint destroy: stop a node at whatever instruction it is, and
 * give back what it owns.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>
#include <mint/dev.h>
#include "device.h"
#include "json.h"
#include "paths.h"
#include "report.h"
#include "tables.h"
#include "target.h"
#include "verb.h"

/**
 * struct stop - what a verb of this file needs to know
 * @call: the device's call
 * @done: word for the result
 * @active: may the node be executing?
 * @idle: may its CPUs be stopped already?
 */
struct stop {
	unsigned long call;
	const char *done;
	bool active;
	bool idle;
};

static int check_state(const struct stop *stop, const struct node_view *node, __u32 self)
{
	bool idle = node->life.life == MINT_LIFE_CREATED || node->life.life == MINT_LIFE_STOPPED;

	if (node->id == self)
		return fail(MINT_EXIT_STATE, "it is the node that this command runs on");
	if (!stop->active && node_active(node))
		return fail(MINT_EXIT_STATE, "it is %s. Try: mint kill %s", node_state_name(node),
			    node->life.name);
	if (!stop->idle && idle)
		return fail(MINT_EXIT_STATE, "it is %s already. Try: mint start %s",
			    node->life.life == MINT_LIFE_CREATED ? "not started" : "stopped",
			    node->life.name);
	return MINT_EXIT_OK;
}

static int report(const struct request *request, const struct stop *stop,
		  const struct node_view *node)
{
	if (request->json)
		return json_print(json_pack("{s:b, s:{s:i, s:s}}", "dry_run", request->dry_run,
					    "node", "id", node->id, "name", node->life.name));
	printf("%s%s node '%s' (%u)\n", request->dry_run ? "would have " : "", stop->done,
	       node->life.name, node->id);
	return finish_output();
}

static int stop_node(const struct request *request, const struct target *target,
		     const struct stop *stop)
{
	const struct node_view *node = target->node;
	int code;

	code = check_state(stop, node, target->region.self);
	if (code || request->dry_run)
		return code;
	/* Only a kill takes a node from a command that is loading it. */
	if (request->force && node->life.life == MINT_LIFE_LOADING)
		code = device_node(&target->region, MINT_IOC_KILL, node, NULL);
	return code ? code : device_node(&target->region, stop->call, node, NULL);
}

static int kill_node(const struct request *request, struct target *target)
{
	static const struct stop stop = { MINT_IOC_KILL, "killed", true, false };
	int code = stop_node(request, target, &stop);

	return code ? code : report(request, &stop, target->node);
}

/* What is left of another node's create is on that node: no error. */
static void forget_config(const struct node_view *node)
{
	char path[128];

	snprintf(path, sizeof(path), MINT_RUN_DIR "/%s.conf", node->life.name);
	unlink(path);
}

static int destroy_node(const struct request *request, struct target *target)
{
	const struct stop stop = { MINT_IOC_DESTROY, "destroyed", request->force, true };
	int code;

	device_finish();
	code = stop_node(request, target, &stop);
	if (code)
		return code;
	if (!request->dry_run)
		forget_config(target->node);
	return report(request, &stop, target->node);
}

/**
 * cmd_kill() - the verb "kill"
 * @request: the call
 */
int cmd_kill(const struct request *request)
{
	fail_context("cannot kill node '%s'", request->operand);
	return with_node(request, kill_node);
}

/**
 * cmd_destroy() - the verb "destroy"
 * @request: the call
 */
int cmd_destroy(const struct request *request)
{
	fail_context("cannot destroy node '%s'", request->operand);
	return with_node(request, destroy_node);
}
