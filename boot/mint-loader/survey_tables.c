// SPDX-License-Identifier: GPL-2.0
/*
 * The firmware's ACPI tables, as the kernel shows them in /sys. CPUs and NUMA domains
 * are found by the readers of node 0, so that both see the same.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../arch/x86/mint/tables.h"
#include "survey.h"
#include "sysroot.h"
#include "util.h"

#define TABLES_DIR	"/sys/firmware/acpi/tables"
#define HEADER_BYTES	MINT_TABLE_HEADER_BYTES

#define MCFG_FIRST	44
#define MCFG_BYTES	16

static __u32 get16(const unsigned char *at)
{
	return at[0] | at[1] << 8;
}

static __u32 get32(const unsigned char *at)
{
	return get16(at) | get16(at + 2) << 16;
}

static __u64 get64(const unsigned char *at)
{
	return get32(at) | (__u64)get32(at + 4) << 32;
}

static bool table_is_there(const char *signature)
{
	char path[64];

	snprintf(path, sizeof(path), TABLES_DIR "/%s", signature);
	return sysroot_has(path);
}

static bool table_is_good(const struct buffer *table, const char *signature, size_t least)
{
	unsigned char sum = 0;
	size_t i, bytes;

	if (table->bytes < HEADER_BYTES || memcmp(table->data, signature, 4))
		return false;
	bytes = get32(table->data + 4);
	if (bytes > table->bytes || bytes < least)
		return false;
	for (i = 0; i < bytes; i++)
		sum += table->data[i];
	return !sum;
}

/* Reads a table, and makes its length that of its header. */
static int read_table(const char *signature, size_t least, struct buffer *table)
{
	char path[64];
	int error;

	snprintf(path, sizeof(path), TABLES_DIR "/%s", signature);
	error = sysroot_read(path, MINT_TABLE_MAX_BYTES, table);
	if (error)
		return error;
	if (table_is_good(table, signature, least)) {
		table->bytes = get32(table->data + 4);
		return 0;
	}
	free(table->data);
	table->data = NULL;
	return -EBADMSG;
}

static void read_madt(struct survey_tables *tables)
{
	struct buffer madt;

	tables->madt_error = read_table("APIC", HEADER_BYTES, &madt);
	if (tables->madt_error)
		return;
	if (mint_madt_read(madt.data, madt.bytes, &tables->machine))
		tables->madt_error = -EBADMSG;
	free(madt.data);
}

static void read_mcfg(struct survey_tables *tables)
{
	struct buffer mcfg;
	size_t at;

	tables->mcfg_error = read_table("MCFG", MCFG_FIRST, &mcfg);
	if (tables->mcfg_error)
		return;
	for (at = MCFG_FIRST; mcfg.bytes - at >= MCFG_BYTES; at += MCFG_BYTES) {
		const unsigned char *entry = mcfg.data + at;

		tables->nr_segments++;
		if (get16(entry + 8))
			continue;
		tables->ecam_base = get64(entry);
		tables->ecam_first_bus = entry[10];
		tables->ecam_last_bus = entry[11];
	}
	free(mcfg.data);
	if (!tables->nr_segments)
		tables->mcfg_error = -EBADMSG;
}

/* All that could be memory counts, so every domain does that has some. */
static void read_srat(struct survey_tables *tables)
{
	struct mint_machine *machine = &tables->machine;
	struct buffer srat;

	tables->srat_error = read_table("SRAT", HEADER_BYTES, &srat);
	if (tables->srat_error)
		return;
	machine->nr_ram = 1;
	machine->ram[0].bytes = 1ULL << 62;
	if (mint_srat_read(srat.data, srat.bytes, machine))
		tables->srat_error = -EBADMSG;
	free(srat.data);
}

static void ignore_name(const char *name, void *context)
{
	(void)name;
	(void)context;
}

static void list_names(struct survey_tables *tables)
{
	static const char *const known[] = { "MCFG", "SRAT", "SLIT", "DMAR", "IVRS" };
	unsigned int i;

	snprintf(tables->names, sizeof(tables->names), "MADT");
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (!table_is_there(known[i]))
			continue;
		strcat(tables->names, " ");
		strcat(tables->names, known[i]);
	}
}

/**
 * survey_nr_cpus() - how many CPUs the machine has
 * @tables: what survey_tables() has found
 *
 * Return: the number, with those that Mint leaves out.
 */
unsigned int survey_nr_cpus(const struct survey_tables *tables)
{
	return tables->machine.nr_cpus + tables->machine.cpus_left_out;
}

/**
 * survey_highest_apic_id() - the highest APIC id of a CPU that Mint uses
 * @tables: what survey_tables() has found
 *
 * Return: the id, 0 if there are no CPUs.
 */
__u32 survey_highest_apic_id(const struct survey_tables *tables)
{
	__u32 highest = 0;
	unsigned int i;

	for (i = 0; i < tables->machine.nr_cpus; i++)
		if (tables->machine.apic_ids[i] > highest)
			highest = tables->machine.apic_ids[i];
	return highest;
}

/**
 * survey_tables() - read the firmware's tables
 * @tables: zeroes; filled in
 */
void survey_tables(struct survey_tables *tables)
{
	tables->error = sysroot_each(TABLES_DIR, ignore_name, NULL);
	read_madt(tables);
	read_mcfg(tables);
	read_srat(tables);
	list_names(tables);
	tables->dmar = table_is_there("DMAR");
	tables->ivrs = table_is_there("IVRS");
}
