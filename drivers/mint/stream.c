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
 * @stream: own stream
 */
void mint_stream_begin(struct mint_stream *stream)
{
	mint_store_release(&stream->start, mint_load(&stream->head));
	mint_store(&stream->zero_tsc, 0);
}

/**
 * mint_stream_write() - append text
 * @stream: own stream; calls are serialised by the caller
 * @bytes: its capacity, as this kernel knows it
 * @text: what to append
 * @n: how much
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
 * Where to read on, after what was lost. When a head goes backwards, which is a
 * damage, old text must not come again as new.
 */
static u64 mint_stream_still_there(u64 at, u64 head, u32 bytes)
{
	if (head < at)
		return head;
	return head - at > bytes ? head - bytes : at;
}

/**
 * mint_stream_read() - copy what is new
 * @stream: anybody's stream
 * @bytes: its capacity, as this kernel knows it
 * @at: position of the reader; moves on, past what was lost too
 * @text: room for the text
 * @n: how much fits
 *
 * Return: how much was copied, 0 when there is nothing new.
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
