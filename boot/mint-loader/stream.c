// SPDX-License-Identifier: GPL-2.0
/*
 * Text streams of the region: logs and console outputs. A node writes while
 * we read, so a copy is trimmed by a second look at the head afterwards.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mint.h"

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

/* Bytes from..head of the ring, as one piece. */
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
 * stream_read() - copy what a stream holds of the node's present start
 * @stream: the stream
 * @room: how much of the region belongs to it
 * @to: filled in; @to->data is the caller's to free
 *
 * Return: an enum mint_exit.
 */
int stream_read(const struct mint_stream *stream, size_t room, struct buffer *to)
{
	/* Pairs with the release after the bytes in the kernel's writer. */
	__u64 head = mint_load_acquire(&stream->head);
	__u64 from = mint_load(&stream->start), lost;
	__u32 capacity = mint_load(&stream->bytes);

	memset(to, 0, sizeof(*to));
	if (!capacity || capacity & (capacity - 1) || capacity > room - sizeof(*stream) ||
	    from > head)
		return fail(MINT_EXIT_FAILED, "its stream in the shared region is damaged");
	if (head - from > capacity)
		from = head - capacity;
	to->bytes = head - from;
	to->data = malloc(to->bytes + 1);
	if (!to->data)
		return fail(MINT_EXIT_FAILED, "no memory for %zu bytes of text", to->bytes);
	copy_out(stream, capacity, from, to);
	/* The copy comes before the second look: it may have been overtaken. */
	mint_mb();
	head = mint_load(&stream->head);
	lost = head - from > capacity ? head - from - capacity : 0;
	if (lost > to->bytes)
		lost = to->bytes;
	to->bytes -= lost;
	memmove(to->data, to->data + lost, to->bytes);
	return MINT_EXIT_OK;
}

/* A node's text must not drive the terminal that looks at it. */
static void defuse(struct buffer *text)
{
	size_t i;

	for (i = 0; i < text->bytes; i++)
		if ((text->data[i] < ' ' && !strchr("\t\r\n", text->data[i])) ||
		    !text->data[i] || text->data[i] == 0x7f)
			text->data[i] = '?';
}

/**
 * stream_print() - print what a stream holds of the node's present start
 * @region: the region
 * @section: MINT_SECTION_LOGS or MINT_SECTION_CONSOLES
 * @node: the node
 *
 * Return: an enum mint_exit.
 */
int stream_print(const struct region *region, __u32 section, const struct node_view *node)
{
	const struct mint_stream *stream;
	struct buffer text;
	size_t room;
	int code;

	stream = stream_find(region, section, node->id, &room);
	if (!stream)
		return fail(MINT_EXIT_FAILED, "the shared region has none of that node");
	code = stream_read(stream, room, &text);
	if (code)
		return code;
	if (isatty(STDOUT_FILENO))
		defuse(&text);
	fwrite(text.data, 1, text.bytes, stdout);
	free(text.data);
	/* A start that hangs early has not begun a stream of its own. */
	if (node->self.generation != node->life.generation)
		fprintf(stderr, "mint: nothing from generation %u yet; this is of generation %u\n",
			node->life.generation, node->self.generation);
	return finish_output();
}
