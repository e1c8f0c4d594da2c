// SPDX-License-Identifier: GPL-2.0
/*
 * What became of a start that has not come as far as it should: it ended, or is
 * late. What can be known is looked up in the node's line and in its log, and said;
 * nothing is guessed.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mint/abi.h>
#include "cmdline.h"
#include "config.h"
#include "fate.h"
#include "file.h"
#include "node.h"
#include "region.h"
#include "report.h"
#include "stream.h"
#include "util.h"

#define LINE_BYTES	160
#define PANIC		"Kernel panic - not syncing: "

/**
 * struct cause - why a kernel panics that has come up, but to no user space
 * @says: is in its line
 * @without_root: what a user can do if no root= is on its command line
 * @with_root: the same if there is one
 */
struct cause {
	const char *says;
	const char *without_root;
	const char *with_root;
};

static const struct cause causes[] = {
	{ "Unable to mount root fs", "root= in its cmdline, or initrd = in its file",
	  "another root= in its cmdline, or an initrd with the driver" },
	{ "No working init found", "init= in its cmdline, or another initrd",
	  "init= in its cmdline, or another root=" },
	{ "Requested init", "another init= in its cmdline", "another init= in its cmdline" },
	{ "Attempted to kill init", "mint console --history, for what init has said",
	  "mint console --history, for what init has said" },
	{ "deadlocked on memory", "more memory = in its file", "more memory = in its file" },
};

static const char *help_for(const char *line, const char *cmdline)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(causes); i++)
		if (strstr(line, causes[i].says))
			return cmdline_value(cmdline, "root=") ?
				causes[i].with_root : causes[i].without_root;
	return NULL;
}

/* What the present start of a node has logged, with a NUL behind it; empty without. */
static char *read_log(const struct region *region, __u32 node)
{
	const struct mint_stream *stream;
	struct buffer text = { 0 };
	struct stream_look look;
	char *log = NULL;
	size_t room;

	stream = stream_find(region, MINT_SECTION_LOGS, node, &room);
	if (stream && stream_look(stream, room, &look) &&
	    !stream_copy(stream, &look, look.start, look.head, &text))
		log = strndup((const char *)text.data, text.bytes);
	free(text.data);
	return log ? log : strdup("");
}

/* The line in which @at stands, from there on. */
static void cut_line(const char *at, char line[LINE_BYTES])
{
	snprintf(line, LINE_BYTES, "%.*s", (int)strcspn(at, "\n"), at);
	make_printable(line);
}

static void last_line(const char *log, char line[LINE_BYTES])
{
	size_t bytes = strlen(log);

	while (bytes && log[bytes - 1] == '\n')
		bytes--;
	while (bytes && log[bytes - 1] != '\n')
		bytes--;
	cut_line(log + bytes, line);
}

/* The first sentence that a panic gave as its reason, or an empty line. */
static void panic_line(const char *log, char line[LINE_BYTES])
{
	const char *at = strstr(log, PANIC);
	char *end;

	cut_line(at ? at + strlen(PANIC) : "", line);
	end = strstr(line, ". ");
	if (!end && *line)
		end = line + strlen(line) - (line[strlen(line) - 1] == '.');
	if (end)
		*end = '\0';
}

/**
 * fate_ended() - say why a node that was started has ended
 * @region: the region
 * @node: the node as it is now
 * @config: the file that it was started with
 *
 * Return: MINT_EXIT_FAILED.
 */
int fate_ended(const struct region *region, const struct node_view *node,
	       const struct config *config)
{
	const char *name = node->life.name, *help;
	char *log = read_log(region, node->id);
	char line[LINE_BYTES] = "";

	if (log && node_state(node) == MINT_NODE_PANICKED)
		panic_line(log, line);
	free(log);
	if (!*line)
		return fail(MINT_EXIT_FAILED, "it is %s after its start. Try: mint log %s",
			    node_state_name(node), name);
	help = help_for(line, config->cmdline);
	return fail(MINT_EXIT_FAILED, "it is panicked after its start: %s. Try: %s%smint log %s",
		    line, help ? help : "", help ? "; " : "", name);
}

/**
 * fate_late() - say how far a node has come that should have come farther
 * @region: the region
 * @node: the node as it is now; that its kernel is one for nodes has been checked
 * @timeout_s: how long it was waited for
 *
 * Return: MINT_EXIT_TIMEOUT.
 */
int fate_late(const struct region *region, const struct node_view *node, unsigned int timeout_s)
{
	const char *name = node->life.name, *step;
	char line[LINE_BYTES] = "";
	char *log;

	if (node->self.generation != node->life.generation)
		return fail(MINT_EXIT_TIMEOUT,
			    "no report from it within %u s: %s. Try: mint kill %s", timeout_s,
			    "its kernel has not come as far as its log", name);
	log = read_log(region, node->id);
	if (log)
		last_line(log, line);
	free(log);
	if (!node_active(node) || node->self.state == MINT_SELF_BOOTING)
		step = "its kernel is not up yet";
	else if (mint_node_init(&node->life, &node->user) == MINT_INIT_NONE)
		step = "its kernel is up, but runs no init yet";
	else
		return fail(MINT_EXIT_TIMEOUT,
			    "within %u s its initramfs has not come to %s. Try: mint console %s",
			    timeout_s, "the root that root= names", name);
	return fail(MINT_EXIT_TIMEOUT,
		    "no report from it within %u s: %s, its log ends with \"%s\". Try: mint log %s",
		    timeout_s, step, line, name);
}
