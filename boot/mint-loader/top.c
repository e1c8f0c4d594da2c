// SPDX-License-Identifier: GPL-2.0
/*
 * mint top: what the nodes do, again and again. In each round the tables are read,
 * the other nodes are asked (ask.c), this one is looked at, and what they tell is
 * compared with what they told the last time.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "ask.h"
#include "cpus.h"
#include "display.h"
#include "figures.h"
#include "json.h"
#include "node.h"
#include "rates.h"
#include "report.h"
#include "screen.h"
#include "tables.h"
#include "target.h"
#include "timing.h"
#include "verb.h"

#define LEAST_MS	500
#define MOST_MS		3600000
/* How long nodes have to answer: a user waits for the next screen, a script for figures. */
#define SCREEN_MS	1000
#define JSON_MS		5000
#define CONTEXT		"cannot watch the nodes"
#define COUNT_MOST	1000000

static struct {
	bool json;
	const char *interval;
	const char *count;
} options = { .interval = "2" };

/* What they say. */
static unsigned int interval_ms;
static unsigned long count;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ .name = "interval", .help = "how often to look, from 0.5 to 3600 (default 2)",
	  .file = &options.interval, .value = "SEC" },
	{ .name = "count", .help = "end after so many screens", .file = &options.count,
	  .value = "NUMBER" },
	{ }
};

/**
 * struct course - what is known of a node from the rounds until now
 * @known: @last is something
 * @compared: @rates are something
 * @generation: the start of the node that they are of
 * @last: what it told the last time
 * @rates: between that and the time before
 */
struct course {
	bool known;
	bool compared;
	__u32 generation;
	struct figures last;
	struct rates rates;
};

static struct course courses[MINT_MAX_NODES];
static struct answer answers[MINT_MAX_NODES];

/* Digits, perhaps with a point between them. */
static bool is_decimal(const char *text)
{
	static const char digits[] = "0123456789";
	size_t whole = strspn(text, digits);

	text += whole;
	if (!whole || !*text)
		return whole;
	return *text++ == '.' && *text && !text[strspn(text, digits)];
}

static int take_values(void)
{
	double seconds = is_decimal(options.interval) ? strtod(options.interval, NULL) : 0;

	if (seconds * 1000 < LEAST_MS || seconds * 1000 > MOST_MS)
		return fail(MINT_EXIT_USAGE,
			    "top: --interval '%s' is not a number of seconds from 0.5 to %u. %s",
			    options.interval, MOST_MS / 1000, "Try: mint top --interval 2");
	interval_ms = (unsigned int)(seconds * 1000 + 0.5);
	count = options.count && node_word_is_id(options.count) ?
		strtoul(options.count, NULL, 10) : 0;
	if (options.count && (!count || count > COUNT_MOST))
		return fail(MINT_EXIT_USAGE,
			    "top: --count '%s' is not a number from 1 to %u. Try: %s",
			    options.count, COUNT_MOST, "mint top --count 1");
	if (options.count && options.json)
		return fail(MINT_EXIT_USAGE, "top: --json and --count exclude each other. Try: %s",
			    "mint top --json, which ends by itself");
	return MINT_EXIT_OK;
}

static void add_figures(struct course *course, __u32 generation, const struct figures *figures)
{
	course->compared = course->known && course->generation == generation;
	if (course->compared)
		rates_between(&course->last, figures, &course->rates);
	course->known = true;
	course->generation = generation;
	course->last = *figures;
}

static void look_at_self(const struct node_view *node)
{
	struct answer *answer = &answers[node->id];

	figures_read(&answer->figures);
	answer->generation = node->life.generation;
	answer->fresh = true;
}

static void take_round(const struct target *target)
{
	const struct tables *tables = &target->tables;
	unsigned int i;

	if (target->region.fd >= 0)
		ask_all(&target->region, tables, answers, options.json ? JSON_MS : SCREEN_MS);
	if (tables->self < tables->nr_nodes)
		look_at_self(&tables->nodes[tables->self]);
	fail_context(CONTEXT);	/* a request may have changed it */
	for (i = 0; i < tables->nr_nodes; i++)
		if (answers[i].fresh)
			add_figures(&courses[i], answers[i].generation, &answers[i].figures);
}

static unsigned int nr_cpus(const struct tables *tables, __u16 owner)
{
	__u64 cpus[MINT_MAX_CPUS / 64];
	unsigned int cpu, nr = 0;

	tables_cpus(tables, owner, cpus);
	for (cpu = 0; cpu < MINT_MAX_CPUS; cpu++)
		nr += cpu_in(cpus, cpu);
	return nr;
}

