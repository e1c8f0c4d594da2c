// SPDX-License-Identifier: GPL-2.0
/*
 * mint log: the kernel logs of one node or of all, merged on the clock of the
 * machine, once or until interrupted. A line of a merged log is held back for
 * a moment, since another node may just be writing an earlier one.
 */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <x86intrin.h>
#include <mint/abi.h>
#include "json.h"
#include "log_source.h"
#include "node.h"
#include "plain.h"
#include "report.h"
#include "stream.h"
#include "target.h"
#include "verb.h"

#define ROUND_MS	50
#define HOLD_NS		100000000ULL

static struct {
	bool json;
	bool follow;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ .name = "follow", .letter = 'f', .set = &options.follow,
	  .help = "go on with what comes, until interrupted" },
	{ }
};

/**
 * struct reading - one call of the verb
 * @target: region and tables
 * @merged: all nodes, not one
 * @utf8: standard output takes it
 * @code: an enum mint_exit: what came of the logs that could not be read
 * @nr: entries of @sources
 * @sources: the logs that are read; without a stream: not this one
 */
struct reading {
	struct target *target;
	bool merged;
	bool utf8;
	int code;
	unsigned int nr;
	struct log_source sources[MINT_MAX_NODES];
};

static json_t *time_json(__u64 ns)
{
	return ns == TIME_UNKNOWN ? json_null() : json_integer(ns & ~0ULL >> 1);
}

/* What is no UTF-8 loses all that is no ASCII. */
static json_t *text_json(struct record *record)
{
	char *text = record->text + record->stamp_bytes;
	size_t i, bytes = record->bytes - record->stamp_bytes;
	json_t *json;

	if (record->kind != RECORD_TEXT)
		return json_null();
	text_defuse(text, bytes, true);
	json = json_stringn(text, bytes);
	for (i = 0; !json && i < bytes; i++)
		if (text[i] & 0x80)
			text[i] = '?';
	return json ? json : json_stringn(text, bytes);
}

static int print_json(const struct log_source *source, const char *name, struct record *record)
{
	static const char *const kinds[] = {
		[RECORD_TEXT] = "text",
		[RECORD_LOST] = "lost",
		[RECORD_START] = "start",
	};

	return json_print_line(json_pack("{s:i, s:s, s:I, s:s, s:o, s:o, s:o, s:I}",
					 "id", source->node,
					 "name", name,
					 "generation", (json_int_t)record->generation,
					 "kind", kinds[record->kind],
					 "machine_ns", time_json(record->machine_ns),
					 "node_ns", time_json(record->node_ns),
					 "text", text_json(record),
					 "lost_bytes", (json_int_t)(record->lost & ~0ULL >> 1)));
}

/* The machine's time and the node's name instead of the node's time. */
static size_t print_origin(const char *name, const struct record *record)
{
	__u64 us = record->machine_ns / 1000;

	if (record->machine_ns == TIME_UNKNOWN) {
		printf("[           ?] %s: ", name);
		return 0;
	}
	printf("[%5llu.%06llu] %s: ", us / 1000000, us % 1000000, name);
	return record->stamp_bytes;
}

static int print_text(const struct reading *reading, const char *name, struct record *record)
{
	size_t skip = reading->merged ? print_origin(name, record) : 0;

	text_defuse(record->text, record->bytes, reading->utf8);
	if (record->kind == RECORD_TEXT)
		fwrite(record->text + skip, 1, record->bytes - skip, stdout);
	else if (record->kind == RECORD_LOST)
		printf("-- %llu bytes lost --", record->lost);
	else
		printf("-- generation %u --", record->generation);
	putchar('\n');
	return MINT_EXIT_OK;
}

static int print_first(const struct reading *reading, struct log_source *source)
{
	struct record *record = log_source_pop(source);
	struct node_view node;
	int code;

	node_read(&reading->target->region, source->node, &node);
	if (node.life.life == MINT_LIFE_NONE)	/* destroyed: as we knew it */
		node = reading->target->tables.nodes[source->node];
	if (options.json)
		code = print_json(source, node.life.name, record);
	else
		code = print_text(reading, node.life.name, record);
	free(record);
	return code;
}

