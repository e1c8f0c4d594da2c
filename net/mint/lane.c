// SPDX-License-Identifier: GPL-2.0
/*
 * A lane: bytes of one direction of a connection, in a ring.
 *
 * Where it begins: the writer stores in @start at which sequence number of TCP it
 * stops sending by TCP. The reader reads what TCP brings up to there, and then the
 * lane. Where it ends: the writer stores @ended, and goes on by TCP from the same
 * sequence number. The reader reads the lane to its tail, and then what TCP brings.
 * So no byte is in two places, and none has to be moved.
 *
 * Order: bytes, then @run and @start, then @tail with release; a reader that loads
 * @tail with acquire sees the others. @ended comes after the last @tail, with
 * release: who sees it, and then loads @tail, sees the last one. The reader
 * stores @head with release after it has read; a writer that loads it with acquire
 * may write there.
 *
 * Memory: the writer may change @run when all bytes are read. It frees the former
 * one at once: the reader touches memory only for bytes between head and tail,
 * and finds the new run with them.
 *
 * Wake-up: who finds nothing to do sets its word, @needs_bytes or @needs_room, has
 * a full barrier, and looks once more. The other end stores tail or head, has a
 * full barrier, and looks at that word. Of these two loads at least one sees the
 * other's store, so no wake-up is lost.
 *
 * Each end believes nothing: head and tail may only move towards each other or
 * within the memory, and the run must be one of the pair's.
 */
#include <linux/string.h>

#include "lane.h"

/* The writer hears of room when so much of the memory is free: a quarter. */
#define ROOM_SHIFT		2

/**
 * mint_writer_init() - be the writer of a lane that nothing was written to
 * @writer: filled in
 * @view: own view of the section
 * @pair: number of a pair that this node is an end of
 * @lane: MINT_LANE_*
 */
void mint_writer_init(struct mint_writer *writer, const struct mint_view *view, u32 pair,
		      unsigned int lane)
{
	*writer = (struct mint_writer){
		.lane = &mint_pair_at(view, pair)->lanes[lane],
		.pair = pair,
	};
}

/**
 * mint_writer_start() - bytes are written to the lane from now on
 * @writer: of a lane that has memory
 * @sequence: sequence number of TCP that the first byte would have
 */
void mint_writer_start(struct mint_writer *writer, u32 sequence)
{
	mint_store(&writer->lane->start, MINT_LANE_STARTED | sequence);
}

/**
 * mint_writer_use() - take other memory for the lane
 * @writer: all bytes of it are read
 * @view: own view of the section
 * @run: what mint_run_claim() has returned
 *
 * The former memory is not used any more.
 */
void mint_writer_use(struct mint_writer *writer, const struct mint_view *view, u64 run)
{
	writer->run = run;
	writer->data = mint_unit_data(view, mint_run_first(run));
	mint_store(&writer->size, (u64)view->geometry.unit_bytes << mint_run_order(run));
	mint_store(&writer->lane->run, run);
}

/**
 * mint_writer_look() - look how much the reader has read
 * @writer: the writer
 * @view: own view of the section
 *
 * Return: 0, or -EPROTO if that is impossible: the lane is of no use any more.
 */
int mint_writer_look(struct mint_writer *writer, struct mint_view *view)
{
	/* Pairs with the release in mint_reader_consume(). */
	u64 head = mint_load_acquire(&writer->lane->head);

	if (writer->tail - head > writer->tail - writer->head) {
		mint_fault_count(view, MINT_FAULT_HEAD);
		return -EPROTO;
	}
	writer->head = head;
	return 0;
}

/**
 * mint_writer_span() - where the next bytes go
 * @writer: the writer
 * @at: filled in, if there is any room
 *
 * Return: how many fit there in one piece.
 */
u64 mint_writer_span(const struct mint_writer *writer, void **at)
{
	u64 offset = writer->tail & (writer->size - 1);
	u64 room = mint_writer_room(writer);

	if (!room)
		return 0;
	*at = writer->data + offset;
	return room < writer->size - offset ? room : writer->size - offset;
}

/**
 * mint_writer_publish() - show bytes to the reader
 * @writer: the writer
 * @bytes: how many, at most what mint_writer_span() said
 */
void mint_writer_publish(struct mint_writer *writer, u64 bytes)
{
	/* Who polls reads it without a lock. */
	mint_store(&writer->tail, writer->tail + bytes);
	mint_store_release(&writer->lane->tail, writer->tail);
}

/**
 * mint_writer_kicks() - does the reader have to hear of new bytes, or of the end?
 * @writer: has published bytes, or ended
 *
 * Return: true if it waits; who asks has to signal it then, nobody else will.
 */
bool mint_writer_kicks(struct mint_writer *writer)
{
	u64 *word = &writer->lane->needs_bytes;

	mint_mb();	/* pairs with that in mint_reader_waits() */
	return mint_load(word) && mint_xchg(word, 0ULL);
}

/**
 * mint_writer_waits() - ask to hear of room
 * @writer: has found too little
 * @cpu: number of the CPU to ring
 *
 * Look once more after this.
 */
void mint_writer_waits(struct mint_writer *writer, u32 cpu)
{
	mint_store(&writer->lane->writer_cpu, (u64)cpu);
	mint_store(&writer->lane->needs_room, 1ULL);
	mint_mb();	/* pairs with that in mint_reader_kicks() */
}

/**
 * mint_writer_refused() - does the reader want no more bytes here?
 * @writer: the writer
 */
bool mint_writer_refused(const struct mint_writer *writer)
{
	return mint_load(&writer->lane->refused);
}

