// SPDX-License-Identifier: GPL-2.0
/*
 * mint kill and mint destroy: stop a node at whatever instruction it is, and
 * give back what it owns.
 */
#include <stdio.h>
#include <unistd.h>
#include "mint.h"

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
		return fail(MINT_EXIT_STATE, "it is %s. Try: mint kill %s", node_state(node),
			    node->life.name);
	if (!stop->idle && idle)
		return fail(MINT_EXIT_STATE, "it is %s already. Try: mint start %s",
			    node->life.life == MINT_LIFE_CREATED ? "not started" : "stopped",
			    node->life.name);
	return MINT_EXIT_OK;
}

static int run(const struct request *request, const struct stop *stop,
	       const struct region *region, const struct node_view **node)
{
	static struct tables tables;
	int code;

	code = tables_snapshot(region, &tables);
	if (code)
		return code;
	code = tables_find(&tables, request->operand, node);
	if (!code)
		code = check_state(stop, *node, region->self);
	if (!code && !request->dry_run)
		code = device_node(region, stop->call, *node, NULL);
	if (code)
		return code;
	printf("%s%s node '%s' (%u)\n", request->dry_run ? "would have " : "", stop->done,
	       (*node)->life.name, (*node)->id);
	return finish_output();
}

static int stop_node(const struct request *request, const struct stop *stop,
		     char name[MINT_NAME_BYTES])
{
	const struct node_view *node;
	struct region region;
	int code;

	code = region_open(request, &region);
	if (!code)
		code = run(request, stop, &region, &node);
	if (!code)
		snprintf(name, MINT_NAME_BYTES, "%s", node->life.name);
	region_close(&region);
	return code;
}

/**
 * cmd_kill() - the verb "kill"
 * @request: the call
 */
int cmd_kill(const struct request *request)
{
	static const struct stop stop = { MINT_IOC_KILL, "killed", true, false };
	char name[MINT_NAME_BYTES];

	fail_context("cannot kill node '%s'", request->operand);
	return stop_node(request, &stop, name);
}

/**
 * cmd_destroy() - the verb "destroy"
 * @request: the call
 */
int cmd_destroy(const struct request *request)
{
	const struct stop stop = { MINT_IOC_DESTROY, "destroyed", request->force, true };
	char name[MINT_NAME_BYTES], path[128];
	int code;

	fail_context("cannot destroy node '%s'", request->operand);
	code = stop_node(request, &stop, name);
	if (code || request->dry_run)
		return code;
	/* What is left of another node's create is on that node: no error. */
	snprintf(path, sizeof(path), MINT_RUN_DIR "/%s.conf", name);
	unlink(path);
	return MINT_EXIT_OK;
}
