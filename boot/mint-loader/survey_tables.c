// SPDX-License-Identifier: GPL-2.0
/*
 * The firmware's ACPI tables, as the kernel shows them in /sys. They are input: no
 * length in them is believed before it was compared with what there is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "survey.h"
#include "sysroot.h"
#include "util.h"

#define TABLES_DIR	"/sys/firmware/acpi/tables"
#define TABLE_MAX	0x100000
#define HEADER_BYTES	36

/* Entries of MADT and SRAT, and where their fields are */
#define MADT_FIRST	44
#define MADT_XAPIC	0
#define MADT_X2APIC	9
#define SRAT_FIRST	48
#define SRAT_XAPIC	0
#define SRAT_MEMORY	1
#define SRAT_X2APIC	2
#define ENABLED		1
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
	error = sysroot_read(path, TABLE_MAX, table);
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

/*
 * Goes to the next entry of a table of entries with type and length. Returns NULL
 * behind the last, and before, at one that makes no sense.
 */
static const unsigned char *next_entry(const struct buffer *table, size_t *at)
{
	const unsigned char *entry = table->data + *at;

	if (table->bytes - *at < 2 || entry[1] < 2 || entry[1] > table->bytes - *at)
		return NULL;
	*at += entry[1];
	return entry;
}

static void add_cpu(struct survey_tables *tables, __u32 apic_id)
{
	unsigned int i;

	for (i = 0; i < tables->nr_cpus; i++)
		if (tables->apic_ids[i] == apic_id)
			return;
	if (tables->nr_cpus == SURVEY_CPUS)
		return;
	tables->apic_ids[tables->nr_cpus++] = apic_id;
	if (apic_id > tables->highest_apic_id)
		tables->highest_apic_id = apic_id;
}

static void read_madt(struct survey_tables *tables)
{
	const unsigned char *entry;
	size_t at = MADT_FIRST;
	struct buffer madt;

	tables->madt_error = read_table("APIC", MADT_FIRST, &madt);
	if (tables->madt_error)
		return;
	while ((entry = next_entry(&madt, &at))) {
		/* 0xff in the old entry: the CPU has a new one. */
		if (entry[0] == MADT_XAPIC && entry[1] >= 8 && entry[3] != 0xff &&
		    get32(entry + 4) & ENABLED)
			add_cpu(tables, entry[3]);
		if (entry[0] == MADT_X2APIC && entry[1] >= 16 && get32(entry + 8) & ENABLED)
			add_cpu(tables, get32(entry + 4));
	}
	free(madt.data);
	if (!tables->nr_cpus || at < madt.bytes)
		tables->madt_error = -EBADMSG;
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

static void add_domain(struct survey_tables *tables, __u32 domain)
{
	unsigned int i;

	for (i = 0; i < tables->nr_domains; i++)
		if (tables->domains[i] == domain)
			return;
	if (tables->nr_domains < SURVEY_DOMAINS)
		tables->domains[tables->nr_domains++] = domain;
}

static void read_srat(struct survey_tables *tables)
{
	const unsigned char *entry;
	size_t at = SRAT_FIRST;
	struct buffer srat;

	tables->srat_error = read_table("SRAT", SRAT_FIRST, &srat);
	if (tables->srat_error)
		return;
	while ((entry = next_entry(&srat, &at))) {
		if (entry[0] == SRAT_XAPIC && entry[1] >= 16 && get32(entry + 4) & ENABLED)
			add_domain(tables, entry[2] | get32(entry + 8) >> 8 << 8);
		if (entry[0] == SRAT_MEMORY && entry[1] >= 40 && get32(entry + 28) & ENABLED)
			add_domain(tables, get32(entry + 2));
		if (entry[0] == SRAT_X2APIC && entry[1] >= 24 && get32(entry + 12) & ENABLED)
			add_domain(tables, get32(entry + 4));
	}
	free(srat.data);
	if (!tables->nr_domains || at < srat.bytes)
		tables->srat_error = -EBADMSG;
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
