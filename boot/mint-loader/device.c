// SPDX-License-Identifier: GPL-2.0
/* Calls of the device that name a node, and what their errors mean. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <mint/dev.h>
#include "device.h"
#include "hold.h"
#include "node.h"
#include "region.h"
#include "report.h"
#include "util.h"

/**
 * device_block_signals() - let nothing but SIGKILL end the command from now on
 *
 * For what is done in two places, the ledger and a file: it ends when both
 * agree, and the result says so.
 */
void device_block_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t signals;
	unsigned int i;

	sigemptyset(&signals);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaddset(&signals, numbers[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

/**
 * device_failed() - say why a call failed
 * @node: the node that the call named
 * @error: its errno
 *
 * Return: an enum mint_exit.
 */
int device_failed(const struct node_view *node, int error)
{
	switch (error) {
	case ENOENT:
		return fail(MINT_EXIT_NO_NODE, "the node was destroyed meanwhile. Try: mint list");
	case ESTALE:
		return fail(MINT_EXIT_STATE,
			    "another mint command has started it meanwhile. Try: mint show %s",
			    node->life.name);
	case EPERM:
		return fail(MINT_EXIT_FAILED, "only root may do that");
	case EHOSTDOWN:
		return fail(MINT_EXIT_TIMEOUT,
			    "one of its CPUs cannot be stopped: it keeps its CPUs and memory. %s",
			    "Try: dmesg");
	case ENOLCK:
		return fail(MINT_EXIT_TIMEOUT,
			    "another node keeps the page through which CPUs start. Try: dmesg");
	case ENOMEM:
		return fail(MINT_EXIT_FAILED, "this node has too little memory for it. Try: free");
	case ETIMEDOUT:
		return fail(MINT_EXIT_TIMEOUT,
			    "another node keeps the ledger's lock. Try: mint list");
	default:
		return fail(MINT_EXIT_FAILED, "%s. Try: dmesg", strerror(error));
	}
}

/**
 * device_call() - make one of the calls that take a node only
 * @region: the open device
 * @call: MINT_IOC_LOAD, _KILL, _DESTROY, _CONSOLE or _STOP_WANTED
 * @node: the node; a later start of it than the one seen here is left alone
 * @generation: filled in by MINT_IOC_LOAD; may be NULL
 *
 * Return: an enum mint_exit.
 */
int device_call(const struct region *region, unsigned long call, const struct node_view *node,
		__u32 *generation)
{
	struct mint_ioc_node argument = {
		.node = node->id, .generation = node->life.generation,
	};

	if (ioctl(region->fd, call, &argument))
		return errno == EBUSY ? hold_failed(region, node) : device_failed(node, errno);
	if (generation)
		*generation = argument.generation;
	return MINT_EXIT_OK;
}
