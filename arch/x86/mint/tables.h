/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Readers of the firmware's ACPI tables. They take any bytes: what makes no sense is
 * refused. Compile in user space too: in the mint command, and in tests/firmware.
 */
#ifndef _ARCH_X86_MINT_TABLES_H
#define _ARCH_X86_MINT_TABLES_H

#include <linux/types.h>
#include <asm/mint_machine.h>

#define MINT_TABLE_HEADER_BYTES	36
#define MINT_TABLE_MAX_BYTES	(128U << 10)	/* half of what early_memremap() maps */

/**
 * struct mint_firmware_memory - how to get at what the firmware has left in memory
 * @map: returns where so many bytes from a physical address are, or NULL
 * @unmap: takes what @map returned, and its size
 */
struct mint_firmware_memory {
	const void *(*map)(u64 phys, u32 bytes);
	void (*unmap)(const void *at, u32 bytes);
};

/**
 * struct mint_subtable - how each entry of MADT and SRAT begins
 * @type: what it is
 * @bytes: its size, these two bytes included
 */
struct mint_subtable {
	u8 type;
	u8 bytes;
};

/**
 * typedef mint_table_reader - takes what it needs out of a table
 * @table: a whole table with its header; signature and checksum are right
 * @bytes: its size, at least MINT_TABLE_HEADER_BYTES
 * @machine: filled in
 *
 * Return: 0, or -EINVAL if the table makes no sense.
 */
typedef int mint_table_reader(const void *table, u32 bytes, struct mint_machine *machine);

int mint_table_find(const struct mint_firmware_memory *memory, u64 rsdp, const char *signature,
		    mint_table_reader *read, struct mint_machine *machine);
int mint_subtable_at(const void *table, u32 bytes, u32 at, const struct mint_subtable **found);
int mint_madt_read(const void *madt, u32 bytes, struct mint_machine *machine);
int mint_srat_read(const void *srat, u32 bytes, struct mint_machine *machine);
int mint_slit_read(const void *slit, u32 bytes, struct mint_machine *machine);
void mint_domains_none(struct mint_machine *machine);

#endif /* _ARCH_X86_MINT_TABLES_H */
