// SPDX-License-Identifier: GPL-2.0
/*
 * Does a value of mint= fit a machine? It is read by what reads it in the kernel, and
 * memory is divided by what divides it there. So it is refused here for what node 0 would
 * refuse it, and besides if nothing is left for another node.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../../arch/x86/mint/memory.h"
#include "../../arch/x86/mint/parameter.h"
#include "fit.h"
#include "survey.h"
#include "text.h"
#include "util.h"

#define OTHER_LEAST	(64ULL << 20)	/* that another node boots in */

/* What the kernel's code has logged. */
static char logged[256];

/**
 * mint_parameter_log() - the kernel's log, of which only the last line is kept
 * @format: the line, as the kernel has it: "mint: ...; booting without Mint\n"
 */
void mint_parameter_log(const char *format, ...)
{
	static const char prefix[] = "mint: ", suffix[] = "; booting without Mint\n";
	size_t bytes;
	va_list args;

	va_start(args, format);
	vsnprintf(logged, sizeof(logged), format, args);
	va_end(args);
	bytes = strlen(logged);
	if (bytes >= strlen(suffix) && !strcmp(logged + bytes - strlen(suffix), suffix))
		logged[bytes - strlen(suffix)] = '\0';
	if (!strncmp(logged, prefix, strlen(prefix)))
		memmove(logged, logged + strlen(prefix), strlen(logged + strlen(prefix)) + 1);
}

static bool refuse_fit(char *why, size_t room, const char *format, ...)
	__attribute((__format__(printf, 3, 4)));
static bool refuse_fit(char *why, size_t room, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, room, format, args);
	va_end(args);
	return false;
}

/**
 * fit_parse() - would a kernel understand a value of mint=?
 * @value: what stands behind mint=
 * @why: filled in if not
 * @room: size of @why
 */
bool fit_parse(const char *value, char *why, size_t room)
{
	char copy[MINT_PARAMETER_BYTES];

	if (strlen(value) >= sizeof(copy))
		return refuse_fit(why, room, "it is longer than %zu characters",
				  sizeof(copy) - 1);
	snprintf(copy, sizeof(copy), "%s", value);
	memset(&mint_request, 0, sizeof(mint_request));
	return !mint_request_parse(copy) || refuse_fit(why, room, "%s", logged);
}

static void fill_ram(const struct survey_memory *memory, struct mint_machine *machine)
{
	struct mint_span open = { 0 };
	unsigned int i;

	for (i = 0; i < memory->nr; i++)
		mint_ram_add(machine, &open, memory->pieces[i].base,
			     memory->pieces[i].base + memory->pieces[i].bytes);
	mint_ram_close(machine, &open);
}

/* Is there one piece of so many bytes above @end, beside the region? */
static bool room_left(const struct mint_machine *machine, __u64 end, __u64 shm_base, __u64 shm)
{
	struct mint_spans taken = { 0 };

	mint_spans_add(&taken, 0, end);
	mint_spans_add(&taken, shm_base, shm_base + shm);
	return mint_region_find(machine, &taken, OTHER_LEAST) != MINT_NOWHERE;
}

static bool given_place_is_ram(const struct mint_machine *machine, __u64 base, __u64 bytes)
{
	unsigned int i;

	for (i = 0; i < machine->nr_ram; i++)
		if (base >= machine->ram[i].base && bytes <= machine->ram[i].bytes &&
		    base - machine->ram[i].base <= machine->ram[i].bytes - bytes)
			return true;
	return false;
}

/* A place for the region that was given; node 0's memory ends at @end. */
static bool fit_place(const struct mint_machine *machine, __u64 end, __u64 shm, __u64 shm_base,
		      char *why, size_t room)
{
	if (shm_base % MINT_EXTENT_ALIGN)
		return refuse_fit(why, room, "shm: address 0x%llx is not a multiple of 2M",
				  shm_base);
	if (shm_base < end)
		return refuse_fit(why, room, "shm: it overlaps node 0's memory, up to 0x%llx", end);
	return given_place_is_ram(machine, shm_base, shm) ||
	       refuse_fit(why, room, "shm: at 0x%llx it is not all RAM", shm_base);
}

/**
 * fit_memory() - is there memory for node 0, the region and another node?
 * @memory: the machine's
 * @mem: bytes for node 0
 * @shm: bytes for the region
 * @shm_base: where it is to be, or MINT_ANYWHERE
 * @why: filled in if there is not
 * @room: size of @why
 */
