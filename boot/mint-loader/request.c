// SPDX-License-Identifier: GPL-2.0
/* Requests to another node: what can go wrong with them, in words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <mint/dev.h>
#include <mint/state.h>
#include "device.h"
#include "node.h"
#include "region.h"
#include "report.h"
#include "request.h"

/**
 * request_check() - can a node be asked for something?
 * @node: the node
 *
 * Return: an enum mint_exit.
 */
int request_check(const struct node_view *node)
{
	enum mint_node_state state = node_state(node);
	const char *word = mint_node_state_name(state);
	const char *name = node->life.name;

	if (mint_node_state_answers(state))
		return MINT_EXIT_OK;
	if (state == MINT_NODE_CREATED)
		return fail(MINT_EXIT_STATE, "it is not started. Try: mint start %s", name);
	if (mint_node_state_active(state))
		return fail(MINT_EXIT_STATE, "it is %s and does not answer. Try: mint kill %s",
			    word, name);
	if (state == MINT_NODE_LOADING || state == MINT_NODE_DAMAGED)
		return fail(MINT_EXIT_STATE, "it is %s. Try: mint show %s", word, name);
	return fail(MINT_EXIT_STATE, "it is %s already. Try: mint start %s", word, name);
}

/* Adds who has a session of ours: a process, or the server of one that has left. */
static void add_user(const struct region *region, const struct mint_request *request, char *text,
		     size_t room)
{
	const char *comma = *text ? ", " : "";
	size_t used = strlen(text);
	struct node_view server;

	if (!node_read(region, request->server, &server) || server.life.life == MINT_LIFE_NONE)
		snprintf(server.life.name, sizeof(server.life.name), "?");
	if (request->word >> 16 & 0xffff)
		snprintf(text + used, room - used, "%snode '%s', which has not ended one", comma,
			 server.life.name);
	else
		snprintf(text + used, room - used, "%sprocess %u for node '%s'", comma,
			 request->process, server.life.name);
}

static int all_in_use(const struct region *region)
{
	struct mint_request request;
	char text[400] = "";
	__u32 i;

	for (i = 0; i < MINT_NODE_SESSIONS; i++) {
		const struct mint_request *from;

		from = region_entry(region, MINT_SECTION_CONTROL,
				    region->self * MINT_NODE_SESSIONS + i,
				    sizeof(struct mint_session), NULL);
		if (!from)
			break;
		region_copy(&request, from, sizeof(request));
		add_user(region, &request, text, sizeof(text));
	}
	return fail(MINT_EXIT_FAILED, "busy: this node waits for %u others already: %s. %s",
		    MINT_NODE_SESSIONS, text, "Try: again when one has ended");
}

static int request_failed(const struct region *region, const struct node_view *node, int error)
{
	switch (error) {
	case EAGAIN:
		return all_in_use(region);
	case EHOSTDOWN:
		return fail(MINT_EXIT_STATE, "it does not run any more. Try: mint show %s",
			    node->life.name);
	default:
		return device_failed(node, error);
	}
}

/**
 * request_send() - ask a node for something
 * @region: the device becomes the client's side of the session
 * @node: who is asked
 * @verb: a MINT_VERB_* value
 * @words: the words of the command, or NULL
 * @bytes: how much
 *
 * Return: an enum mint_exit.
 */
int request_send(const struct region *region, const struct node_view *node, __u32 verb,
		 const char *words, __u32 bytes)
{
	struct mint_ioc_request call = {
		.node = node->id,
		.verb = verb,
		.arguments = (unsigned long)words,
		.bytes = bytes,
	};

	if (ioctl(region->fd, MINT_IOC_REQUEST, &call))
		return request_failed(region, node, errno);
	return MINT_EXIT_OK;
}

static int explain_refusal(const struct node_view *node, __u32 error)
{
	if (error == EOPNOTSUPP)
		return fail(MINT_EXIT_FAILED, "its kernel does not know how. Try: mint show %s",
			    node->life.name);
	if (error == ECANCELED)
		return fail(MINT_EXIT_FAILED, "it gave the session up. Try: mint log %s",
			    node->life.name);
	if (error == EIO)
		return fail(MINT_EXIT_FAILED, "its /sbin/mint does not run. Try: %s %s, then %s",
			    "mint console", node->life.name, "/sbin/mint version there");
	return fail(MINT_EXIT_FAILED, "it could not start /sbin/mint: %s. Try: mint log %s",
		    strerror(error), node->life.name);
}

/**
 * request_result() - what a request came to
 * @node: who was asked
 * @result: as the kernel tells it
 *
 * Return: what the command should exit with.
 */
int request_result(const struct node_view *node, const struct mint_ioc_result *result)
{
	switch (result->state) {
	case MINT_ANSWER_DONE:
		return result->code & 0xff;
	case MINT_ANSWER_REFUSED:
		return explain_refusal(node, result->code);
	case MINT_RESULT_BROKEN:
		return fail(MINT_EXIT_FAILED, "it answers with nonsense. Try: dmesg");
	default:
		fail_context("node '%s' was lost", node->life.name);
		return fail(MINT_EXIT_LOST, "it ended or hangs. Try: mint show %s",
			    node->life.name);
	}
}
