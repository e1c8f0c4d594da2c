// SPDX-License-Identifier: GPL-2.0
/*
 * mint supervise: starts nodes again that have failed, as their policy says.
 * It sleeps until the kernel tells of a change. Each start runs in a child, so
 * that a node that does not come up keeps no other one waiting. Supervisors on
 * several nodes need not know of each other: the kernel lets one start through.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <mint/state.h>
#include "json.h"
#include "node.h"
#include "report.h"
#include "start.h"
#include "tables.h"
#include "target.h"
#include "timing.h"
#include "util.h"
#include "verb.h"

/* What fails again within this time waits before its next start. */
#define AGAIN_MS	60000
#define DELAY_MAX_S	60
#define NEVER		(~0ULL)

static struct {
	bool json;
	unsigned int grace_s;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ .name = "grace", .seconds = &options.grace_s,
	  .help = "how long a node may hang (default: silent 2, stalled 5)" },
	{ }
};

/**
 * struct failure - a state that calls for a new start
 * @state: the state
 * @policy: the lowest MINT_POLICY_* for which it counts
 * @grace_s: how long the node may be in it
 * @hang: --grace sets another time
 */
struct failure {
	enum mint_node_state state;
	__u32 policy;
	unsigned int grace_s;
	bool hang;
};

static const struct failure failures[] = {
	{ MINT_NODE_PANICKED, MINT_POLICY_ON_FAILURE, 0, false },
	{ MINT_NODE_REFUSED, MINT_POLICY_ON_FAILURE, 0, false },
	{ MINT_NODE_SILENT, MINT_POLICY_ON_FAILURE, 2, true },
	{ MINT_NODE_STALLED, MINT_POLICY_ON_FAILURE, 5, true },
	/* A start was broken off, and nobody asked for a stop. */
	{ MINT_NODE_STOPPED, MINT_POLICY_ON_FAILURE, 0, false },
	/* A boot that takes too long, a load by a command that is gone. */
	{ MINT_NODE_BOOTING, MINT_POLICY_ON_FAILURE, 60, false },
	{ MINT_NODE_LOADING, MINT_POLICY_ON_FAILURE, 60, false },
	{ MINT_NODE_OFF, MINT_POLICY_ALWAYS, 0, false },
	{ MINT_NODE_REBOOTED, MINT_POLICY_ALWAYS, 0, false },
};

/**
 * struct watch - a node under supervision
 * @state: its state; MINT_NODE_NONE before the first look
 * @generation: its generation in that state
 * @since_ms: when it was first seen so, or when a start of it failed
 * @tried_ms: when its last start began, 0 = never
 * @delay_s: what its next start waits if it follows soon
 * @waited_s: what its last start waited because it followed soon
 * @retry: a start in this state has failed: it had its grace
 * @child: process that starts it, 0 = none
 * @errors: what that process says on stderr
 * @last: what it said last
 */
struct watch {
	enum mint_node_state state;
	__u32 generation;
	__u64 since_ms;
	__u64 tried_ms;
	unsigned int delay_s;
	unsigned int waited_s;
	bool retry;
	pid_t child;
	int errors;
	char last[512];
};

static struct watch watches[MINT_MAX_NODES];

static bool is_watched(const struct target *target, const struct node_view *node)
{
	const struct call *call = target->call;
	int i;

	if (node->life.life == MINT_LIFE_NONE || node->id == target->region.self)
		return false;
	for (i = 0; i < call->nr_operands; i++)
		if (node_is(node, call->operands[i]))
			return true;
	return !call->nr_operands;
}

static const struct failure *failure_of(const struct node_view *node)
{
	enum mint_node_state state = node_state(node);
	unsigned int i;

	if (node->life.stop_wanted >= node->life.generation)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(failures); i++)
		if (state == failures[i].state)
			return node->life.policy >= failures[i].policy &&
			       node->life.policy <= MINT_POLICY_ALWAYS ? &failures[i] : NULL;
	return NULL;
}

