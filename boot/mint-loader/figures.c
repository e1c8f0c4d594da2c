// SPDX-License-Identifier: GPL-2.0
/*
 * What this node can tell of itself, from files of /proc and /sys. Each line is
 * checked; of what is missing or makes no sense nothing is told.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "figures.h"
#include "sysroot.h"
#include "timing.h"
#include "util.h"
#include "value.h"

#define TEXT_MAX	(4 << 20)	/* /proc/stat has a number for each interrupt */
#define STATISTICS	"/sys/class/net/vni0/statistics/"
#define LATENCY_FILE	"/sys/kernel/debug/vni.0/latency"
#define COLUMNS_MAX	16

/* Of /proc/stat, in the order of its numbers; those of guests are in "user", too. */
enum stat_column {
	STAT_USER,
	STAT_NICE,
	STAT_SYSTEM,
	STAT_IDLE,
	STAT_IOWAIT,
	STAT_IRQ,
	STAT_SOFTIRQ,
	STAT_STEAL,
	NR_STAT_COLUMNS,
};

static const struct {
	enum figure figure;
	const char *path;
} statistics[] = {
	{ FIGURE_RX_FRAMES, STATISTICS "rx_packets" },
	{ FIGURE_TX_FRAMES, STATISTICS "tx_packets" },
	{ FIGURE_RX_BYTES, STATISTICS "rx_bytes" },
	{ FIGURE_TX_BYTES, STATISTICS "tx_bytes" },
	{ FIGURE_RX_DROPPED, STATISTICS "rx_dropped" },
	{ FIGURE_TX_DROPPED, STATISTICS "tx_dropped" },
};

/* Of the table of latencies: what is wanted of it. */
enum latency_column {
	LATENCY_SOURCE,
	LATENCY_FRAMES,
	LATENCY_P50,
	LATENCY_P99,
	NR_LATENCY_COLUMNS,
};

static const char *const latency_columns[] = {
	[LATENCY_SOURCE] = "source",
	[LATENCY_FRAMES] = "frames",
	[LATENCY_P50] = "p50_ns",
	[LATENCY_P99] = "p99_ns",
};

/* Takes a number and the blanks before it; false if there is none, or too large a one. */
static bool take_number(const char **at, __u64 *value)
{
	*at += strspn(*at, " \t");
	return value_number(at, 10, value) && *value <= FIGURE_MOST &&
	       (!**at || isspace((unsigned char)**at));
}

static bool add(__u64 *sum, __u64 value)
{
	if (value > FIGURE_MOST - *sum)
		return false;
	*sum += value;
	return true;
}

/* "cpu  1 2 3 4 ...": the sums over all CPUs. Old kernels have fewer columns. */
static void parse_stat(const char *text, struct figures *figures)
{
	__u64 busy = 0, idle = 0, value;
	int column;

	if (strncmp(text, "cpu ", 4))
		return;
	text += 4;
	for (column = 0; column < NR_STAT_COLUMNS && *text != '\n' && *text; column++) {
		bool rests = column == STAT_IDLE || column == STAT_IOWAIT;

		if (!take_number(&text, &value) || !add(rests ? &idle : &busy, value))
			return;
	}
	if (column <= STAT_IDLE)
		return;
	figures->values[FIGURE_BUSY_TICKS] = busy;
	figures->values[FIGURE_IDLE_TICKS] = idle;
}

/* A line such as "MemTotal:   1024 kB", in bytes. */
static __u64 meminfo_bytes(const char *text, const char *name)
{
	const char *at = text;
	__u64 kilobytes;

	while (strncmp(at, name, strlen(name))) {
		at = strchr(at, '\n');
		if (!at++)
			return FIGURE_UNKNOWN;
	}
	at += strlen(name);
	if (!take_number(&at, &kilobytes) || strncmp(at, " kB", 3) ||
	    kilobytes > FIGURE_MOST / 1024)
		return FIGURE_UNKNOWN;
	return kilobytes * 1024;
}

static void parse_meminfo(const char *text, struct figures *figures)
{
	__u64 total = meminfo_bytes(text, "MemTotal:");
	__u64 available = meminfo_bytes(text, "MemAvailable:");

	if (total == FIGURE_UNKNOWN || available > total)
		return;
	figures->values[FIGURE_MEMORY_TOTAL] = total;
	figures->values[FIGURE_MEMORY_AVAILABLE] = available;
}

/*
 * The first line has the names. Where is each of those that are wanted? Others may
 * come and go.
 */
static bool find_columns(const char *line, int columns[NR_LATENCY_COLUMNS])
{
	int column, found = 0;

	for (column = 0; column < COLUMNS_MAX; column++) {
		size_t bytes;
		int i;

		line += strspn(line, " ");
		bytes = strcspn(line, " ");
		for (i = 0; bytes && i < NR_LATENCY_COLUMNS; i++) {
			if (strncmp(line, latency_columns[i], bytes) || latency_columns[i][bytes])
				continue;
			columns[i] = column;
			found |= 1 << i;
		}
		line += bytes;
	}
	return found == (1 << NR_LATENCY_COLUMNS) - 1;
}

static __u64 larger(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

/* A row is of one queue; what is kept is of all queues. */
static void add_latency(const char *line, const int columns[NR_LATENCY_COLUMNS],
			struct figures *figures)
{
	__u64 row[COLUMNS_MAX], wanted[NR_LATENCY_COLUMNS];
	struct latency *sum;
	int i, nr = 0;

	while (nr < COLUMNS_MAX && take_number(&line, &row[nr]))
		nr++;
	for (i = 0; i < NR_LATENCY_COLUMNS; i++) {
		if (columns[i] >= nr)
			return;
		wanted[i] = row[columns[i]];
	}
	if (*line || wanted[LATENCY_SOURCE] >= MINT_MAX_NODES)
		return;
	sum = &figures->latency[wanted[LATENCY_SOURCE]];
	if (!add(&sum->frames, wanted[LATENCY_FRAMES]))
		return;
	sum->p50_ns = larger(sum->p50_ns, wanted[LATENCY_P50]);
	sum->p99_ns = larger(sum->p99_ns, wanted[LATENCY_P99]);
}

static void parse_latency(char *text, struct figures *figures)
{
	const char *line = strsep(&text, "\n");
	int columns[NR_LATENCY_COLUMNS];

	if (!find_columns(line, columns))
		return;
	while ((line = strsep(&text, "\n")))
		add_latency(line, columns, figures);
}

static char *read_text(const char *path)
{
	struct buffer text;

	return sysroot_read(path, TEXT_MAX, &text) ? NULL : (char *)text.data;
}

static void read_statistics(struct figures *figures)
{
	unsigned int i;
	__u64 value;

	for (i = 0; i < ARRAY_SIZE(statistics); i++)
		if (!sysroot_number(statistics[i].path, &value) && value <= FIGURE_MOST)
			figures->values[statistics[i].figure] = value;
}

/**
 * figures_read() - read what this node can tell of itself
 * @figures: filled in
 */
void figures_read(struct figures *figures)
{
	char *stat = read_text("/proc/stat"), *meminfo = read_text("/proc/meminfo");
	char *latency = read_text(LATENCY_FILE);

	memset(figures, 0, sizeof(*figures));
	memset(figures->values, 0xff, sizeof(figures->values));	/* FIGURE_UNKNOWN */
	figures->time_ms = now_ms();
	if (stat)
		parse_stat(stat, figures);
	if (meminfo)
		parse_meminfo(meminfo, figures);
	read_statistics(figures);
	if (latency)
		parse_latency(latency, figures);
	free(stat);
	free(meminfo);
	free(latency);
}
