// SPDX-License-Identifier: GPL-2.0
/*
 * The log of one node as a queue of records: the stream cut into lines, each
 * with its generation and its time on the clock of the machine.
 *
 * A node's time stamps count from its own start. The clock that all nodes
 * share is the time stamp counter, and each log says what it was at time 0.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <mint/abi.h>
#include "file.h"
#include "log_source.h"
#include "node.h"
#include "region.h"
#include "report.h"
#include "stream.h"
#include "tables.h"

/**
 * tsc_to_ns() - what a number of ticks is in time
 * @tsc: ticks of the time stamp counter
 * @khz: its rate
 *
 * Return: nanoseconds, or TIME_UNKNOWN without a rate.
 */
__u64 tsc_to_ns(__u64 tsc, __u32 khz)
{
	if (!khz)
		return TIME_UNKNOWN;
	return tsc / khz * 1000000 + tsc % khz * 1000000 / khz;
}

/* Reads "[    1.234567] " at the beginning of a line. */
static void read_stamp(struct record *record)
{
	const char *at = record->text, *end = at + record->bytes;
	unsigned int digits = 0;
	__u64 seconds = 0, us = 0;

	if (at == end || *at++ != '[')
		return;
	while (at < end && *at == ' ')
		at++;
	for (; at < end && isdigit((unsigned char)*at) && seconds < 1ULL << 32; at++)
		seconds = 10 * seconds + *at - '0';
	if (at == end || *at++ != '.')
		return;
	for (; at < end && isdigit((unsigned char)*at) && digits < 6; at++, digits++)
		us = 10 * us + *at - '0';
	if (digits != 6 || at == end || *at++ != ']')
		return;
	record->node_ns = (seconds * 1000000 + us) * 1000;
	record->stamp_bytes = at - record->text;
	if (at < end && *at == ' ')
		record->stamp_bytes++;
}

/*
 * A node may stamp its lines by another rate than that of the ledger, which node 0
 * has measured better since. Ticks are the same for all.
 */
static __u64 machine_time(const struct log_source *source, __u64 node_ns)
{
	__u32 khz = source->stamp_khz ? source->stamp_khz : source->tsc_khz;
	__u64 ticks = node_ns / 1000000 * khz + node_ns % 1000000 * khz / 1000000;

	return tsc_to_ns(source->zero_tsc + ticks, source->tsc_khz);
}

/* Within a node the order is that of the stream, so no time is before the last. */
static void set_time(struct log_source *source, struct record *record)
{
	__u64 time;

	if (!source->zero_tsc || !source->tsc_khz)
		return;
	if (record->kind == RECORD_START)
		record->node_ns = 0;
	time = record->node_ns != TIME_UNKNOWN ? machine_time(source, record->node_ns) : 0;
	if (time > source->last_ns)
		source->last_ns = time;
	record->machine_ns = source->last_ns;
}

static int add_record(struct log_source *source, enum record_kind kind, __u64 lost,
		      const unsigned char *text, size_t bytes)
{
	struct record *record = malloc(sizeof(*record) + bytes);

	if (!record)
		return fail(MINT_EXIT_FAILED, "no memory for a line of %zu bytes", bytes);
	*record = (struct record) {
		.kind = kind,
		.generation = source->generation,
		.machine_ns = TIME_UNKNOWN,
		.node_ns = TIME_UNKNOWN,
		.lost = lost,
		.bytes = bytes,
	};
	if (bytes)
		memcpy(record->text, text, bytes);
	read_stamp(record);
	set_time(source, record);
	if (source->first)
		source->last->next = record;
	else
		source->first = record;
	source->last = record;
	return MINT_EXIT_OK;
}

/**
 * log_source_flush() - let go of the beginning of a line: its end is not coming
 * @source: the source
 *
 * Return: an enum mint_exit.
 */
int log_source_flush(struct log_source *source)
{
	struct buffer *rest = &source->rest;
	int code = 0;

	if (rest->bytes)
		code = add_record(source, RECORD_TEXT, 0, rest->data, rest->bytes);
	rest->bytes = 0;
	return code;
}

