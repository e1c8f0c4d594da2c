// SPDX-License-Identifier: GPL-2.0
/*
 * mint exec: run a command on another node, with our standard input, output
 * and error, and leave with its exit code. Whatever ends this process closes
 * the session, and with it the command.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <mint/dev.h>
#include "node.h"
#include "paths.h"
#include "region.h"
#include "relay.h"
#include "report.h"
#include "request.h"
#include "target.h"
#include "timing.h"
#include "verb.h"

static struct {
	bool no_input;
} options;

static const struct verb_option option_table[] = {
	{ .name = "no-input", .letter = 'n', .set = &options.no_input,
	  .help = "leave standard input alone: the command's is empty" },
	{ }
};

/* The words of the command, each with its NUL. */
static int join_words(char *const *words, char *text, __u32 *bytes)
{
	*bytes = 0;
	for (; *words; words++) {
		size_t n = strlen(*words) + 1;

		if (n > MINT_ARGUMENT_BYTES - *bytes)
			return fail(MINT_EXIT_FAILED,
				    "the command is longer than %u bytes. Try: a script on the node",
				    MINT_ARGUMENT_BYTES);
		memcpy(text + *bytes, *words, n);
		*bytes += n;
	}
	return MINT_EXIT_OK;
}

static int open_relays(int session, struct relay relays[MINT_NR_PIPES])
{
	unsigned int i;

	for (i = 0; i < MINT_NR_PIPES; i++) {
		int pipe = session_pipe(session, i);

		if (pipe < 0)
			return fail(MINT_EXIT_FAILED, "its pipes cannot be opened: %m");
		relays[i].from = i == MINT_PIPE_STDIN ? STDIN_FILENO : pipe;
		relays[i].to = i == MINT_PIPE_STDIN ? pipe : (int)i;
		relays[i].used = 0;
	}
	if (options.no_input) {
		relays[MINT_PIPE_STDIN].from = -1;
		relay_close(&relays[MINT_PIPE_STDIN]);
	}
	return MINT_EXIT_OK;
}

/* Moves bytes until the command has ended and all that it printed is out. */
static void relay_all(int session, struct relay relays[MINT_NR_PIPES])
{
	struct pollfd over = { .fd = session, .events = POLLIN };

	while (over.fd >= 0 || relay_is_open(&relays[MINT_PIPE_STDOUT]) ||
	       relay_is_open(&relays[MINT_PIPE_STDERR])) {
		over.revents = 0;
		relay_wait(relays, MINT_NR_PIPES, &over, 1, HANG_LOOK_MS);
		if (over.revents)
			over.fd = -1;
	}
}

/*
 * The command's exit code does not tell whether all bytes were moved: a relay
 * that failed is an error of its own. None are a reader that has seen enough,
 * an input that cannot be read at all, as under nohup, and a terminal that is
 * gone.
 */
static int check_relays(const struct relay relays[MINT_NR_PIPES], bool terminal, int code)
{
	static const char *const failed[] = {
		[MINT_PIPE_STDIN] = "standard input could not be read",
		[MINT_PIPE_STDOUT] = "its output could not be written",
		[MINT_PIPE_STDERR] = "its error output could not be written",
	};
	unsigned int i;

	for (i = 0; i < MINT_NR_PIPES; i++) {
		int error = relays[i].error;
		bool usual = i == MINT_PIPE_STDIN && (terminal || error == EBADF);

		if (error && error != EPIPE && !usual)
			return fail(MINT_EXIT_FAILED, "%s: %s", failed[i], strerror(error));
	}
	return code;
}

static int run_command(const struct region *region, const struct node_view *node,
		       char *const *command)
{
	static struct relay relays[MINT_NR_PIPES];
	static char text[MINT_ARGUMENT_BYTES];
	bool terminal = isatty(STDIN_FILENO);
	struct mint_ioc_result result;
	__u32 bytes;
	int code;

	code = join_words(command, text, &bytes);
	if (!code)
		code = request_send(region, node, MINT_VERB_EXEC, text, bytes);
	if (!code)
		code = open_relays(region->fd, relays);
	if (code)
		return code;
	signal(SIGPIPE, SIG_IGN);
	relay_all(region->fd, relays);
	if (ioctl(region->fd, MINT_IOC_RESULT, &result))
		return fail(MINT_EXIT_FAILED, MINT_DEVICE ": %m");
	code = request_result(node, &result);
	return result.state == MINT_ANSWER_DONE ? check_relays(relays, terminal, code) : code;
}

static int exec(struct target *target)
{
	int code = request_check(target->node);

	return code ? code : run_command(&target->region, target->node,
					  target->call->command);
}

static int cmd_exec(const struct call *call)
{
	fail_context("cannot run a command on node '%s'", call->operand);
	return with_node(call, exec);
}

const struct verb verb_exec = {
	.name = "exec",
	.operand = "NODE",
	.summary = "run a command on a node, and exit with its code",
	.options = option_table,
	.runs_command = true,
	.prints = true,
	.run = cmd_exec,
};
