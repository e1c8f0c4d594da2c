// SPDX-License-Identifier: GPL-2.0
/*
 * Text streams in the shared region: one writer that never waits, any number
 * of readers that may fall behind. Used by logs and consoles.
 */
#include <linux/minmax.h>
#include <linux/string.h>
#include "core.h"

/**
 * mint_stream_init() - make an empty stream
 * @stream: zeroed memory
 * @bytes: capacity, a power of two
 */
void mint_stream_init(struct mint_stream *stream, u32 bytes)
{
	mint_store(&stream->bytes, bytes);
}

/**
 * mint_stream_begin() - mark where the writer's present generation begins
 * @stream: the stream of this node
 */
void mint_stream_begin(struct mint_stream *stream)
{
	mint_store_release(&stream->start, mint_load(&stream->head));
	mint_store(&stream->zero_tsc, 0);
}

/**
 * mint_stream_write() - append text
 * @stream: a stream of this node; the caller serialises its calls
 * @bytes: capacity as this kernel knows it, a power of two
 * @text: what to append
 * @n: its size in bytes
 */
void mint_stream_write(struct mint_stream *stream, u32 bytes,
		       const char *text, unsigned int n)
{
	u64 head = mint_load(&stream->head);

	while (n) {
		unsigned int at = head & (bytes - 1);
		unsigned int part = min(n, bytes - at);

		memcpy(stream->data + at, text, part);
		text += part;
		n -= part;
		head += part;
	}
	/* Pairs with the acquire in mint_stream_read(). */
	mint_store_release(&stream->head, head);
}

/*
 * Returns where to read on, past what was lost. A head that has gone backwards is
 * damaged: the reader goes to it, so that no old text comes again as new.
 */
static u64 mint_stream_still_there(u64 at, u64 head, u32 bytes)
{
	if (head < at)
		return head;
	return head - at > bytes ? head - bytes : at;
}

/**
 * mint_stream_read() - copy what is new
 * @stream: a stream of any node
 * @bytes: capacity as this kernel knows it, a power of two
 * @at: position of the reader, any value; moves over what was copied or lost
 * @text: room for the text
 * @n: size of @text in bytes
 *
 * Return: bytes copied; 0 if there was nothing new or it was overwritten meanwhile.
 */
unsigned int mint_stream_read(struct mint_stream *stream, u32 bytes, u64 *at,
			      char *text, unsigned int n)
{
	/* Pairs with the release in mint_stream_write(). */
	u64 head = mint_load_acquire(&stream->head);
	unsigned int from, part;

	*at = mint_stream_still_there(*at, head, bytes);
	from = *at & (bytes - 1);
	part = min_t(u64, min(n, bytes - from), head - *at);
	memcpy(text, stream->data + from, part);
	/* The copy comes before the second look: it may have been overtaken. */
	mint_mb();
	head = mint_stream_still_there(*at, mint_load(&stream->head), bytes);
	if (head != *at) {
		*at = head;
		return 0;
	}
	*at += part;
	return part;
}
