/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A call of the command, and the verbs: in files of their names; destroy in
 * kill.c.
 */
#ifndef MINT_LOADER_VERB_H
#define MINT_LOADER_VERB_H

#include <stdbool.h>
#include <mint/abi.h>

/**
 * struct request - one call of the command, parsed
 * @region_file: saved image to use instead of the device, or NULL
 * @operand: what stands after the verb: a node file, or a node's name or id
 * @command: exec: the command and its words, ends with NULL
 * @file: start: the node file to use, or NULL
 * @timeout_s: start, stop: how long to wait for the node
 * @json: report as JSON
 * @dry_run: print the plan and do nothing
 * @no_wait: start: do not wait for the node's report
 * @history: console: print what is there and leave
 * @input: console: type what stands in standard input
 * @no_input: exec: leave standard input alone
 * @names: list: only the names
 * @follow: log: go on until interrupted
 * @force: destroy, start: also a node that runs
 * @generation: start: the one to replace, or MINT_ANY_GENERATION
 * @grace_s: supervise: how long a node may be silent or stalled, 0 = as usual
 * @operands: all words after the verb; supervise: names or ids of nodes
 * @nr_operands: how many
 */
struct request {
	const char *region_file;
	const char *operand;
	char *const *command;
	const char *file;
	unsigned int timeout_s;
	bool json;
	bool dry_run;
	bool no_wait;
	bool history;
	bool input;
	bool no_input;
	bool names;
	bool follow;
	bool force;
	__u32 generation;
	unsigned int grace_s;
	char **operands;
	int nr_operands;
};

int cmd_check(const struct request *request);
int cmd_create(const struct request *request);
int cmd_start(const struct request *request);
int cmd_list(const struct request *request);
int cmd_show(const struct request *request);
int cmd_hw(const struct request *request);
int cmd_console(const struct request *request);
int cmd_log(const struct request *request);
int cmd_exec(const struct request *request);
int cmd_serve(const struct request *request);
int cmd_stop(const struct request *request);
int cmd_kill(const struct request *request);
int cmd_destroy(const struct request *request);
int cmd_sysrq(const struct request *request);
int cmd_supervise(const struct request *request);

#endif /* MINT_LOADER_VERB_H */
