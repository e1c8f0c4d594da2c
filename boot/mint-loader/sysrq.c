// SPDX-License-Identifier: GPL-2.0
/*
 * mint sysrq: a key of SysRq for a node. Its kernel takes it in an interrupt, so
 * it works while the node's user space hangs, or its kernel with interrupts on.
 */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <mint/dev.h>
#include "device.h"
#include "json.h"
#include "report.h"
#include "tables.h"
#include "target.h"
#include "verb.h"

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

static int report(const struct request *request, const struct node_view *node)
{
	const char *key = request->operands[1];

	if (request->json)
		return json_print(json_pack("{s:{s:i, s:s}, s:s}", "node", "id", node->id, "name",
					    node->life.name, "key", key));
	printf("node '%s' (%u) took the key '%s'\n", node->life.name, node->id, key);
	return finish_output();
}

static int send_key(const struct request *request, struct target *target)
{
	const struct node_view *node = target->node;
	struct mint_ioc_sysrq call = { .node = node->id, .key = *request->operands[1] };

	/* The first version of the ABI that has keys. */
	if (node->self.generation == node->life.generation && !(node->self.abi & 0xffff))
		return fail(MINT_EXIT_ABI, "its kernel has ABI %u.0 and takes no keys. %s",
			    node->self.abi >> 16, "Try: mint console");
	if (ioctl(target->region.fd, MINT_IOC_SYSRQ, &call))
		return sysrq_failed(node, errno);
	return report(request, node);
}

/**
 * cmd_sysrq() - the verb "sysrq"
 * @request: the call
 */
int cmd_sysrq(const struct request *request)
{
	int code = check_key(request->operands[1]);

	fail_context("cannot send a key to node '%s'", request->operand);
	return code ? code : with_node(request, send_key);
}
