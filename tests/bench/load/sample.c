// SPDX-License-Identifier: GPL-2.0
/*
 * Where the CPUs of a kernel are, many times a second: the call chains that
 * the kernel's own sampling by clock delivers, a line for each, outermost
 * function first: CPU;FUNCTION;FUNCTION;...
 *
 * The clock is an interrupt: what runs with interrupts off is charged to the
 * place that turns them on again.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "load.h"

#define MOST_CPUS	4
#define RING_BYTES	(4 << 20)
#define MOST_SYMBOLS	131072

static struct symbol {
	__u64 at;
	char *name;
} symbols[MOST_SYMBOLS];
static size_t nr_symbols;

static int by_address(const void *one, const void *other)
{
	__u64 a = ((const struct symbol *)one)->at;
	__u64 b = ((const struct symbol *)other)->at;

	return a < b ? -1 : a > b;
}

static void read_symbols(void)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	unsigned long long at;
	char kind, name[256];

	if (!file)
		die("/proc/kallsyms: %s", strerror(errno));
	while (nr_symbols < MOST_SYMBOLS &&
	       fscanf(file, "%llx %c %255s%*[^\n]", &at, &kind, name) == 3)
		if (kind == 't' || kind == 'T')
			symbols[nr_symbols++] = (struct symbol){ at, strdup(name) };
	fclose(file);
	if (!nr_symbols || !symbols[nr_symbols - 1].at)
		die("/proc/kallsyms tells no addresses");
	qsort(symbols, nr_symbols, sizeof(*symbols), by_address);
}

static const char *name_of(__u64 at)
{
	size_t low = 0, high = nr_symbols;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (symbols[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return symbols[low].name;
}

static struct perf_event_mmap_page *open_cpu(int cpu, __u32 per_second)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK, .freq = 1,
		.sample_freq = per_second,
		.sample_type = PERF_SAMPLE_CALLCHAIN,
		.exclude_callchain_user = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, 0);
	void *page;

	if (fd < 0)
		die("sampling CPU %d: %s", cpu, strerror(errno));
	page = mmap(NULL, getpagesize() + RING_BYTES, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		die("sampling CPU %d: mmap: %s", cpu, strerror(errno));
	return page;
}

/* The chain comes innermost first, with marks of contexts between. */
static void print_chain(int cpu, const __u64 *chain, __u64 n)
{
	int kernel = 0;

	printf("%d", cpu);
	while (n--) {
		if (chain[n] >= PERF_CONTEXT_MAX)
			continue;
		/* All but the innermost are where calls return to. */
		printf(";%s", name_of(chain[n] - (n > 1)));
		kernel = 1;
	}
	puts(kernel ? "" : ";user");
}

/* Copies, since a record may lie across the end of the ring. */
static void copy_out(const struct perf_event_mmap_page *page, __u64 at,
		     void *to, size_t bytes)
{
	const char *ring = (const char *)page + getpagesize();
	size_t first = RING_BYTES - at % RING_BYTES;

	if (first > bytes)
		first = bytes;
	memcpy(to, ring + at % RING_BYTES, first);
	memcpy((char *)to + first, ring, bytes - first);
}

static void print_ring(int cpu, const struct perf_event_mmap_page *page)
{
	__u64 at, head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	static __u64 record[8192];

	for (at = 0; at < head;) {
		struct perf_event_header header;

		copy_out(page, at, &header, sizeof(header));
		copy_out(page, at, record, header.size);
		at += header.size;
		if (header.type == PERF_RECORD_LOST)
			die("samples were lost: a shorter time is needed");
		if (header.type == PERF_RECORD_SAMPLE)
			print_chain(cpu, record + 2, record[1]);
	}
}

int cmd_sample(char **argv)
{
	__u32 ms = number(argv[0]), per_second = number(argv[1]);
	int cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct perf_event_mmap_page *pages[MOST_CPUS];

	if (cpus > MOST_CPUS)
		die("%d CPUs are more than %d", cpus, MOST_CPUS);
	read_symbols();
	for (cpu = 0; cpu < cpus; cpu++)
		pages[cpu] = open_cpu(cpu, per_second);
	usleep(ms * 1000);
	/* Printing must not be sampled: what is in the rings now counts. */
	for (cpu = 0; cpu < cpus; cpu++)
		print_ring(cpu, pages[cpu]);
	return 0;
}