static void note_state(struct watch *watch, const struct node_view *node)
{
	enum mint_node_state state = node_state(node);

	if (watch->state == state && watch->generation == node->life.generation)
		return;
	watch->state = state;
	watch->generation = node->life.generation;
	watch->since_ms = now_ms();
	watch->retry = false;
}

static bool soon_again(const struct watch *watch)
{
	return watch->tried_ms && watch->since_ms - watch->tried_ms < AGAIN_MS;
}

static __u64 due_ms(const struct watch *watch, const struct failure *failure)
{
	unsigned int wait_s = failure->grace_s;

	if (failure->hang && options.grace_s)
		wait_s = options.grace_s;
	if (watch->retry)
		wait_s = 0;
	if (soon_again(watch))
		wait_s += watch->delay_s;
	return watch->since_ms + wait_s * 1000ULL;
}

/* The child. Its report is for us alone; a Ctrl-C at our terminal is not for it. */
static __noreturn void run_start(const struct node_view *node, int errors)
{
	char name[MINT_NAME_BYTES];
	int code = MINT_EXIT_FAILED;

	/* The tables are read anew. */
	memcpy(name, node->life.name, sizeof(name));
	setpgid(0, 0);
	if (freopen("/dev/null", "w", stdout) && dup2(errors, STDERR_FILENO) >= 0)
		code = start_again(name, node->life.generation);
	fflush(stderr);
	_exit(code);
}

static int begin_start(const struct node_view *node, struct watch *watch)
{
	int ends[2];

	watch->waited_s = soon_again(watch) ? watch->delay_s : 0;
	watch->delay_s = !watch->waited_s ? 1 :
		watch->delay_s * 2 < DELAY_MAX_S ? watch->delay_s * 2 : DELAY_MAX_S;
	watch->tried_ms = now_ms();
	if (pipe2(ends, O_CLOEXEC))
		return fail(MINT_EXIT_FAILED, "no pipe to a process that starts it: %m");
	watch->child = fork();
	if (!watch->child)
		run_start(node, ends[1]);
	close(ends[1]);
	watch->errors = ends[0];
	if (watch->child > 0)
		return MINT_EXIT_OK;
	close(ends[0]);
	watch->child = 0;
	return fail(MINT_EXIT_FAILED, "no process to start it: %m");
}

/* Starts what is due; @next_ms becomes the time of what is due next. */
static int look_after(const struct node_view *node, __u64 *next_ms)
{
	struct watch *watch = &watches[node->id];
	const struct failure *failure;
	__u64 due;

	if (watch->child)
		return MINT_EXIT_OK;
	note_state(watch, node);
	failure = failure_of(node);
	if (!failure)
		return MINT_EXIT_OK;
	due = due_ms(watch, failure);
	if (due <= now_ms())
		return begin_start(node, watch);
	if (due < *next_ms)
		*next_ms = due;
	return MINT_EXIT_OK;
}

static int print_event(const struct node_view *node, const struct watch *watch,
		       const char *error)
{
	const char *word = mint_node_state_name(watch->state);
	char when[32];
	time_t now = time(NULL);

	strftime(when, sizeof(when), "%F %T", localtime(&now));
	if (options.json)
		json_print_line(json_pack("{s:s, s:i, s:s, s:s, s:I, s:i, s:s?}", "time", when,
					  "id", node->id, "name", node->life.name,
					  "state", word, "generation",
					  (json_int_t)watch->generation, "waited_s",
					  watch->waited_s, "error", error));
	else if (error)
		printf("%s node '%s' (%u) is %s: %s\n", when, node->life.name, node->id,
		       word, error);
	else
		printf("%s node '%s' (%u) was %s: started again after %u s, generation %u\n", when,
		       node->life.name, node->id, word, watch->waited_s,
		       watch->generation + 1);
	return finish_output();
}