/* The source whose first record is the oldest; one without a time comes first. */
static struct log_source *oldest_source(struct reading *reading)
{
	struct log_source *found = NULL;
	unsigned int i;

	for (i = 0; i < reading->nr; i++) {
		struct log_source *source = &reading->sources[i];

		if (source->first &&
		    (!found || source->first->machine_ns + 1 < found->first->machine_ns + 1))
			found = source;
	}
	return found;
}

static bool is_settled(const struct reading *reading, const struct record *record)
{
	if (!reading->merged || !options.follow || record->machine_ns == TIME_UNKNOWN)
		return true;
	return record->machine_ns + HOLD_NS <=
	       tsc_to_ns(__rdtsc(), reading->target->tables.ledger.tsc_khz);
}

static int print_settled(struct reading *reading)
{
	struct log_source *source;
	int code = 0;

	while (!code && (source = oldest_source(reading)) && is_settled(reading, source->first))
		code = print_first(reading, source);
	return code;
}

/* An unreadable log ends the call if it alone was asked for; else the others go on. */
static int take_all(struct reading *reading)
{
	unsigned int i;
	int code = 0;

	for (i = 0; i < reading->nr; i++) {
		struct log_source *source = &reading->sources[i];

		if (!source->stream)
			continue;
		code = log_source_take(&reading->target->region, source);
		if (!code && !options.follow)
			code = log_source_flush(source);
		if (code && !reading->merged)
			return code;
		if (code) {
			log_source_close(source);
			reading->code = code;
		}
	}
	return MINT_EXIT_OK;
}

static bool reader_left(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, ROUND_MS) > 0;
}

static int check_destroyed(const struct reading *reading)
{
	struct node_view node;

	if (reading->merged)
		return MINT_EXIT_OK;
	node_read(&reading->target->region, reading->sources[0].node, &node);
	if (node.life.life != MINT_LIFE_NONE)
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_NO_NODE, "the node was destroyed meanwhile. Try: mint list");
}

static int print_rounds(struct reading *reading)
{
	int code;

	do {
		int gone = 0;

		if (options.follow)
			gone = check_destroyed(reading);
		code = take_all(reading);
		if (!code)
			code = print_settled(reading);
		if (!code && (fflush(stdout) || ferror(stdout)))
			return errno == EPIPE ? MINT_EXIT_OK : finish_output();
		if (!code)
			code = gone;
	} while (!code && options.follow && !reader_left());
	return code;
}

static int read_logs(struct reading *reading)
{
	unsigned int i;
	int code = 0;

	reading->utf8 = output_takes_utf8();
	/* A reader that has seen enough is no error. */
	signal(SIGPIPE, SIG_IGN);
	code = print_rounds(reading);
	for (i = 0; i < reading->nr; i++)
		log_source_close(&reading->sources[i]);
	return code ? code : reading->code;
}

static int log_of_one(struct target *target)
{
	static struct reading reading = { .nr = 1 };
	int code;

	reading.target = target;
	code = log_source_open(&target->region, &target->tables, target->node->id,
			       reading.sources);
	if (code)
		return code;
	stream_age(target->node);
	return read_logs(&reading);
}

static int logs_of_all(struct target *target)
{
	static struct reading reading = { .merged = true };
	int code;

	reading.target = target;
	for (; reading.nr < target->tables.nr_nodes; reading.nr++) {
		code = log_source_open(&target->region, &target->tables, reading.nr,
				       &reading.sources[reading.nr]);
		if (code) {
			log_source_close(&reading.sources[reading.nr]);
			reading.code = code;
		}
	}
	return read_logs(&reading);
}

static int cmd_log(const struct call *call)
{
	if (options.follow && call->saved)
		return fail(MINT_EXIT_USAGE, "log: a saved region does not go on");
	if (!call->operand) {
		fail_context("cannot print the logs");
		return with_tables(call, logs_of_all);
	}
	fail_context("cannot print the log of node '%s'", call->operand);
	return with_node(call, log_of_one);
}

const struct verb verb_log = {
	.name = "log",
	.operand = "[NODE]",
	.summary = "print a node's kernel log, also after its end; or those of all, merged",
	.options = option_table,
	.reads_saved = true,
	.prints = true,
	.run = cmd_log,
};
