/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An end of a pair as a socket has it: what it writes is known to the other one.
 */
#ifndef TESTS_BYPASS_END_H
#define TESTS_BYPASS_END_H

#include "section.h"

/**
 * struct end - both directions of a pair, as one node has them
 * @number: of the pair
 * @server: is it the server?
 * @key: of the pair
 * @writer: its lane to the other end
 * @reader: the lane from there
 */
struct end {
	u32 number;
	bool server;
	u64 key;
	struct mint_writer writer;
	struct mint_reader reader;
};

static inline void end_init(struct end *e, const struct mint_view *view, u32 number, u64 key,
			    bool server)
{
	*e = (struct end){ .number = number, .server = server, .key = key };
	mint_writer_init(&e->writer, view, number,
			 server ? MINT_LANE_TO_CLIENT : MINT_LANE_TO_SERVER);
	mint_reader_init(&e->reader, view, number,
			 server ? MINT_LANE_TO_SERVER : MINT_LANE_TO_CLIENT);
}

/* Byte number @n of what one end sends. */
static inline u8 end_byte(u64 key, bool server, u64 n)
{
	return (key * 31 + n + (n >> 8) + server * 101) * 0x9e3779b97f4a7c15ULL >> 56;
}

/* Takes memory for the first time, or other memory in place of it. */
static inline bool end_memory(struct end *e, struct mint_view *view, u32 order, u32 spare)
{
	u64 old = e->writer.run, run = mint_run_claim(view, 0, e->number, order, spare);

	if (!run)
		return false;
	mint_writer_use(&e->writer, view, run);
	if (old)
		mint_run_free(view, old);
	return true;
}

/* Writes up to @bytes in one piece; how many went. */
static inline u64 end_write(struct end *e, u64 bytes)
{
	u64 span, i;
	void *at;

	span = mint_writer_span(&e->writer, &at);
	if (span > bytes)
		span = bytes;
	if (!span)
		return 0;
	for (i = 0; i < span; i++)
		((u8 *)at)[i] = end_byte(e->key, e->server, e->writer.tail + i);
	mint_writer_publish(&e->writer, span);
	return span;
}

/* Reads up to @bytes in one piece, of those that it knows of; how many came. */
static inline u64 end_read(struct end *e, u64 bytes)
{
	u64 span, i;
	const void *at;

	span = mint_reader_span(&e->reader, 0, &at);
	if (span > bytes)
		span = bytes;
	if (!span)
		return 0;
	for (i = 0; i < span; i++)
		CHECK(((u8 *)at)[i] == end_byte(e->key, !e->server, e->reader.head + i));
	mint_reader_consume(&e->reader, span);
	return span;
}

/* Reads all that is there. */
static inline void end_drain(struct end *e, struct mint_view *view)
{
	CHECK(!mint_reader_look(&e->reader, view));
	while (end_read(e, ~0ULL))
		;
}

static inline void end_leave(struct end *e, struct mint_view *view)
{
	mint_reader_refuse(&e->reader);
	mint_pair_leave(view, e->number, e->server);
}

#endif /* TESTS_BYPASS_END_H */
