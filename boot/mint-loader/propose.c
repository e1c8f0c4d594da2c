// SPDX-License-Identifier: GPL-2.0
/* A value of mint= for a machine: that its first node takes, by a rule that is told. */
#include <stdio.h>
#include <string.h>
#include "../../arch/x86/mint/parameter.h"
#include "cpus.h"
#include "fit.h"
#include "propose.h"
#include "survey.h"
#include "sysroot.h"
#include "text.h"
#include "util.h"
#include "value.h"

#define MB		0x100000ULL

static __u64 clamp(__u64 value, __u64 least, __u64 most)
{
	return value < least ? least : value > most ? most : value;
}

static __u64 rounded(__u64 bytes, __u64 unit)
{
	return (bytes + unit / 2) & ~(unit - 1);
}

/* The machine-wide number of a CPU of this kernel; false if it has none. */
static bool machine_cpu(const struct survey *survey, unsigned int index, unsigned int *cpu)
{
	const struct mint_machine *machine = &survey->tables.machine;
	unsigned int i;

	for (i = 0; i < machine->nr_cpus; i++) {
		if (machine->apic_ids[i] != survey->cpus.apic_ids[index])
			continue;
		*cpu = i;
		return true;
	}
	return false;
}

/* The threads of a core, as this kernel counts CPUs; only itself where that is not told. */
static void read_siblings(__u32 number, __u64 *siblings)
{
	char path[96], list[256], why[128];

	memset(siblings, 0, MINT_MAX_CPUS / 8);
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
		 number);
	if (!sysroot_line(path, list, sizeof(list)) &&
	    value_cpus(list, siblings, why, sizeof(why)))
		return;
	memset(siblings, 0, MINT_MAX_CPUS / 8);
	if (number < MINT_MAX_CPUS)
		cpu_add(siblings, number);
}

/* Adds the core of a CPU; returns how many CPUs that are. */
static unsigned int add_core(const struct survey *survey, unsigned int index, __u64 *cpus)
{
	__u64 siblings[MINT_MAX_CPUS / 64];
	unsigned int i, cpu, added = 0;

	read_siblings(survey->cpus.numbers[index], siblings);
	for (i = 0; i < survey->cpus.nr; i++) {
		__u32 number = survey->cpus.numbers[i];

		if (number >= MINT_MAX_CPUS || !cpu_in(siblings, number) ||
		    !machine_cpu(survey, i, &cpu) || cpu_in(cpus, cpu))
			continue;
		cpu_add(cpus, cpu);
		added++;
	}
	return added;
}

/*
 * This kernel's first CPU is the one that the firmware booted. Threads of a core stay
 * together, unless it is the only one: something must be left for others.
 */
static unsigned int choose_cpus(const struct survey *survey, __u64 *cpus)
{
	unsigned int all = survey->tables.machine.nr_cpus, nr = 0, first, i;

	for (i = 0; i < survey->cpus.nr && (!nr || nr < all / 4); i++)
		nr += add_core(survey, i, cpus);
	if (nr < 2 || nr < all || !machine_cpu(survey, 0, &first))
		return nr;
	memset(cpus, 0, MINT_MAX_CPUS / 8);
	cpu_add(cpus, first);
	return 1;
}

static void choose_memory(const struct survey_memory *memory, struct proposal *proposal)
{
	__u64 all = memory->bytes;

	proposal->mem = rounded(clamp(all / 4, 512 * MB, 4096 * MB), 64 * MB);
	if (proposal->mem > all / 2)
		proposal->mem = rounded(all / 2, MINT_EXTENT_ALIGN);
	proposal->shm = rounded(clamp(all / 32, 64 * MB, 256 * MB), 16 * MB);
	if (proposal->shm > all / 8)
		proposal->shm = rounded(all / 8, MINT_EXTENT_ALIGN);
}

/**
 * propose() - find a value of mint= for a machine
 * @survey: the machine
 * @proposal: filled in
 */
void propose(const struct survey *survey, struct proposal *proposal)
{
	const struct survey_memory *memory = &survey->memory;
	const char *why_not = "";
	char size[24], why[128];

	memset(proposal, 0, sizeof(*proposal));
	if (survey->tables.madt_error || survey->cpus.error)
		why_not = "the machine's CPUs are not known";
	else if (memory->error)
		why_not = "the machine's memory is not known";
	else if (!choose_cpus(survey, proposal->cpus))
		why_not = "the CPUs that this kernel runs are not in the firmware's table";
	snprintf(proposal->why_not, sizeof(proposal->why_not), "%s", why_not);
	if (*why_not)
		return;
	choose_memory(memory, proposal);
	if (!fit_memory(memory, proposal->mem, proposal->shm, MINT_ANYWHERE, why, sizeof(why)))
		snprintf(proposal->why_not, sizeof(proposal->why_not),
			 "%s of memory, as it lies, are too little for two nodes",
			 size_text(memory->bytes, size));
}

/**
 * proposal_text() - a proposal as a value of mint=
 * @proposal: the proposal
 * @text: where to put it
 * @room: size of @text
 *
 * Return: @text.
 */
const char *proposal_text(const struct proposal *proposal, char *text, size_t room)
{
	char cpus[MINT_MAX_CPUS], mem[24], shm[24];

	snprintf(text, room, "cpus=%s,mem=%s,shm=%s",
		 cpus_text(proposal->cpus, cpus, sizeof(cpus)),
		 size_text(proposal->mem, mem), size_text(proposal->shm, shm));
	return text;
}
