// SPDX-License-Identifier: GPL-2.0
/*
 * The way from the root pointer (RSDP) to one of the firmware's ACPI tables, at a
 * time at which the kernel's own ACPI code cannot be used. Each address is mapped by
 * a callback that may refuse it, each length is checked, and what has a wrong
 * checksum does not count. Compiles in user space too: tests/firmware.
 */
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/string.h>
#include "tables.h"

#define ROOT_MAX_BYTES	4096	/* about 500 tables */

/* ACPI specification, "Root System Description Pointer" */
struct rsdp {
	char signature[8];
	u8 checksum;
	char oem_id[6];
	u8 revision;
	u32 rsdt;
	u32 bytes;
	u64 xsdt;
	u8 whole_checksum;
	u8 reserved[3];
} __packed;

#define RSDP_OLD_BYTES	20	/* of revision 0, and what the first checksum covers */

/* "System Description Table Header" */
struct header {
	char signature[4];
	u32 bytes;
	u8 revision;
	u8 checksum;
	char oem[26];
} __packed;

static_assert(sizeof(struct rsdp) == 36);
static_assert(sizeof(struct header) == MINT_TABLE_HEADER_BYTES);

static bool __init sums_to_zero(const void *from, u32 bytes)
{
	const u8 *byte = from;
	u8 sum = 0;

	while (bytes--)
		sum += *byte++;
	return !sum;
}

/*
 * Maps the table at @phys if its signature is the one that is looked for. Returns 0,
 * -ENODEV if it is another one or cannot be mapped, -EINVAL if it is damaged.
 */
static int __init mint_table_map(const struct mint_firmware_memory *memory, u64 phys,
				 const char *signature, u32 max_bytes, const void **table,
				 u32 *bytes)
{
	const struct header *header = phys ? memory->map(phys, sizeof(*header)) : NULL;
	bool wanted;

	if (!header)
		return -ENODEV;
	wanted = !memcmp(header->signature, signature, sizeof(header->signature));
	*bytes = header->bytes;
	memory->unmap(header, sizeof(*header));
	if (!wanted)
		return -ENODEV;
	if (*bytes < sizeof(*header) || *bytes > max_bytes)
		return -EINVAL;
	*table = memory->map(phys, *bytes);
	if (!*table)
		return -EINVAL;
	if (sums_to_zero(*table, *bytes))
		return 0;
	memory->unmap(*table, *bytes);
	return -EINVAL;
}

static int __init mint_table_use(const struct mint_firmware_memory *memory, u64 phys,
				 const char *signature, mint_table_reader *read,
				 struct mint_machine *machine)
{
	const void *table;
	u32 bytes;
	int err;

	err = mint_table_map(memory, phys, signature, MINT_TABLE_MAX_BYTES, &table, &bytes);
	if (err)
		return err;
	err = read(table, bytes, machine);
	memory->unmap(table, bytes);
	return err;
}

/* Looks through the XSDT (entries of 8 bytes) or RSDT (of 4). The first one counts. */
static int __init mint_table_find_in(const struct mint_firmware_memory *memory,
				     const void *root, u32 bytes, u32 width,
				     const char *signature, mint_table_reader *read,
				     struct mint_machine *machine)
{
	u32 at;

	for (at = sizeof(struct header); width <= bytes - at; at += width) {
		u64 phys = 0;
		int err;

		memcpy(&phys, root + at, width);
		err = mint_table_use(memory, phys, signature, read, machine);
		if (err != -ENODEV)
			return err;
	}
	return -ENODEV;
}

/* Returns whether there is one; @rsdp is a copy, without what is not valid. */
static bool __init mint_rsdp_read(const struct mint_firmware_memory *memory, u64 phys,
				  struct rsdp *rsdp)
{
	const struct rsdp *found = phys ? memory->map(phys, sizeof(*found)) : NULL;

	if (!found)
		return false;
	*rsdp = *found;
	memory->unmap(found, sizeof(*found));
	if (memcmp(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature)) ||
	    !sums_to_zero(rsdp, RSDP_OLD_BYTES))
		return false;
	if (rsdp->revision < 2 || !sums_to_zero(rsdp, sizeof(*rsdp)))
		rsdp->xsdt = 0;
	return true;
}

/**
 * mint_table_find() - find a table, and have it read
 * @memory: how to get at it
 * @rsdp: physical address of the root pointer, any value
 * @signature: four letters
 * @read: called with the table
 * @machine: for @read
 *
 * Return: what @read returned, -ENODEV if there is no such table, -EINVAL if it is
 * damaged.
 */
int __init mint_table_find(const struct mint_firmware_memory *memory, u64 rsdp,
			   const char *signature, mint_table_reader *read,
			   struct mint_machine *machine)
{
	const void *root;
	struct rsdp from;
	u32 bytes, width = 8;
	int err;

	if (!mint_rsdp_read(memory, rsdp, &from))
		return -ENODEV;
	err = mint_table_map(memory, from.xsdt, "XSDT", ROOT_MAX_BYTES, &root, &bytes);
	if (err) {
		width = 4;
		err = mint_table_map(memory, from.rsdt, "RSDT", ROOT_MAX_BYTES, &root, &bytes);
	}
	if (err)
		return err;
	err = mint_table_find_in(memory, root, bytes, width, signature, read, machine);
	memory->unmap(root, bytes);
	return err;
}

/**
 * mint_subtable_at() - look at one entry of a MADT or SRAT
 * @table: the table
 * @bytes: its size
 * @at: where the entry begins
 * @found: filled in
 *
 * Return: 1, 0 at the end of the table, or -EINVAL if the entry makes no sense.
 */
int __init mint_subtable_at(const void *table, u32 bytes, u32 at,
			    const struct mint_subtable **found)
{
	const struct mint_subtable *entry;

	if (at > bytes || bytes - at < sizeof(*entry))
		return 0;
	entry = table + at;
	if (entry->bytes < sizeof(*entry) || entry->bytes > bytes - at)
		return -EINVAL;
	*found = entry;
	return 1;
}
