// SPDX-License-Identifier: GPL-2.0
/*
 * mint sysrq: a key of SysRq for a node. Its kernel takes it in an interrupt, so
 * it works while the node's user space hangs, or its kernel with interrupts on.
 */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <mint/dev.h>
#include "device.h"
#include "json.h"
#include "node.h"
#include "report.h"
#include "target.h"
#include "verb.h"

static struct {
	bool json;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ }
};

static int check_key(const char *key)
{
	if (isgraph((unsigned char)key[0]) && !key[1])
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_USAGE, "'%s' is no key, which is one character. Try: h, for help",
		    key);
}

static int sysrq_failed(const struct node_view *node, int error)
{
	switch (error) {
	case EHOSTDOWN:
		return fail(MINT_EXIT_STATE, "it is %s. Try: mint show %s", node_state_name(node),
			    node->life.name);
	case EBUSY:
		return fail(MINT_EXIT_STATE, "it has not taken the key before. Try: mint kill %s",
			    node->life.name);
	case ETIMEDOUT:
		return fail(MINT_EXIT_TIMEOUT,
			    "its CPU %u took no interrupt within a second. Try: mint kill %s",
			    node->life.boot_cpu, node->life.name);
	default:
		return device_failed(node, error);
	}
}

static int report(const struct node_view *node, const char *key)
{
	if (options.json)
		return json_print(json_pack("{s:{s:i, s:s}, s:s}", "node", "id", node->id, "name",
					    node->life.name, "key", key));
	printf("node '%s' (%u) took the key '%s'\n", node->life.name, node->id, key);
	return finish_output();
}

static int send_key(struct target *target)
{
	const struct node_view *node = target->node;
	const char *key = target->call->operands[1];
	struct mint_ioc_sysrq call = { .node = node->id, .key = *key };

	if (ioctl(target->region.fd, MINT_IOC_SYSRQ, &call))
		return sysrq_failed(node, errno);
	return report(node, key);
}

static int cmd_sysrq(const struct call *call)
{
	int code = check_key(call->operands[1]);

	fail_context("cannot send a key to node '%s'", call->operand);
	return code ? code : with_node(call, send_key);
}

const struct verb verb_sysrq = {
	.name = "sysrq",
	.operand = "NODE KEY",
	.summary = "give a node's kernel a key of SysRq, though the node may hang",
	.options = option_table,
	.run = cmd_sysrq,
};
