// SPDX-License-Identifier: GPL-2.0
/*
 * mint stop: ask a node's user space to power off, and wait for its end.
 * Nothing is forced: that is mint kill. No supervisor starts it again.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <mint/dev.h>
#include <mint/state.h>
#include "device.h"
#include "json.h"
#include "node.h"
#include "paths.h"
#include "region.h"
#include "report.h"
#include "request.h"
#include "target.h"
#include "timing.h"
#include "verb.h"

#define AGAIN_MS	5000
#define HEARING_MS	1000

static struct {
	bool json;
	bool dry_run;
	unsigned int timeout_s;
} options = { .timeout_s = VERB_TIMEOUT_S };

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ VERB_DRY_RUN(&options.dry_run) },
	{ VERB_TIMEOUT(&options.timeout_s) },
	{ }
};

static int timed_out(const struct node_view *node)
{
	return fail(MINT_EXIT_TIMEOUT, "it did not power off within %u s. Try: mint kill %s",
		    options.timeout_s, node->life.name);
}

/* Waits for the answer: the node has heard. */
static int wait_answer(const struct region *region, const struct node_view *node,
		       __u64 deadline)
{
	struct mint_ioc_result result;

	for (;;) {
		if (ioctl(region->fd, MINT_IOC_RESULT, &result))
			return fail(MINT_EXIT_FAILED, MINT_DEVICE ": %m");
		/* A node that is gone has done what it was asked for. */
		if (result.state == MINT_ANSWER_DONE || result.state == MINT_RESULT_LOST)
			return MINT_EXIT_OK;
		if (result.state > MINT_ANSWER_RUNNING)
			return request_result(node, &result);
		if (now_ms() >= deadline)
			return timed_out(node);
		pause_ms(POLL_MS);
	}
}

/* Has that start of the node come to its end? In loading it is being fenced. */
static bool has_ended(const struct node_view *node, const struct node_view *now)
{
	return now->life.generation != node->life.generation ||
	       (!node_active(now) && node_state(now) != MINT_NODE_LOADING);
}

/*
 * A node has heard when its kernel has run poweroff, and systemd that is still on its way
 * up lets that fail. Who is on the way down takes no notice of another one.
 */
static void ask_again(const struct node_view *node)
{
	const struct mint_ioc_request call = { .node = node->id, .verb = MINT_VERB_STOP };
	int fd = open(MINT_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	/* To close it is to hang up. */
	if (!ioctl(fd, MINT_IOC_REQUEST, &call))
		pause_ms(HEARING_MS);
	close(fd);
}

static int wait_end(const struct region *region, const struct node_view *node, __u64 deadline,
		    struct node_view *now)
{
	__u64 again = now_ms() + AGAIN_MS;

	for (;;) {
		if (!node_read(region, node->id, now))
			return fail(MINT_EXIT_FAILED, "the node table is gone. Try: mint list");
		if (has_ended(node, now))
			return MINT_EXIT_OK;
		if (now_ms() >= deadline)
			return timed_out(node);
		if (now_ms() >= again) {
			ask_again(node);
			again = now_ms() + AGAIN_MS;
		}
		pause_ms(POLL_MS);
	}
}

static int report(const struct node_view *node, const char *state)
{
	if (options.json)
		return json_print(json_pack("{s:b, s:{s:i, s:s, s:s, s:I}}",
					    "dry_run", options.dry_run, "node",
					    "id", node->id, "name", node->life.name,
					    "state", state, "generation",
					    (json_int_t)node->life.generation));
	if (options.dry_run)
		printf("would ask node '%s' (%u) to power off\n", node->life.name, node->id);
	else
		printf("node '%s' (%u) is %s\n", node->life.name, node->id, state);
	return finish_output();
}

static int report_end(const struct node_view *node, const struct node_view *now)
{
	const char *word = node_state_name(now);

	if (now->life.generation != node->life.generation)
		return fail(MINT_EXIT_FAILED,
			    "it ended, but is in use again. Try: mint show %s", node->life.name);
	if (node_state(now) != MINT_NODE_OFF)
		return fail(MINT_EXIT_FAILED, "it ended otherwise: %s. Try: mint log %s", word,
			    node->life.name);
	return report(node, word);
}

static int stop(struct target *target)
{
	__u64 deadline = now_ms() + options.timeout_s * 1000ULL;
	const struct region *region = &target->region;
	const struct node_view *node = target->node;
	struct node_view now;
	int code;

	code = request_check(node);
	if (code || options.dry_run)
		return code ? code : report(node, node_state_name(node));
	code = device_call(region, MINT_IOC_STOP_WANTED, node, NULL);
	if (!code)
		code = request_send(region, node, MINT_VERB_STOP, NULL, 0);
	if (!code)
		code = wait_answer(region, node, deadline);
	/* Our own end cannot be waited for. */
	if (!code && node->id == region->self)
		return report(node, "powering off");
	if (!code)
		code = wait_end(region, node, deadline, &now);
	return code ? code : report_end(node, &now);
}

static int cmd_stop(const struct call *call)
{
	fail_context("cannot stop node '%s'", call->operand);
	return with_node(call, stop);
}

const struct verb verb_stop = {
	.name = "stop",
	.operand = "NODE",
	.summary = "ask a node to power off, and wait for it",
	.options = option_table,
	.dry_run = &options.dry_run,
	.run = cmd_stop,
};
