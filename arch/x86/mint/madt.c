// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's CPUs, from the firmware's MADT: a partition is checked as a whole
 * before any of it is applied, and memory is partitioned long before the kernel
 * enumerates CPUs. Counts the CPUs that the kernel would count. Compiles in user
 * space too: tests/firmware.
 */
#include <linux/errno.h>
#include <linux/init.h>
#include "tables.h"

#define MADT_FIRST_ENTRY	44
#define MADT_LOCAL_APIC		0
#define MADT_LOCAL_X2APIC	9
#define MADT_ENABLED		0x1

/* ACPI specification, "Processor Local APIC Structure" */
struct local_apic {
	struct mint_subtable head;
	u8 uid;
	u8 id;
	u32 flags;
} __packed;

/* "Processor Local x2APIC Structure" */
struct local_x2apic {
	struct mint_subtable head;
	u16 reserved;
	u32 id;
	u32 flags;
	u32 uid;
} __packed;

static bool __init mint_madt_apic_id(const struct mint_subtable *entry, u32 *apic_id)
{
	const struct local_x2apic *x2apic = (const void *)entry;
	const struct local_apic *apic = (const void *)entry;

	if (entry->type == MADT_LOCAL_APIC && entry->bytes >= sizeof(*apic)) {
		*apic_id = apic->id;
		return apic->flags & MADT_ENABLED && apic->id != 0xff;
	}
	if (entry->type == MADT_LOCAL_X2APIC && entry->bytes >= sizeof(*x2apic)) {
		*apic_id = x2apic->id;
		return x2apic->flags & MADT_ENABLED && x2apic->id != ~0U;
	}
	return false;
}

static bool __init mint_madt_known(const struct mint_machine *machine, u32 apic_id)
{
	u32 i;

	for (i = 0; i < machine->nr_cpus; i++)
		if (machine->apic_ids[i] == apic_id)
			return true;
	return false;
}

static void __init mint_madt_add(struct mint_machine *machine, u32 apic_id)
{
	if (mint_madt_known(machine, apic_id))
		return;
	if (machine->nr_cpus == MINT_MAX_CPUS)
		machine->cpus_left_out++;
	else
		machine->apic_ids[machine->nr_cpus++] = apic_id;
}

/* Returns 1 if a CPU has an entry as local APIC, 0 if none has, or -EINVAL. */
static int __init mint_madt_has_local_apic(const void *madt, u32 bytes)
{
	const struct mint_subtable *entry;
	u32 at = MADT_FIRST_ENTRY, apic_id;
	int more, has = 0;

	while ((more = mint_subtable_at(madt, bytes, at, &entry)) > 0) {
		if (entry->type == MADT_LOCAL_APIC && mint_madt_apic_id(entry, &apic_id))
			has = 1;
		at += entry->bytes;
	}
	return more ? more : has;
}

/**
 * mint_madt_read() - list the machine's CPUs
 * @madt: the table; its signature and checksum are right
 * @bytes: its size
 * @machine: ``apic_ids`` and what counts them are filled in
 *
 * Each CPU counts once. Some firmware lists all CPUs as x2APIC and, again, those that
 * it can as local APIC. So an x2APIC with a smaller id than 255 counts only where there
 * are no local APICs, as in Linux.
 *
 * Return: 0, or -EINVAL if the table makes no sense or has no CPU.
 */
int __init mint_madt_read(const void *madt, u32 bytes, struct mint_machine *machine)
{
	int has_local_apic = mint_madt_has_local_apic(madt, bytes);
	const struct mint_subtable *entry;
	u32 at = MADT_FIRST_ENTRY, apic_id;

	if (has_local_apic < 0)
		return has_local_apic;
	machine->nr_cpus = 0;
	machine->cpus_left_out = 0;
	while (mint_subtable_at(madt, bytes, at, &entry) > 0) {
		if (mint_madt_apic_id(entry, &apic_id) &&
		    !(has_local_apic && entry->type == MADT_LOCAL_X2APIC && apic_id < 0xff))
			mint_madt_add(machine, apic_id);
		at += entry->bytes;
	}
	return machine->nr_cpus ? 0 : -EINVAL;
}
