// SPDX-License-Identifier: GPL-2.0
/*
 * Why a node that was started does not report: what can be known is looked up
 * and said, and nothing is guessed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mint/abi.h>
#include "file.h"
#include "node.h"
#include "region.h"
#include "report.h"
#include "stream.h"
#include "unreported.h"

#define LINE_BYTES	120

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

/**
 * unreported_failed() - say what is known of a start that was not reported
 * @region: the region
 * @node: the node as it is now; that its kernel is one for nodes has been checked
 * @timeout_s: how long the report was waited for
 *
 * Return: MINT_EXIT_TIMEOUT.
 */
int unreported_failed(const struct region *region, const struct node_view *node,
		      unsigned int timeout_s)
{
	char line[LINE_BYTES];

	if (node->self.generation != node->life.generation)
		return fail(MINT_EXIT_TIMEOUT,
			    "no report from it within %u s: %s. Try: mint kill %s", timeout_s,
			    "its kernel has not come as far as its log", node->life.name);
	last_line(region, node->id, line);
	return fail(MINT_EXIT_TIMEOUT,
		    "no report from it within %u s: %s, its log ends with \"%s\". Try: mint log %s",
		    timeout_s, "its kernel is not up yet", line, node->life.name);
}