static const char *why_not(const struct target *target, __u32 id)
{
	return target->region.fd < 0 ? "a saved region does not tell" : answers[id].why;
}

/* Returns how many nodes there are. */
static unsigned int fill_rows(const struct target *target, struct row rows[MINT_MAX_NODES])
{
	const struct tables *tables = &target->tables;
	unsigned int i, nr = 0;

	for (i = 0; i < tables->nr_nodes; i++) {
		const struct course *course = &courses[i];
		bool fresh = answers[i].fresh;

		if (tables->nodes[i].life.life == MINT_LIFE_NONE)
			continue;
		rows[nr++] = (struct row) {
			.node = &tables->nodes[i],
			.cpus = nr_cpus(tables, i),
			.memory_bytes = tables_bytes(tables, i),
			.figures = fresh ? &course->last : NULL,
			.rates = fresh && course->compared ? &course->rates : NULL,
			.why = fresh ? "" : why_not(target, i),
		};
	}
	return nr;
}

static json_t *row_json(const struct tables *tables, const struct row *row)
{
	const struct node_view *node = row->node;
	__u64 cpus[MINT_MAX_CPUS / 64];

	tables_cpus(tables, node->id, cpus);
	return json_pack("{s:i, s:s, s:s, s:I, s:o, s:I, s:I, s:s?, s:o, s:o}",
			 "id", node->id,
			 "name", node->life.name,
			 "state", node_state_name(node),
			 "generation", (json_int_t)node->life.generation,
			 "cpus", json_cpus(cpus),
			 "cpus_online", (json_int_t)node->self.nr_cpus,
			 "memory_bytes", (json_int_t)row->memory_bytes,
			 "why", *row->why ? row->why : NULL,
			 "figures", row->figures ? figures_json(row->figures) : json_null(),
			 "rates", row->rates ? rates_json(row->rates) : json_null());
}

static int print_json(const struct target *target)
{
	struct row rows[MINT_MAX_NODES];
	unsigned int i, nr = fill_rows(target, rows);
	json_t *nodes = json_array();

	for (i = 0; i < nr; i++)
		json_array_append_new(nodes, row_json(&target->tables, &rows[i]));
	return json_print(json_pack("{s:I, s:o}", "interval_ms", (json_int_t)interval_ms,
				    "nodes", nodes));
}

static void show(const struct target *target)
{
	struct row rows[MINT_MAX_NODES];
	unsigned int nr = fill_rows(target, rows);
	time_t now = time(NULL);
	char when[16], *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return;
	strftime(when, sizeof(when), "%T", localtime(&now));
	screen_print(to, when, rows, nr);
	fclose(to);
	if (text)
		display_show(text);
}

/* The next look; if that is over already, one is left out, or several. */
static __u64 next_look(__u64 last_ms)
{
	__u64 now = now_ms();

	return now - last_ms > interval_ms ? now : last_ms + interval_ms;
}

static int look_again(struct target *target)
{
	int code = tables_snapshot(&target->region, &target->tables);

	if (!code)
		take_round(target);
	return code;
}

/* The first round has nothing to compare with: it is drawn for who waits, and not counted. */
static int watch(struct target *target)
{
	__u64 look_ms = now_ms();
	unsigned long shown;
	int code = MINT_EXIT_OK;

	take_round(target);
	if (display_draws())
		show(target);
	for (shown = 0; !code && (!count || shown < count); shown++) {
		look_ms = next_look(look_ms);
		display_wait(look_ms);
		if (display_is_over())
			break;
		code = look_again(target);
		if (!code)
			show(target);
	}
	return code;
}

static int print_once(struct target *target)
{
	int code;

	take_round(target);
	pause_ms(interval_ms);
	code = look_again(target);
	return code ? code : print_json(target);
}

static int print_screens(struct target *target)
{
	int code, end;

	display_open();
	code = watch(target);
	end = display_close();
	return code ? code : end;
}

static int top(struct target *target)
{
	int code = options.json ? print_once(target) : print_screens(target);

	return code ? code : tables_damage(&target->tables);
}

static int cmd_top(const struct call *call)
{
	int code = take_values();

	if (code)
		return code;
	fail_context(CONTEXT);
	return with_tables(call, top);
}

const struct verb verb_top = {
	.name = "top",
	.summary = "show what the nodes do: CPUs, memory, frames and their latency",
	.options = option_table,
	.reads_saved = true,
	.prints = true,
	.run = cmd_top,
};
