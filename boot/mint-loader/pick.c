// SPDX-License-Identifier: GPL-2.0
/*
 * What a new node could have, where its user leaves the choice to us: CPUs that
 * nobody owns, in whole cores and near each other, and the newest kernel for nodes.
 */
#include <cpuid.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cpus.h"
#include "pick.h"
#include "report.h"
#include "tables.h"

#define TOPOLOGY_LEAF	0x0b
#define KERNEL_BEGIN	"vmlinuz-"
#define KERNEL_END	"-mint"

/* By how many bits the threads of a core differ in their APIC ids. */
static unsigned int thread_bits(const struct tables *tables)
{
	unsigned int eax, ebx, ecx, edx;

	/* A saved region is not that of this machine. */
	if (tables->self == MINT_MAX_NODES ||
	    !__get_cpuid_count(TOPOLOGY_LEAF, 0, &eax, &ebx, &ecx, &edx) || !ebx)
		return 0;
	return eax & 0x1f;
}

static bool is_free(const struct mint_cpu *cpu)
{
	return cpu->owner == MINT_OWNER_NONE && !cpu->boot;
}

/* Is the CPU free, and in the domain? MINT_MAX_DOMAINS: any. */
static bool is_free_in(const struct mint_ledger *ledger, unsigned int cpu, unsigned int domain)
{
	return is_free(&ledger->cpus[cpu]) &&
	       (domain == MINT_MAX_DOMAINS || ledger->cpus[cpu].domain == domain);
}

static unsigned int nr_free(const struct mint_ledger *ledger, unsigned int domain)
{
	unsigned int cpu, nr = 0;

	for (cpu = 0; cpu < ledger->nr_cpus; cpu++)
		nr += is_free_in(ledger, cpu, domain);
	return nr;
}

/* The domain that has the fewest CPUs left over; MINT_MAX_DOMAINS: none has enough. */
static unsigned int best_domain(const struct mint_ledger *ledger, unsigned int nr)
{
	unsigned int domain, best = MINT_MAX_DOMAINS, least = ~0U;

	for (domain = 0; domain < MINT_MAX_DOMAINS; domain++) {
		unsigned int have = nr_free(ledger, domain);

		if (have < nr || have >= least)
			continue;
		least = have;
		best = domain;
	}
	return best;
}

/* Are all threads of its core free? */
static bool core_is_free(const struct mint_ledger *ledger, unsigned int cpu, unsigned int bits)
{
	__u32 core = ledger->cpus[cpu].apic_id >> bits;
	unsigned int i;

	for (i = 0; i < ledger->nr_cpus; i++)
		if (ledger->cpus[i].apic_id >> bits == core && !is_free(&ledger->cpus[i]))
			return false;
	return true;
}

/* Takes the core of a CPU, or what is wanted of it; returns how many CPUs are still wanted. */
static unsigned int take_core(const struct mint_ledger *ledger, unsigned int cpu,
			      unsigned int bits, unsigned int wanted, __u64 *cpus)
{
	__u32 core = ledger->cpus[cpu].apic_id >> bits;
	unsigned int i;

	for (i = cpu; wanted && i < ledger->nr_cpus; i++) {
		if (ledger->cpus[i].apic_id >> bits != core || !is_free(&ledger->cpus[i]) ||
		    cpu_in(cpus, i))
			continue;
		cpu_add(cpus, i);
		wanted--;
	}
	return wanted;
}

/**
 * pick_cpus() - choose CPUs that nobody owns
 * @tables: the tables
 * @nr: how many
 * @cpus: zeroes; a bit is set for each
 *
 * All of one NUMA domain if one has so many, and first of cores that are wholly free.
 *
 * Return: an enum mint_exit.
 */
int pick_cpus(const struct tables *tables, unsigned int nr, __u64 *cpus)
{
	const struct mint_ledger *ledger = &tables->ledger;
	unsigned int domain, bits = thread_bits(tables), have, wanted = nr, cpu;
	int whole;

	have = nr_free(ledger, MINT_MAX_DOMAINS);
	if (have < nr)
		return fail(MINT_EXIT_FAILED, "only %u CPUs belong to nobody, not %u. %s", have,
			    nr, "Try: mint list");
	domain = best_domain(ledger, nr);
	for (whole = 1; whole >= 0; whole--)
		for (cpu = 0; wanted && cpu < ledger->nr_cpus; cpu++)
			if (is_free_in(ledger, cpu, domain) &&
			    (!whole || core_is_free(ledger, cpu, bits)))
				wanted = take_core(ledger, cpu, bits, wanted, cpus);
	return MINT_EXIT_OK;
}

static int is_kernel(const struct dirent *entry)
{
	size_t bytes = strlen(entry->d_name);

	return !strncmp(entry->d_name, KERNEL_BEGIN, strlen(KERNEL_BEGIN)) &&
	       bytes > strlen(KERNEL_BEGIN KERNEL_END) &&
	       !strcmp(entry->d_name + bytes - strlen(KERNEL_END), KERNEL_END);
}

/**
 * pick_kernel() - find the newest kernel for nodes
 * @dir: folder of kernels, such as /boot
 * @path: filled in, the caller's to free
 *
 * Return: an enum mint_exit.
 */
int pick_kernel(const char *dir, char **path)
{
	struct dirent **names;
	int i, nr = scandir(dir, &names, is_kernel, versionsort);

	if (nr <= 0)
		return fail(MINT_EXIT_FAILED, "there is no %s/%s*%s. Try: --kernel FILE", dir,
			    KERNEL_BEGIN, KERNEL_END);
	if (asprintf(path, "%s/%s", dir, names[nr - 1]->d_name) < 0)
		*path = NULL;
	for (i = 0; i < nr; i++)
		free(names[i]);
	free(names);
	return *path ? MINT_EXIT_OK : fail(MINT_EXIT_FAILED, "no memory for a path");
}