/* All that a child wrote, without its line feed; it has ended or closed stderr. */
static void read_errors(int from, char *text, size_t room)
{
	size_t got = 0;
	ssize_t part;

	do {
		part = read(from, text + got, room - 1 - got);
		if (part > 0)
			got += part;
	} while ((part > 0 && got < room - 1) || (part < 0 && errno == EINTR));
	while (got && text[got - 1] == '\n')
		got--;
	text[got] = '\0';
}

/* A start has ended. Nothing is told of one that somebody else did before us. */
static int end_start(const struct node_view *node)
{
	struct watch *watch = &watches[node->id];
	char error[sizeof(watch->last)];
	int status = 0;
	bool news;

	read_errors(watch->errors, error, sizeof(error));
	close(watch->errors);
	while (waitpid(watch->child, &status, 0) < 0 && errno == EINTR)
		;
	watch->child = 0;
	watch->since_ms = now_ms();
	watch->retry = true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == MINT_EXIT_STATE)
		return MINT_EXIT_OK;
	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		*watch->last = '\0';
		return print_event(node, watch, NULL);
	}
	if (!*error)
		snprintf(error, sizeof(error), "the process that starts it was killed");
	/* The same error is told once, not at every attempt. */
	news = strcmp(error, watch->last);
	memcpy(watch->last, error, sizeof(error));
	return news ? print_event(node, watch, error) : MINT_EXIT_OK;
}

static int wait_for_news(const struct target *target, __u64 next_ms)
{
	struct pollfd fds[MINT_MAX_NODES + 1] = { { .fd = target->region.fd, .events = POLLPRI } };
	__u32 ids[MINT_MAX_NODES + 1], id;
	__u64 now = now_ms();
	int i, nr = 1, timeout_ms = -1, code = MINT_EXIT_OK;

	for (id = 0; id < MINT_MAX_NODES; id++) {
		if (!watches[id].child)
			continue;
		ids[nr] = id;
		fds[nr++] = (struct pollfd) { .fd = watches[id].errors, .events = POLLIN };
	}
	if (next_ms != NEVER)
		timeout_ms = next_ms > now ? next_ms - now : 0;
	if (poll(fds, nr, timeout_ms) < 0)
		return errno == EINTR ? MINT_EXIT_OK : fail(MINT_EXIT_FAILED, "poll: %m");
	for (i = 1; !code && i < nr; i++)
		if (fds[i].revents)
			code = end_start(&target->tables.nodes[ids[i]]);
	return code;
}

static int check_operands(const struct target *target)
{
	const struct node_view *node;
	int i, code = MINT_EXIT_OK;

	for (i = 0; !code && i < target->call->nr_operands; i++) {
		code = tables_find(&target->tables, target->call->operands[i], &node);
		if (!code && node->life.policy == MINT_POLICY_NO)
			code = fail(MINT_EXIT_STATE, "'%s' has restart = no. Try: mint show %s",
				    node->life.name, node->life.name);
	}
	return code;
}

static int supervise(struct target *target)
{
	int code = check_operands(target);
	unsigned int i;

	while (!code) {
		__u64 next_ms = NEVER;

		for (i = 0; !code && i < target->tables.nr_nodes; i++)
			if (is_watched(target, &target->tables.nodes[i]))
				code = look_after(&target->tables.nodes[i], &next_ms);
		if (!code)
			code = wait_for_news(target, next_ms);
		if (!code)
			code = tables_snapshot(&target->region, &target->tables);
	}
	return code;
}

static int cmd_supervise(const struct call *call)
{
	fail_context("cannot supervise");
	return with_tables(call, supervise);
}

const struct verb verb_supervise = {
	.name = "supervise",
	.operand = "[NODE...]",
	.summary = "start nodes again that fail, as their files say, until killed",
	.options = option_table,
	.run = cmd_supervise,
};
