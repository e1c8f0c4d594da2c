// SPDX-License-Identifier: GPL-2.0
/*
 * The nodes and what they do, as text: a line of sums, then a line for each node. A
 * node without figures has the reason in their place.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "figures.h"
#include "node.h"
#include "rates.h"
#include "screen.h"
#include "text.h"

/* With all columns but the last, and names of up to 12 characters, 80 are enough. */
#define OWNED	"%-2s %-*s %-8s %4s %5s"
#define TOLD	" %5s %5s %5s %5s %5s %5s %5s  %s\n"
#define NAME_LEAST	4

/**
 * struct sums - over all nodes
 * @running: how many run
 * @cpus: that they own
 * @busy_permille: 1000 for each CPU that runs something
 * @memory_bytes: that they own
 * @used_bytes: that are in use, of those that told
 * @frames_per_s: that they sent
 * @rates_known: some node told how busy it is
 */
struct sums {
	unsigned int running;
	unsigned int cpus;
	__u64 busy_permille;
	__u64 memory_bytes;
	__u64 used_bytes;
	__u64 frames_per_s;
	bool rates_known;
};

static __u64 used_bytes(const struct figures *figures)
{
	const __u64 *values = figures->values;

	if (values[FIGURE_MEMORY_AVAILABLE] > values[FIGURE_MEMORY_TOTAL] ||
	    values[FIGURE_MEMORY_TOTAL] == FIGURE_UNKNOWN)
		return FIGURE_UNKNOWN;
	return values[FIGURE_MEMORY_TOTAL] - values[FIGURE_MEMORY_AVAILABLE];
}

static __u64 known_or_0(__u64 value)
{
	return value == FIGURE_UNKNOWN ? 0 : value;
}

static void add_row(struct sums *sums, const struct row *row)
{
	sums->running += mint_node_state_answers(node_state(row->node));
	sums->cpus += row->cpus;
	sums->memory_bytes += row->memory_bytes;
	if (row->figures)
		sums->used_bytes += known_or_0(used_bytes(row->figures));
	if (!row->rates)
		return;
	sums->rates_known |= row->rates->busy_permille != FIGURE_UNKNOWN;
	sums->busy_permille += known_or_0(row->rates->busy_permille) * row->cpus;
	sums->frames_per_s += known_or_0(row->rates->per_s[FIGURE_TX_FRAMES]);
}

static void print_sums(FILE *to, const char *when, const struct row *rows, unsigned int nr)
{
	struct sums sums = { 0 };
	char used[8], owned[8], frames[8];
	unsigned int i;

	for (i = 0; i < nr; i++)
		add_row(&sums, &rows[i]);
	fprintf(to, "%s  %u nodes, %u running  ", when, nr, sums.running);
	if (sums.rates_known)
		fprintf(to, "%.1f of ", (double)sums.busy_permille / 1000);
	fprintf(to, "%u CPUs%s  %s of %s used", sums.cpus, sums.rates_known ? " busy" : "",
		scaled_text(sums.used_bytes, 1024, used),
		scaled_text(sums.memory_bytes, 1024, owned));
	if (sums.rates_known)
		fprintf(to, "  %s frames/s", scaled_text(sums.frames_per_s, 1000, frames));
	fputc('\n', to);
}

static const char *value_text(__u64 value, unsigned int unit, char text[8])
{
	return value == FIGURE_UNKNOWN ? "-" : scaled_text(value, unit, text);
}

static const char *percent_text(__u64 permille, char text[24])
{
	if (permille == FIGURE_UNKNOWN)
		return "-";
	snprintf(text, 24, "%llu.%llu", permille / 10, permille % 10);
	return text;
}

/* A tenth of a microsecond matters for short times only. */
static const char *latency_text(const struct rates *rates, char text[64])
{
	double p50_us = (double)rates->p50_ns / 1000, p99_us = (double)rates->p99_ns / 1000;

	if (rates->p50_ns == FIGURE_UNKNOWN || rates->p99_ns == FIGURE_UNKNOWN)
		return "-";
	snprintf(text, 64, "%.*f/%.*f", p50_us < 100, p50_us, p99_us < 100, p99_us);
	return text;
}

static __u64 dropped(const struct figures *figures)
{
	const __u64 *values = figures->values;

	if (values[FIGURE_RX_DROPPED] == FIGURE_UNKNOWN)
		return values[FIGURE_TX_DROPPED];
	return values[FIGURE_RX_DROPPED] + known_or_0(values[FIGURE_TX_DROPPED]);
}

static void print_told(FILE *to, const struct figures *figures, const struct rates *rates)
{
	static const enum figure columns[] = {
		FIGURE_RX_FRAMES, FIGURE_TX_FRAMES, FIGURE_RX_BYTES, FIGURE_TX_BYTES,
	};
	char percent[24], used[8], rate[4][8], drops[8], latency[64];
	const char *rate_texts[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		rate_texts[i] = rates ? value_text(rates->per_s[columns[i]], i < 2 ? 1000 : 1024,
						   rate[i]) : "-";
	fprintf(to, TOLD, rates ? percent_text(rates->busy_permille, percent) : "-",
		value_text(used_bytes(figures), 1024, used), rate_texts[0], rate_texts[1],
		rate_texts[2], rate_texts[3], value_text(dropped(figures), 1000, drops),
		rates ? latency_text(rates, latency) : "-");
}

static void print_row(FILE *to, const struct row *row, int name_width)
{
	char id[12], cpus[12], memory[8];

	snprintf(id, sizeof(id), "%u", row->node->id);
	snprintf(cpus, sizeof(cpus), "%u", row->cpus);
	fprintf(to, OWNED, id, name_width, row->node->life.name, node_state_name(row->node), cpus,
		scaled_text(row->memory_bytes, 1024, memory));
	if (row->figures)
		print_told(to, row->figures, row->rates);
	else
		fprintf(to, "     -  %s\n", row->why);
}

/**
 * screen_print() - print the nodes and what they do
 * @to: where to
 * @when: the time of day
 * @rows: the nodes
 * @nr: how many
 */
void screen_print(FILE *to, const char *when, const struct row *rows, unsigned int nr)
{
	int name_width = NAME_LEAST;
	unsigned int i;

	for (i = 0; i < nr; i++)
		if ((int)strlen(rows[i].node->life.name) > name_width)
			name_width = strlen(rows[i].node->life.name);
	print_sums(to, when, rows, nr);
	fprintf(to, OWNED TOLD, "ID", name_width, "NAME", "STATE", "CPUS", "MEM", "CPU%", "USED",
		"RX/s", "TX/s", "RXB/s", "TXB/s", "DROPS", "P50/P99us");
	for (i = 0; i < nr; i++)
		print_row(to, &rows[i], name_width);
}