bool fit_memory(const struct survey_memory *memory, __u64 mem, __u64 shm, __u64 shm_base,
		char *why, size_t room)
{
	static struct mint_machine machine;
	struct mint_spans own = { 0 };
	__u64 missing, end;
	char size[24];

	memset(&machine, 0, sizeof(machine));
	fill_ram(memory, &machine);
	end = mint_ram_lowest(&machine, mem, &missing);
	if (mem < MINT_NODE0_LEAST)
		return refuse_fit(why, room, "mem: less than the minimum of %s",
				  size_text(MINT_NODE0_LEAST, size));
	if (shm < MINT_REGION_LEAST)
		return refuse_fit(why, room, "shm: less than the minimum of %s",
				  size_text(MINT_REGION_LEAST, size));
	if (missing)
		return refuse_fit(why, room, "mem: it is more than the machine has, %s are missing",
				  size_text(missing, size));
	mint_spans_add(&own, 0, end);
	if (shm_base != MINT_ANYWHERE && !fit_place(&machine, end, shm, shm_base, why, room))
		return false;
	if (shm_base == MINT_ANYWHERE)
		shm_base = mint_region_find(&machine, &own, shm);
	if (shm_base == MINT_NOWHERE)
		return refuse_fit(why, room, "shm: no %lluM of RAM are left in one piece",
				  shm >> 20);
	return room_left(&machine, end, shm_base, shm) ||
	       refuse_fit(why, room, "no %s are left for another node",
			  size_text(OTHER_LEAST, size));
}

static bool fit_cpus(const struct survey *survey, char *why, size_t room)
{
	const struct mint_machine *machine = &survey->tables.machine;
	bool boot_cpu = false;
	unsigned int i;

	for (i = 0; i < mint_request.nr_cpus; i++) {
		__u32 cpu = mint_request.cpus[i];

		if (cpu >= machine->nr_cpus)
			return refuse_fit(why, room, "cpus: no CPU %u, the machine has 0-%u", cpu,
					  machine->nr_cpus - 1);
		boot_cpu |= machine->apic_ids[cpu] == survey->cpus.apic_ids[0];
	}
	if (!boot_cpu)
		return refuse_fit(why, room, "cpus: the boot CPU (APIC id %u) must be in it",
				  survey->cpus.apic_ids[0]);
	return mint_request.nr_cpus < machine->nr_cpus ||
	       refuse_fit(why, room, "cpus: none is left for another node");
}

static const struct survey_device *find_device(const struct survey_devices *devices, __u16 id)
{
	char address[16];
	unsigned int i;

	snprintf(address, sizeof(address), "0000:%02x:%02x.%u", id >> 8, id >> 3 & 0x1f, id & 7);
	for (i = 0; i < devices->nr; i++)
		if (!strcmp(devices->devices[i].address, address))
			return &devices->devices[i];
	return NULL;
}

static bool fit_devices(const struct survey_devices *devices, char *why, size_t room)
{
	unsigned int i;

	for (i = 0; i < mint_request.nr_withheld; i++) {
		__u16 id = mint_request.withheld[i];
		const struct survey_device *device = find_device(devices, id);
		char text[24];

		if (!device)
			return refuse_fit(why, room, "nodevices: there is no PCI function %s",
					  function_text(id, text));
		if (survey_is_bridge(device))
			return refuse_fit(why, room, "nodevices: %s is a bridge",
					  function_text(id, text));
	}
	return true;
}

/**
 * fit() - would node 0 take a value of mint= on a machine, and leave something?
 * @survey: the machine
 * @value: what stands behind mint=
 * @why: filled in if not
 * @room: size of @why
 */
bool fit(const struct survey *survey, const char *value, char *why, size_t room)
{
	if (!fit_parse(value, why, room))
		return false;
	if (survey->tables.madt_error || survey->cpus.error || !survey->cpus.nr)
		return refuse_fit(why, room, "the machine's CPUs are not known");
	if (survey->memory.error)
		return refuse_fit(why, room, "the machine's memory is not known");
	return fit_cpus(survey, why, room) &&
	       fit_devices(&survey->devices, why, room) &&
	       fit_memory(&survey->memory, mint_request.mem, mint_request.shm,
			  mint_request.shm_base, why, room);
}
