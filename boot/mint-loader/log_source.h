/* SPDX-License-Identifier: GPL-2.0 */
/* The log of one node as a queue of records. */
#ifndef MINT_LOADER_LOG_SOURCE_H
#define MINT_LOADER_LOG_SOURCE_H

#include <stddef.h>
#include <mint/abi.h>
#include "file.h"

struct region;
struct tables;

/**
 * enum record_kind - what stands in a record
 * @RECORD_TEXT: a line that the node logged
 * @RECORD_LOST: bytes were overwritten before they were read
 * @RECORD_START: a generation of the node begins
 */
enum record_kind {
	RECORD_TEXT,
	RECORD_LOST,
	RECORD_START,
};

#define TIME_UNKNOWN	(~0ULL)

/**
 * struct record - a line of a log, or what stands between two lines
 * @next: the record after it, of the same node
 * @kind: what it is
 * @generation: the node's, when it was logged
 * @machine_ns: time since the time stamp counter was 0, or TIME_UNKNOWN
 * @node_ns: the line's own time stamp, or TIME_UNKNOWN
 * @lost: with RECORD_LOST: how many bytes
 * @stamp_bytes: length of the time stamp at the beginning of @text
 * @bytes: length of @text
 * @text: the line without its end
 */
struct record {
	struct record *next;
	enum record_kind kind;
	__u32 generation;
	__u64 machine_ns;
	__u64 node_ns;
	__u64 lost;
	size_t stamp_bytes;
	size_t bytes;
	char text[];
};

/**
 * struct log_source - the log of one node, as it is read
 * @stream: the log, or NULL
 * @room: how much of the region belongs to it
 * @node: node id
 * @generation: of the text that is read
 * @tsc_khz: rate of the time stamp counter
 * @start: where that generation began
 * @at: position of the next byte to read
 * @zero_tsc: time stamp counter at the generation's time 0, 0 = not known
 * @stamp_khz: rate at which its times follow that counter
 * @last_ns: time of the newest record
 * @rest: the beginning of a line whose end was not there yet
 * @first: oldest record not yet printed, or NULL
 * @last: the newest one, if there is one
 */
struct log_source {
	const struct mint_stream *stream;
	size_t room;
	__u32 node;
	__u32 generation;
	__u32 tsc_khz;
	__u64 start;
	__u64 at;
	__u64 zero_tsc;
	__u32 stamp_khz;
	__u64 last_ns;
	struct buffer rest;
	struct record *first;
	struct record *last;
};

int log_source_open(const struct region *region, const struct tables *tables, __u32 node,
		    struct log_source *source);
int log_source_take(const struct region *region, struct log_source *source);
int log_source_flush(struct log_source *source);
void log_source_close(struct log_source *source);
struct record *log_source_pop(struct log_source *source);
__u64 tsc_to_ns(__u64 tsc, __u32 khz);

#endif /* MINT_LOADER_LOG_SOURCE_H */
