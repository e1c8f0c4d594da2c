// SPDX-License-Identifier: GPL-2.0
/*
 * Figures and rates for other programs, and on their way to another node. What another
 * node sends is checked like all that it writes: what is no number that fits is not taken.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "figures.h"
#include "json.h"
#include "rates.h"

static const char *const names[] = {
	[FIGURE_BUSY_TICKS] = "busy_ticks",
	[FIGURE_IDLE_TICKS] = "idle_ticks",
	[FIGURE_MEMORY_TOTAL] = "memory_total_bytes",
	[FIGURE_MEMORY_AVAILABLE] = "memory_available_bytes",
	[FIGURE_RX_FRAMES] = "rx_frames",
	[FIGURE_TX_FRAMES] = "tx_frames",
	[FIGURE_RX_BYTES] = "rx_bytes",
	[FIGURE_TX_BYTES] = "tx_bytes",
	[FIGURE_RX_DROPPED] = "rx_dropped",
	[FIGURE_TX_DROPPED] = "tx_dropped",
};

static void set_known(json_t *object, const char *name, __u64 value)
{
	if (value != FIGURE_UNKNOWN)
		json_object_set_new(object, name, json_integer(value));
}

static json_t *latency_json(const struct figures *figures)
{
	json_t *rows = json_array();
	int source;

	for (source = 0; source < MINT_MAX_NODES; source++) {
		const struct latency *row = &figures->latency[source];

		if (row->frames)
			json_array_append_new(rows, json_pack("{s:i, s:I, s:I, s:I}", "source",
							      source, "frames",
							      (json_int_t)row->frames, "p50_ns",
							      (json_int_t)row->p50_ns, "p99_ns",
							      (json_int_t)row->p99_ns));
	}
	return rows;
}

/**
 * figures_json() - figures as an object
 * @figures: what is not known is left out
 */
json_t *figures_json(const struct figures *figures)
{
	json_t *object = json_pack("{s:I}", "time_ms", (json_int_t)figures->time_ms);
	int i;

	for (i = 0; i < NR_FIGURES; i++)
		set_known(object, names[i], figures->values[i]);
	json_object_set_new(object, "latency", latency_json(figures));
	return object;
}

/**
 * rates_json() - rates as an object
 * @rates: what is not known is left out
 */
json_t *rates_json(const struct rates *rates)
{
	json_t *object = json_object();
	char name[64];
	int i;

	set_known(object, "busy_permille", rates->busy_permille);
	for (i = 0; i < NR_FIGURES; i++) {
		snprintf(name, sizeof(name), "%s_per_s", names[i]);
		set_known(object, name, rates->per_s[i]);
	}
	set_known(object, "latency_p50_ns", rates->p50_ns);
	set_known(object, "latency_p99_ns", rates->p99_ns);
	return object;
}

static __u64 number_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) && json_integer_value(value) >= 0 ?
		(__u64)json_integer_value(value) : FIGURE_UNKNOWN;
}

/* A row as a whole, or nothing of it. */
static void take_row(const json_t *object, struct figures *figures)
{
	const struct latency row = {
		.frames = number_of(object, "frames"),
		.p50_ns = number_of(object, "p50_ns"),
		.p99_ns = number_of(object, "p99_ns"),
	};
	__u64 source = number_of(object, "source");

	if (source < MINT_MAX_NODES && row.frames <= FIGURE_MOST && row.p50_ns <= FIGURE_MOST &&
	    row.p99_ns <= FIGURE_MOST)
		figures->latency[source] = row;
}

static bool take_object(const json_t *object, struct figures *figures)
{
	const json_t *rows = json_object_get(object, "latency");
	size_t i;

	if (number_of(object, "schema") != JSON_SCHEMA)
		return false;
	memset(figures, 0, sizeof(*figures));
	figures->time_ms = number_of(object, "time_ms");
	for (i = 0; i < NR_FIGURES; i++)
		figures->values[i] = number_of(object, names[i]);
	for (i = 0; i < json_array_size(rows); i++)
		take_row(json_array_get(rows, i), figures);
	return figures->time_ms != FIGURE_UNKNOWN;
}

/**
 * figures_from_json() - take the figures that another node has sent
 * @text: what it has sent
 * @bytes: how much
 * @figures: filled in
 *
 * Return: false if that is nonsense.
 */
bool figures_from_json(const char *text, size_t bytes, struct figures *figures)
{
	json_t *object = json_loadb(text, bytes, 0, NULL);
	bool good = object && take_object(object, figures);

	json_decref(object);
	return good;
}
