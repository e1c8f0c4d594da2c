// SPDX-License-Identifier: GPL-2.0
/*
 * Why a node that was started does not report: what can be known is looked up
 * and said, and nothing is guessed.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mint/abi.h>
#include "cmdline.h"
#include "file.h"
#include "node.h"
#include "region.h"
#include "report.h"
#include "stream.h"
#include "text.h"
#include "unreported.h"

#define LINE_BYTES	120

/* The lowest address that mem= on a command line takes away, as Linux reads it. */
static __u64 memory_limit(const char *cmdline)
{
	static const char units[] = "KMGTPE";
	__u64 limit = ~0ULL;

	while ((cmdline = cmdline_value(cmdline, "mem="))) {
		char *end;
		__u64 bytes = strtoull(cmdline, &end, 0);
		const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;

		if (end == cmdline)
			continue;
		if (unit)
			bytes <<= 10 * (unit - units + 1);
		if (bytes && bytes < limit)
			limit = bytes;
	}
	return limit;
}

static __u64 bytes_below(const struct mint_extent *extents, unsigned int nr, __u64 limit)
{
	__u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (extents[i].base < limit)
			bytes += limit - extents[i].base < extents[i].bytes ?
				 limit - extents[i].base : extents[i].bytes;
	return bytes;
}

/* The last line that a start of a node has logged, or an empty one. */
static void last_line(const struct region *region, __u32 node, char line[LINE_BYTES])
{
	const struct mint_stream *stream;
	struct buffer text = { 0 };
	struct stream_look look;
	const char *from, *end;
	size_t room;

	*line = '\0';
	stream = stream_find(region, MINT_SECTION_LOGS, node, &room);
	if (!stream || !stream_look(stream, room, &look) ||
	    stream_copy(stream, &look, look.start, look.head, &text))
		return;
	end = (const char *)text.data + text.bytes;
	while (end > (const char *)text.data && end[-1] == '\n')
		end--;
	for (from = end; from > (const char *)text.data && from[-1] != '\n'; from--)
		;
	snprintf(line, LINE_BYTES, "%.*s", (int)(end - from), from);
	free(text.data);
}

static int memory_cut_off(const struct unreported *start, __u64 limit, __u64 left)
{
	__u64 all = bytes_below(start->extents, start->nr_extents, ~0ULL);
	char limit_text[24], left_text[24], all_text[24];

	return fail(MINT_EXIT_TIMEOUT,
		    "no report from it within %u s: mem= on its command line %s %s, %s %s of its %s. %s",
		    start->timeout_s, "cuts memory off at", size_text(limit, limit_text),
		    "which leaves it", size_text(left, left_text), size_text(all, all_text),
		    "Try: memory = in its file instead");
}

/**
 * unreported_failed() - say what is known of a start that was not reported
 * @start: the start; that its kernel is one for nodes has been checked
 *
 * Return: MINT_EXIT_TIMEOUT.
 */
int unreported_failed(const struct unreported *start)
{
	__u64 limit = memory_limit(start->cmdline);
	__u64 left = bytes_below(start->extents, start->nr_extents, limit);
	const struct node_view *node = start->node;
	char line[LINE_BYTES];

	if (left < bytes_below(start->extents, start->nr_extents, ~0ULL))
		return memory_cut_off(start, limit, left);
	if (node->self.generation != node->life.generation)
		return fail(MINT_EXIT_TIMEOUT,
			    "no report from it within %u s: %s. Try: mint kill %s",
			    start->timeout_s, "its kernel has not come as far as its log",
			    node->life.name);
	last_line(start->region, node->id, line);
	return fail(MINT_EXIT_TIMEOUT,
		    "no report from it within %u s: %s, its log ends with \"%s\". Try: mint log %s",
		    start->timeout_s, "its kernel is not up yet", line, node->life.name);
}