/* Adds new text to the rest, cuts off all lines that end in it. */
static int cut_lines(struct log_source *source, const struct buffer *text)
{
	struct buffer *rest = &source->rest;
	unsigned char *longer = realloc(rest->data, rest->bytes + text->bytes + 1), *end;
	size_t at = 0;
	int code = 0;

	if (!longer)
		return fail(MINT_EXIT_FAILED, "no memory for %zu bytes of text", text->bytes);
	rest->data = longer;
	memcpy(rest->data + rest->bytes, text->data, text->bytes);
	rest->bytes += text->bytes;
	while (!code && (end = memchr(rest->data + at, '\n', rest->bytes - at))) {
		code = add_record(source, RECORD_TEXT, 0, rest->data + at, end - rest->data - at);
		at = end + 1 - rest->data;
	}
	rest->bytes -= at;
	memmove(rest->data, rest->data + at, rest->bytes);
	return code;
}

/* Takes what stands before @end; if there was more, says how much. */
static int take_until(struct log_source *source, const struct stream_look *look, __u64 end)
{
	struct buffer text;
	__u64 lost;
	int code;

	if (source->at >= end)
		return MINT_EXIT_OK;
	code = stream_copy(source->stream, look, source->at, end, &text);
	if (code)
		return code;
	lost = end - source->at - text.bytes;
	if (lost)
		code = log_source_flush(source);
	if (!code && lost)
		code = add_record(source, RECORD_LOST, lost, NULL, 0);
	if (!code)
		code = cut_lines(source, &text);
	source->at = end;
	free(text.data);
	return code;
}

static void take_clock(struct log_source *source, const struct stream_look *look)
{
	source->zero_tsc = look->zero_tsc;
	source->stamp_khz = look->stamp_khz;
}

static int begin_generation(struct log_source *source, const struct stream_look *look,
			    __u32 generation)
{
	int code = take_until(source, look, look->start);

	if (!code)
		code = log_source_flush(source);
	source->generation = generation;
	source->start = look->start;
	source->at = look->start;
	take_clock(source, look);
	return code ? code : add_record(source, RECORD_START, 0, NULL, 0);
}

/**
 * log_source_take() - take what is new
 * @region: the region
 * @source: the source; its queue becomes longer
 *
 * Return: an enum mint_exit.
 */
int log_source_take(const struct region *region, struct log_source *source)
{
	struct stream_look look;
	struct node_view node;
	int code = 0;

	if (!stream_look(source->stream, source->room, &look))
		return stream_failed(source->stream);
	/* A node that starts tells its generation, then where its log begins. */
	node_read(region, source->node, &node);
	if (look.start != source->start)
		code = begin_generation(source, &look, node.self.generation);
	else
		take_clock(source, &look);
	return code ? code : take_until(source, &look, look.head);
}

/**
 * log_source_open() - begin to read a node's log
 * @region: the region
 * @tables: its tables
 * @node: node id; of an id that is not in use only what comes is read
 * @source: filled in; log_source_close() is due after success and failure alike
 *
 * Return: an enum mint_exit.
 */
int log_source_open(const struct region *region, const struct tables *tables, __u32 node,
		    struct log_source *source)
{
	const struct node_view *view = &tables->nodes[node];
	struct stream_look look;

	memset(source, 0, sizeof(*source));
	source->node = node;
	source->tsc_khz = tables->ledger.tsc_khz;
	source->stream = stream_find(region, MINT_SECTION_LOGS, node, &source->room);
	if (!source->stream || !stream_look(source->stream, source->room, &look))
		return stream_failed(source->stream);
	source->generation = view->self.generation;
	source->start = look.start;
	source->at = view->life.life == MINT_LIFE_NONE ? look.head : look.start;
	return MINT_EXIT_OK;
}

/**
 * log_source_pop() - take the oldest record out of the queue
 * @source: the source; its queue is not empty
 *
 * Return: the record, the caller's to free.
 */
struct record *log_source_pop(struct log_source *source)
{
	struct record *record = source->first;

	source->first = record->next;
	return record;
}

/**
 * log_source_close() - give back what a source took
 * @source: the source
 */
void log_source_close(struct log_source *source)
{
	while (source->first)
		free(log_source_pop(source));
	free(source->rest.data);
	memset(source, 0, sizeof(*source));
}
