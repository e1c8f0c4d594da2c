// SPDX-License-Identifier: GPL-2.0
/* Requests to another node: what can go wrong with them, in words. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include "mint.h"

/**
 * control_check() - can a node be asked for something?
 * @node: the node
 *
 * Return: an enum mint_exit.
 */
int control_check(const struct node_view *node)
{
	const char *state = node_state(node);
	const char *name = node->life.name;

	/* A stalled node has other CPUs, which may answer. */
	if (!strcmp(state, "running") || !strcmp(state, "stalled"))
		return MINT_EXIT_OK;
	if (!strcmp(state, "created"))
		return fail(MINT_EXIT_STATE, "it is not started. Try: mint start %s", name);
	if (node_active(node))
		return fail(MINT_EXIT_STATE, "it is %s and does not answer. Try: mint kill %s",
			    state, name);
	if (!strcmp(state, "loading") || !strcmp(state, "damaged"))
		return fail(MINT_EXIT_STATE, "it is %s. Try: mint show %s", state, name);
	return fail(MINT_EXIT_STATE, "it is %s already. Try: mint start %s", state, name);
}

static int request_failed(const struct node_view *node, int error)
{
	switch (error) {
	case EAGAIN:
		return fail(MINT_EXIT_FAILED, "busy: this node waits for %u others already. %s",
			    MINT_NODE_SESSIONS, "Try: again when one has ended");
	case EHOSTDOWN:
		return fail(MINT_EXIT_STATE, "it does not run any more. Try: mint show %s",
			    node->life.name);
	default:
		return device_failed(node, error);
	}
}

/**
 * control_request() - ask a node for something
 * @region: the device becomes the client's side of the session
 * @node: who is asked
 * @verb: a MINT_VERB_* value
 * @words: the words of the command, or NULL
 * @bytes: how much
 *
 * Return: an enum mint_exit.
 */
int control_request(const struct region *region, const struct node_view *node, __u32 verb,
		    const char *words, __u32 bytes)
{
	struct mint_ioc_request call = {
		.node = node->id,
		.verb = verb,
		.arguments = (unsigned long)words,
		.bytes = bytes,
	};

	if (ioctl(region->fd, MINT_IOC_REQUEST, &call))
		return request_failed(node, errno);
	return MINT_EXIT_OK;
}

static int refused(const struct node_view *node, __u32 error)
{
	if (error == EOPNOTSUPP)
		return fail(MINT_EXIT_FAILED, "its kernel does not know how. Try: mint version");
	if (error == ECANCELED)
		return fail(MINT_EXIT_FAILED, "it gave the session up. Try: mint log %s",
			    node->life.name);
	return fail(MINT_EXIT_FAILED, "it could not start /sbin/mint: %s. Try: mint log %s",
		    strerror(error), node->life.name);
}

/**
 * control_result() - what a request came to
 * @node: who was asked
 * @result: as the kernel tells it
 *
 * Return: what the command should exit with.
 */
int control_result(const struct node_view *node, const struct mint_ioc_result *result)
{
	switch (result->state) {
	case MINT_ANSWER_DONE:
		return result->code & 0xff;
	case MINT_ANSWER_REFUSED:
		return refused(node, result->code);
	case MINT_RESULT_BROKEN:
		return fail(MINT_EXIT_FAILED, "it answers with nonsense. Try: dmesg");
	default:
		fail_context("node '%s' was lost", node->life.name);
		return fail(MINT_EXIT_LOST, "it ended or hangs. Try: mint show %s",
			    node->life.name);
	}
}
