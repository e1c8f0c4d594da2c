// SPDX-License-Identifier: GPL-2.0
/*
 * Which CPUs and which memory are near each other, from the firmware's SRAT and SLIT.
 * The firmware's proximity domains may have any number; ours count from 0, in the
 * order of theirs, and each has a CPU or memory. Compiles in user space too:
 * tests/firmware.
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/string.h>
#include "tables.h"

#define SRAT_FIRST_ENTRY	48
#define SRAT_LOCAL_APIC		0
#define SRAT_MEMORY		1
#define SRAT_LOCAL_X2APIC	2
#define SRAT_ENABLED		0x1
#define SRAT_WIDE_REVISION	2	/* before it, a proximity domain had 8 bits */

#define DISTANCE_LOCAL		10
#define DISTANCE_REMOTE		20	/* what Linux takes where there is no SLIT */

/* ACPI specification, "Processor Local APIC/SAPIC Affinity Structure" */
struct apic_affinity {
	struct mint_subtable head;
	u8 proximity;
	u8 id;
	u32 flags;
	u8 eid;
	u8 proximity_high[3];
	u32 clock;
} __packed;

/* "Memory Affinity Structure" */
struct memory_affinity {
	struct mint_subtable head;
	u32 proximity;
	u16 reserved;
	u64 base;
	u64 bytes;
	u32 reserved2;
	u32 flags;
	u64 reserved3;
} __packed;

/* "Processor Local x2APIC Affinity Structure" */
struct x2apic_affinity {
	struct mint_subtable head;
	u16 reserved;
	u32 proximity;
	u32 id;
	u32 flags;
	u32 clock;
	u32 reserved2;
} __packed;

/* "System Locality Distance Information Table" */
struct slit {
	u8 header[MINT_TABLE_HEADER_BYTES];
	u64 localities;
	u8 distances[];
} __packed;

/**
 * struct affinity - an entry of the SRAT that counts
 * @proximity: the firmware's number of the domain
 * @cpu: machine-wide number, or -1 for memory
 * @base: memory: first byte, in units of extents
 * @end: memory: the first byte behind it, likewise
 */
struct affinity {
	u32 proximity;
	int cpu;
	u64 base;
	u64 end;
};

static int __init mint_srat_cpu(const struct mint_machine *machine, u32 apic_id)
{
	u32 i;

	for (i = 0; i < machine->nr_cpus; i++)
		if (machine->apic_ids[i] == apic_id)
			return i;
	return -1;
}

/* 2 MB across a border count with the domain in which they begin. */
static bool __init mint_srat_memory(const struct memory_affinity *entry,
				    const struct mint_machine *machine, struct affinity *found)
{
	u64 end = entry->base + entry->bytes;
	u32 i;

	if (!(entry->flags & SRAT_ENABLED) || end < entry->base ||
	    end > ~0ULL - MINT_EXTENT_ALIGN)
		return false;
	*found = (struct affinity) {
		.proximity = entry->proximity,
		.cpu = -1,
		.base = ALIGN(entry->base, MINT_EXTENT_ALIGN),
		.end = ALIGN(end, MINT_EXTENT_ALIGN),
	};
	for (i = 0; i < machine->nr_ram; i++)
		if (machine->ram[i].base < found->end &&
		    found->base < machine->ram[i].base + machine->ram[i].bytes)
			return true;
	return false;
}

/* Returns whether it concerns a CPU or memory that the machine has. */
static bool __init mint_srat_affinity(const struct mint_subtable *entry,
				      const struct mint_machine *machine,
				      struct affinity *found)
{
	const struct x2apic_affinity *x2apic = (const void *)entry;
	const struct apic_affinity *apic = (const void *)entry;

	if (entry->type == SRAT_LOCAL_APIC && entry->bytes >= sizeof(*apic)) {
		found->cpu = mint_srat_cpu(machine, apic->id);
		found->proximity = apic->proximity | apic->proximity_high[0] << 8 |
				   apic->proximity_high[1] << 16 |
				   (u32)apic->proximity_high[2] << 24;
		return apic->flags & SRAT_ENABLED && found->cpu >= 0;
	}
	if (entry->type == SRAT_LOCAL_X2APIC && entry->bytes >= sizeof(*x2apic)) {
		found->cpu = mint_srat_cpu(machine, x2apic->id);
		found->proximity = x2apic->proximity;
		return x2apic->flags & SRAT_ENABLED && found->cpu >= 0;
	}
	return entry->type == SRAT_MEMORY && entry->bytes >= sizeof(struct memory_affinity) &&
	       mint_srat_memory((const void *)entry, machine, found);
}

/* Enters a domain in ascending order. If there are too many, it has no number of ours. */
static void __init mint_domains_add(struct mint_machine *machine, u32 proximity)
{
	u32 at = 0;

	while (at < machine->nr_domains && machine->proximities[at] < proximity)
		at++;
	if (machine->nr_domains == MINT_MAX_DOMAINS ||
	    (at < machine->nr_domains && machine->proximities[at] == proximity))
		return;
	memmove(&machine->proximities[at + 1], &machine->proximities[at],
		(machine->nr_domains - at) * sizeof(machine->proximities[0]));
	machine->proximities[at] = proximity;
	machine->nr_domains++;
}

static u8 __init mint_domains_number(const struct mint_machine *machine, u32 proximity)
{
	u32 i;

	for (i = 0; i < machine->nr_domains; i++)
		if (machine->proximities[i] == proximity)
			return i;
	return MINT_DOMAIN_NONE;
}

