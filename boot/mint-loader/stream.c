// SPDX-License-Identifier: GPL-2.0
/*
 * Text streams of the region: logs and console outputs. A node writes while
 * we read, so a copy is trimmed by a second look at the head afterwards.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mint/abi.h>
#include <mint/atomic.h>
#include "file.h"
#include "node.h"
#include "region.h"
#include "report.h"
#include "stream.h"

#define LOOK_TRIES	100

/**
 * stream_find() - find the log or the console output of a node
 * @region: the region
 * @section: MINT_SECTION_LOGS or MINT_SECTION_CONSOLES
 * @node: node id
 * @room: filled in: how much of the region belongs to the stream
 *
 * Return: the stream, or NULL.
 */
const struct mint_stream *stream_find(const struct region *region, __u32 section, __u32 node,
				      size_t *room)
{
	const char *entry;
	size_t skip = 0;

	if (section == MINT_SECTION_CONSOLES)
		skip = offsetof(struct mint_console, out);
	entry = region_entry(region, section, node, skip + sizeof(struct mint_stream), room);
	if (!entry)
		return NULL;
	*room -= skip;
	return (const struct mint_stream *)(entry + skip);
}

/**
 * stream_look() - look where a stream begins and ends
 * @stream: the stream
 * @room: how much of the region belongs to it
 * @look: filled in
 *
 * Return: whether it is sound, and stood still for the look.
 */
bool stream_look(const struct mint_stream *stream, size_t room, struct stream_look *look)
{
	unsigned int tries = 0;

	look->bytes = mint_load(&stream->bytes);
	do {
		look->start = mint_load_acquire(&stream->start);
		/* Pairs with the release after the bytes in the kernel's writer. */
		look->head = mint_load_acquire(&stream->head);
		look->zero_tsc = mint_load_acquire(&stream->zero_tsc);
		look->stamp_khz = mint_load_acquire(&stream->stamp_khz);
	} while (look->start != mint_load(&stream->start) && tries++ < LOOK_TRIES);
	return tries < LOOK_TRIES && look->bytes && !(look->bytes & (look->bytes - 1)) &&
	       look->bytes <= room - sizeof(*stream) && look->start <= look->head;
}

/**
 * stream_failed() - say why a stream cannot be read
 * @stream: the stream, found but not sound; or NULL
 *
 * Return: an enum mint_exit.
 */
int stream_failed(const struct mint_stream *stream)
{
	return fail(MINT_EXIT_FAILED, stream ? "its stream in the shared region is damaged" :
		    "the shared region has none of that node");
}

/* Bytes from @from on, as one piece. */
static void copy_out(const struct mint_stream *stream, __u32 capacity, __u64 from,
		     struct buffer *to)
{
	size_t at = from & (capacity - 1);
	size_t first = capacity - at;

	if (first > to->bytes)
		first = to->bytes;
	memcpy(to->data, stream->data + at, first);
	memcpy(to->data + first, stream->data, to->bytes - first);
}

/**
 * stream_copy() - copy a part of a stream
 * @stream: the stream
 * @look: a look at it
 * @from: position of the first byte
 * @end: position after the last byte, at most that of the look
 * @text: filled in; @text->data is the caller's to free
 *
 * If the writer overtakes the copy, only the end of the part is left.
 *
 * Return: an enum mint_exit.
 */
int stream_copy(const struct mint_stream *stream, const struct stream_look *look, __u64 from,
		__u64 end, struct buffer *text)
{
	__u64 lost;

	if (look->head - from > look->bytes)
		from = look->head - look->bytes;
	text->bytes = end > from ? end - from : 0;
	text->data = malloc(text->bytes + 1);
	if (!text->data)
		return fail(MINT_EXIT_FAILED, "no memory for %zu bytes of text", text->bytes);
	copy_out(stream, look->bytes, from, text);
	/* The copy comes before the second look: it may have been overtaken. */
	mint_mb();
	lost = mint_load(&stream->head) - from;
	lost = lost > look->bytes ? lost - look->bytes : 0;
	if (lost > text->bytes)
		lost = text->bytes;
	text->bytes -= lost;
	memmove(text->data, text->data + lost, text->bytes);
	return MINT_EXIT_OK;
}

/**
 * stream_age() - say so when a node's present start has printed nothing yet
 * @node: the node
 *
 * A start that hangs early has not begun a stream of its own.
 */
void stream_age(const struct node_view *node)
{
	if (node->self.generation != node->life.generation)
		fprintf(stderr, "mint: nothing from generation %u yet; this is of generation %u\n",
			node->life.generation, node->self.generation);
}