/**
 * mint_writer_end() - no byte is written to the lane any more
 * @writer: the writer
 */
void mint_writer_end(struct mint_writer *writer)
{
	mint_store_release(&writer->lane->ended, 1ULL);
}

/**
 * mint_reader_init() - be the reader of a lane that nothing was read from
 * @reader: filled in
 * @view: own view of the section
 * @pair: number of a pair that this node is an end of
 * @lane: MINT_LANE_*
 */
void mint_reader_init(struct mint_reader *reader, const struct mint_view *view, u32 pair,
		      unsigned int lane)
{
	*reader = (struct mint_reader){
		.lane = &mint_pair_at(view, pair)->lanes[lane],
		.pair = pair,
	};
}

/**
 * mint_reader_started() - is the lane in use?
 * @reader: the reader
 * @sequence: filled in, if it is
 *
 * Return: true once the writer has left TCP.
 */
bool mint_reader_started(const struct mint_reader *reader, u32 *sequence)
{
	u64 start = mint_load(&reader->lane->start);

	*sequence = (u32)start;
	return start & MINT_LANE_STARTED;
}

/**
 * mint_reader_ended() - has the writer gone back to TCP?
 * @reader: the reader
 *
 * A look after this finds all bytes that it has written here.
 */
bool mint_reader_ended(struct mint_reader *reader)
{
	/* Pairs with the release in mint_writer_end(). */
	return mint_load_acquire(&reader->lane->ended);
}

/* Finds the memory of bytes that the reader has not seen yet. */
static int mint_reader_find(struct mint_reader *reader, struct mint_view *view)
{
	u64 run = mint_load(&reader->lane->run);

	if (run == reader->run)
		return 0;
	if (mint_reader_bytes(reader) || !mint_run_valid(view, reader->pair, run)) {
		mint_fault_count(view, MINT_FAULT_RUN);
		return -EPROTO;
	}
	reader->run = run;
	reader->data = mint_unit_data(view, mint_run_first(run));
	mint_store(&reader->size, (u64)view->geometry.unit_bytes << mint_run_order(run));
	return 0;
}

/**
 * mint_reader_look() - look how much the writer has written
 * @reader: the reader
 * @view: own view of the section
 *
 * Return: 0, or -EPROTO if that is impossible: the lane is of no use any more.
 */
int mint_reader_look(struct mint_reader *reader, struct mint_view *view)
{
	/* Pairs with the release in mint_writer_publish(). */
	u64 tail = mint_load_acquire(&reader->lane->tail);
	int err;

	if (tail == reader->tail)
		return 0;
	err = mint_reader_find(reader, view);
	if (err)
		return err;
	if (tail - reader->head > reader->size ||
	    tail - reader->head < mint_reader_bytes(reader)) {
		mint_fault_count(view, MINT_FAULT_TAIL);
		return -EPROTO;
	}
	reader->tail = tail;
	return 0;
}

/**
 * mint_reader_span() - where the next bytes lie
 * @reader: the reader
 * @offset: so many bytes are passed over
 * @at: filled in, if there are more
 *
 * Return: how many lie there in one piece. The writer may change them all the same.
 */
u64 mint_reader_span(const struct mint_reader *reader, u64 offset, const void **at)
{
	u64 bytes = mint_reader_bytes(reader), place;

	if (offset >= bytes)
		return 0;
	bytes -= offset;
	place = (reader->head + offset) & (reader->size - 1);
	*at = reader->data + place;
	return bytes < reader->size - place ? bytes : reader->size - place;
}

/**
 * mint_reader_consume() - have done with bytes
 * @reader: the reader
 * @bytes: how many, at most mint_reader_bytes()
 */
void mint_reader_consume(struct mint_reader *reader, u64 bytes)
{
	/* Likewise. */
	mint_store(&reader->head, reader->head + bytes);
	mint_store_release(&reader->lane->head, reader->head);
}

/**
 * mint_reader_kicks() - does the writer have to hear of room, or of a refusal?
 * @reader: has consumed bytes, or refused more
 *
 * Return: true if it waits, and there is enough; who asks has to signal it then,
 * nobody else will.
 */
bool mint_reader_kicks(struct mint_reader *reader)
{
	u64 *word = &reader->lane->needs_room;

	mint_mb();	/* pairs with that in mint_writer_waits() */
	if (!mint_load(word))
		return false;
	if (mint_load(&reader->lane->tail) - reader->head >
	    reader->size - (reader->size >> ROOM_SHIFT) && !mint_load(&reader->lane->refused))
		return false;
	return mint_xchg(word, 0ULL);
}

/**
 * mint_reader_waits() - ask to hear of bytes
 * @reader: has found none
 * @cpu: number of the CPU to ring
 *
 * Look once more after this.
 */
void mint_reader_waits(struct mint_reader *reader, u32 cpu)
{
	mint_store(&reader->lane->reader_cpu, (u64)cpu);
	mint_store(&reader->lane->needs_bytes, 1ULL);
	mint_mb();	/* pairs with that in mint_writer_kicks() */
}

/**
 * mint_reader_looks() - need not hear of bytes
 * @reader: looks again and again, until it waits
 */
void mint_reader_looks(struct mint_reader *reader)
{
	mint_store(&reader->lane->needs_bytes, 0ULL);
}

/**
 * mint_reader_refuse() - want no more bytes in the lane
 * @reader: the reader
 */
void mint_reader_refuse(struct mint_reader *reader)
{
	mint_store(&reader->lane->refused, 1ULL);
}