/* Without room for one more piece, the whole counts with the domain of its begin. */
static void __init mint_domains_split(struct mint_machine *machine, u64 border)
{
	struct mint_extent *piece = machine->ram, *end = piece + machine->nr_ram;

	while (piece < end && (piece->base >= border || border >= piece->base + piece->bytes))
		piece++;
	if (piece == end || machine->nr_ram == MINT_MAX_RAM)
		return;
	memmove(piece + 1, piece, (end - piece) * sizeof(*piece));
	piece[1].base = border;
	piece[1].bytes = piece->base + piece->bytes - border;
	piece->bytes = border - piece->base;
	machine->nr_ram++;
}

/* Where two entries are about the same memory or CPU, the first one counts. */
static void __init mint_domains_assign(struct mint_machine *machine,
				       const struct affinity *entry)
{
	u8 domain = mint_domains_number(machine, entry->proximity);
	u32 i;

	if (entry->cpu >= 0) {
		if (machine->cpu_domains[entry->cpu] == MINT_DOMAIN_NONE)
			machine->cpu_domains[entry->cpu] = domain;
		return;
	}
	mint_domains_split(machine, entry->base);
	mint_domains_split(machine, entry->end);
	for (i = 0; i < machine->nr_ram; i++)
		if (machine->ram[i].domain == MINT_DOMAIN_NONE &&
		    entry->base <= machine->ram[i].base && machine->ram[i].base < entry->end)
			machine->ram[i].domain = domain;
}

/**
 * mint_domains_none() - nothing is known of what is near to what
 * @machine: it has no domains afterwards
 */
void __init mint_domains_none(struct mint_machine *machine)
{
	u32 i;

	machine->nr_domains = 0;
	memset(machine->distances, 0, sizeof(machine->distances));
	memset(machine->cpu_domains, MINT_DOMAIN_NONE, sizeof(machine->cpu_domains));
	for (i = 0; i < machine->nr_ram; i++)
		machine->ram[i].domain = MINT_DOMAIN_NONE;
}

/* Until the firmware's SLIT says more. */
static void __init mint_domains_guess_distances(struct mint_machine *machine)
{
	u32 i, j;

	for (i = 0; i < machine->nr_domains; i++)
		for (j = 0; j < machine->nr_domains; j++)
			machine->distances[i * MINT_MAX_DOMAINS + j] =
				i == j ? DISTANCE_LOCAL : DISTANCE_REMOTE;
}

/* Calls @use for each entry that counts. Returns 0, or -EINVAL. */
static int __init mint_srat_walk(const void *srat, u32 bytes, struct mint_machine *machine,
				 void (*use)(struct mint_machine *, const struct affinity *))
{
	bool wide = ((const u8 *)srat)[8] >= SRAT_WIDE_REVISION;
	const struct mint_subtable *entry;
	struct affinity found;
	u32 at = SRAT_FIRST_ENTRY;
	int more;

	while ((more = mint_subtable_at(srat, bytes, at, &entry)) > 0) {
		if (mint_srat_affinity(entry, machine, &found)) {
			found.proximity &= wide ? ~0U : 0xff;
			use(machine, &found);
		}
		at += entry->bytes;
	}
	return more;
}

static void __init mint_domains_note(struct mint_machine *machine, const struct affinity *entry)
{
	mint_domains_add(machine, entry->proximity);
}

/**
 * mint_srat_read() - find the domains of CPUs and memory
 * @srat: the table; its signature and checksum are right
 * @bytes: its size
 * @machine: its CPUs and memory are known; pieces of memory are split at the borders
 *	of domains
 *
 * What the table does not name has MINT_DOMAIN_NONE.
 *
 * Return: 0, or -EINVAL if the table makes no sense or says nothing; then there are no
 * domains.
 */
int __init mint_srat_read(const void *srat, u32 bytes, struct mint_machine *machine)
{
	mint_domains_none(machine);
	if (mint_srat_walk(srat, bytes, machine, mint_domains_note) || !machine->nr_domains) {
		mint_domains_none(machine);
		return -EINVAL;
	}
	mint_domains_guess_distances(machine);
	return mint_srat_walk(srat, bytes, machine, mint_domains_assign);
}

static bool __init mint_slit_good(const struct slit *slit, u32 bytes)
{
	u64 n, i;

	if (bytes < sizeof(*slit))
		return false;
	n = slit->localities;
	if (n > MINT_TABLE_MAX_BYTES || n * n > bytes - sizeof(*slit))
		return false;
	for (i = 0; i < n * n; i++)
		if (i % (n + 1) ? slit->distances[i] <= DISTANCE_LOCAL :
				  slit->distances[i] != DISTANCE_LOCAL)
			return false;
	return true;
}

/**
 * mint_slit_read() - find how far the domains are from each other
 * @slit: the table; its signature and checksum are right
 * @bytes: its size
 * @machine: mint_srat_read() has found its domains
 *
 * Return: 0, or -EINVAL if the table makes no sense; then the distances are as they were.
 */
int __init mint_slit_read(const void *slit, u32 bytes, struct mint_machine *machine)
{
	const struct slit *table = slit;
	u32 i, j;

	if (!mint_slit_good(table, bytes))
		return -EINVAL;
	for (i = 0; i < machine->nr_domains; i++)
		for (j = 0; j < machine->nr_domains; j++)
			if (machine->proximities[i] < table->localities &&
			    machine->proximities[j] < table->localities)
				machine->distances[i * MINT_MAX_DOMAINS + j] =
					table->distances[machine->proximities[i] *
							 table->localities +
							 machine->proximities[j]];
	return 0;
}
