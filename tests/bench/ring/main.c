// SPDX-License-Identifier: GPL-2.0
/*
 * Measures how fast frames go from one CPU to another.
 *
 * Usage: ringbench SCHEME BYTES BATCH COPY-OUT FRAMES TRIALS [check]
 * Prints a line of JSON for each trial: nanoseconds per frame, the one-way
 * time of a cache line before and after it, and how often one of the two
 * threads was put off its CPU meanwhile. Each trial is a few milliseconds.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define MEMORY_BYTES	(64u << 20)
#define PROBE_ROUNDS	400
#define PROBES		9
#define IDLE_PAUSES	8
#define SLOTS		512
#define SLOTS_LARGE	32	/* 2 MB under way, of frames over 4 KB */
#define TRIAL_LIMIT_S	5
#define CHECK_LIMIT_S	60

struct side {
	struct bench *bench;
	void (*work)(struct bench *b);
	int cpu;
	long switches;
};

static const struct scheme *const schemes[] = {
	&limit_scheme, &vni_scheme, &paper_scheme, &inline_scheme,
	&shared_scheme, &split_scheme,
#ifdef BARE
	&handles_scheme,
#endif
#ifdef WITH_DPDK
	&dpdk_scheme, &dpdk_lines_scheme,
#endif
};

static struct bench bench;
static pthread_barrier_t start;
static alignas(2 * LINE) __u64 ball;
static double probe_ns;
static double cycles_per_ns;
static int cpus[2];

/* The first two CPUs that this process may use. */
static void find_cpus(void)
{
	cpu_set_t set;
	int cpu, n = 0;

	REQUIRE(!sched_getaffinity(0, sizeof(set), &set));
	for (cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[n++] = cpu;
	if (n < 2) {
		fputs("ringbench: this process may use one CPU only. Try: a machine of two\n",
		      stderr);
		exit(2);
	}
}

static void pin(int cpu)
{
	struct sched_param fifo = { .sched_priority = 10 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	REQUIRE(!sched_setaffinity(0, sizeof(set), &set));
	/*
	 * Milliseconds of it; where that is not allowed, switches are counted. Not
	 * for a check: two of them at once, each with one of the CPUs, would wait for
	 * each other's.
	 */
	if (!bench.check)
		sched_setscheduler(0, SCHED_FIFO, &fifo);
}

static long switches(void)
{
	struct rusage usage;

	REQUIRE(!getrusage(RUSAGE_THREAD, &usage));
	return usage.ru_nivcsw;
}

static void *side_main(void *argument)
{
	struct side *side = argument;

	pin(side->cpu);
	pthread_barrier_wait(&start);
	side->switches = -switches();
	side->work(side->bench);
	side->switches += switches();
	return NULL;
}

static long run_pair(void (*a)(struct bench *b), void (*b)(struct bench *b))
{
	struct side sides[2] = {
		{ &bench, a, cpus[0], 0 }, { &bench, b, cpus[1], 0 },
	};
	pthread_t threads[2];
	int i;

	for (i = 0; i < 2; i++)
		REQUIRE(!pthread_create(&threads[i], NULL, side_main, &sides[i]));
	for (i = 0; i < 2; i++)
		REQUIRE(!pthread_join(threads[i], NULL));
	return sides[0].switches + sides[1].switches;
}

static void bounce(__u64 odd)
{
	__u64 n;

	for (n = odd; n < 2 * PROBE_ROUNDS; n += 2) {
		while (__atomic_load_n(&ball, __ATOMIC_ACQUIRE) != n)
			;
		__atomic_store_n(&ball, n + 1, __ATOMIC_RELEASE);
	}
}

static void pong(struct bench *b)
{
	int i;

	(void)b;
	for (i = 0; i < PROBES; i++)
		bounce(1);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void ping(struct bench *b)
{
	double ns[PROBES];
	int i;

	(void)b;
	for (i = 0; i < PROBES; i++) {
		__u64 began = cycles();

		bounce(0);
		while (__atomic_load_n(&ball, __ATOMIC_ACQUIRE) != 2 * PROBE_ROUNDS)
			;
		ns[i] = (cycles() - began) / cycles_per_ns / (2 * PROBE_ROUNDS);
		__atomic_store_n(&ball, 0, __ATOMIC_RELEASE);
	}
	qsort(ns, PROBES, sizeof(*ns), compare);
	probe_ns = ns[PROBES / 2];
}

/* One-way time of a cache line between the two CPUs. */
static double probe(void)
{
	ball = 0;
	run_pair(ping, pong);
	return probe_ns;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void calibrate(void)
{
	double began = now_ns();
	__u64 first = cycles();

	while (now_ns() < began + 2e6)
		;
	cycles_per_ns = (cycles() - first) / (now_ns() - began);
}

static void map_memory(void)
{
	char *p = mmap(NULL, 2 * MEMORY_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	p += -(uintptr_t)p & (MEMORY_BYTES - 1);
	madvise(p, MEMORY_BYTES, MADV_HUGEPAGE);
	bench.memory = p;
	bench.memory_bytes = MEMORY_BYTES;
}

static void trial(const struct scheme *scheme)
{
	double before, after;
	long switched;

	bench.received = 0;
	bench.started = 0;
	bench.ended = 0;
	memset(bench.memory, 0, bench.memory_bytes);
	scheme->setup(&bench);
	before = probe();
	switched = run_pair(scheme->send, scheme->receive);
	after = probe();
	printf("{\"ns\": %.3f, \"probe_before\": %.1f, \"probe_after\": %.1f, \"switches\": %ld}\n",
	       (bench.ended - bench.started) / cycles_per_ns / bench.timed,
	       before, after, switched);
}

static const struct scheme *scheme_named(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (!strcmp(schemes[i]->name, name))
			return schemes[i];
	fprintf(stderr, "ringbench: no scheme '%s' was built in\n", name);
	exit(2);
}

static unsigned long number(const char *text, unsigned long most)
{
	unsigned long value = strtoul(text, NULL, 0);

	if (value > most) {
		fprintf(stderr, "ringbench: %s is too much. Try: %lu\n", text, most);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	const struct scheme *scheme;
	unsigned long trials;

	if (argc < 7) {
		fputs("usage: ringbench SCHEME BYTES BATCH COPY-OUT FRAMES TRIALS [check]\n",
		      stderr);
		return 2;
	}
	scheme = scheme_named(argv[1]);
	bench.bytes = number(argv[2], MAX_FRAME);
	bench.batch = number(argv[3], 32);
	bench.copy_out = number(argv[4], 1);
	bench.frames = number(argv[5], 1ul << 32);
	trials = number(argv[6], 100000);
	bench.check = argc > 7;
	bench.slots = bench.bytes > 4096 ? SLOTS_LARGE : SLOTS;
	bench.idle_pauses = IDLE_PAUSES;
	find_cpus();
	calibrate();
	map_memory();
	REQUIRE(!pthread_barrier_init(&start, NULL, 2));
	while (trials--) {
		/* Two threads that spin for ever would starve the machine. */
		alarm(bench.check ? CHECK_LIMIT_S : TRIAL_LIMIT_S);
		trial(scheme);
	}
	return 0;
}
