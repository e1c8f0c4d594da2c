/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A lane as its two ends see it. Each end has its own copy of what it has written
 * or read: what lies in shared memory is for the other one.
 */
#ifndef MINT_LANE_H
#define MINT_LANE_H

#include "view.h"

/**
 * struct mint_writer - the end of a lane that writes
 * @lane: in shared memory
 * @pair: number of its pair
 * @run: run word of its memory, 0 = none
 * @data: that memory
 * @size: bytes of it, a power of two
 * @tail: bytes written
 * @head: bytes that the reader had read when it was looked at last
 */
struct mint_writer {
	struct mint_lane *lane;
	u32 pair;
	u64 run;
	char *data;
	u64 size;
	u64 tail;
	u64 head;
};

/**
 * struct mint_reader - the end of a lane that reads
 * @lane: in shared memory
 * @pair: number of its pair
 * @run: run word of its memory, 0 = none known
 * @data: that memory
 * @size: bytes of it, a power of two
 * @head: bytes read
 * @tail: bytes that the writer had written when it was looked at last
 */
struct mint_reader {
	struct mint_lane *lane;
	u32 pair;
	u64 run;
	const char *data;
	u64 size;
	u64 head;
	u64 tail;
};

void mint_writer_init(struct mint_writer *writer, const struct mint_view *view, u32 pair,
		      unsigned int lane);
void mint_writer_start(struct mint_writer *writer, u32 sequence);
void mint_writer_use(struct mint_writer *writer, const struct mint_view *view, u64 run);
int mint_writer_look(struct mint_writer *writer, struct mint_view *view);
u64 mint_writer_span(const struct mint_writer *writer, void **at);
void mint_writer_publish(struct mint_writer *writer, u64 bytes);
bool mint_writer_kicks(struct mint_writer *writer);
void mint_writer_waits(struct mint_writer *writer, u32 cpu);
bool mint_writer_refused(const struct mint_writer *writer);
void mint_writer_end(struct mint_writer *writer);

/* Bytes that there is room for, as far as known. */
static inline u64 mint_writer_room(const struct mint_writer *writer)
{
	return writer->size - (writer->tail - writer->head);
}

/* Has the reader read all, as far as known? */
static inline bool mint_writer_idle(const struct mint_writer *writer)
{
	return writer->tail == writer->head;
}

void mint_reader_init(struct mint_reader *reader, const struct mint_view *view, u32 pair,
		      unsigned int lane);
bool mint_reader_started(const struct mint_reader *reader, u32 *sequence);
bool mint_reader_ended(struct mint_reader *reader);
int mint_reader_look(struct mint_reader *reader, struct mint_view *view);
u64 mint_reader_span(const struct mint_reader *reader, u64 offset, const void **at);
void mint_reader_consume(struct mint_reader *reader, u64 bytes);
bool mint_reader_kicks(struct mint_reader *reader);
void mint_reader_waits(struct mint_reader *reader, u32 cpu);
void mint_reader_looks(struct mint_reader *reader);
void mint_reader_refuse(struct mint_reader *reader);

/* Bytes that wait, as far as known. */
static inline u64 mint_reader_bytes(const struct mint_reader *reader)
{
	return reader->tail - reader->head;
}

#endif /* MINT_LANE_H */
