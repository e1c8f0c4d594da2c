/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A firmware's tables in a piece of memory, as a reader of them gets at it. What is
 * mapped is a copy of just that size, so that AddressSanitizer sees who reads on.
 */
#ifndef TESTS_FIRMWARE_IMAGE_H
#define TESTS_FIRMWARE_IMAGE_H

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "tables.h"

#define IMAGE_BASE	0xe0000ULL	/* physical address of its first byte */
#define IMAGE_BYTES	8192
#define IMAGE_RSDP	IMAGE_BASE
#define RSDP_BYTES	36

/**
 * struct image - the memory in which a firmware has left its tables
 * @bytes: contents
 * @end: so many of them are used
 * @repair: whoever maps a table gets one with right checksums
 * @mapped: mappings that were not given back
 */
struct image {
	u8 bytes[IMAGE_BYTES];
	u32 end;
	bool repair;
	int mapped;
};

static struct image image;

static inline u8 image_sum(const u8 *bytes, u32 n)
{
	u8 sum = 0;

	while (n--)
		sum += *bytes++;
	return sum;
}

static inline void image_repair(u8 *table, u32 bytes)
{
	if (bytes == RSDP_BYTES && !memcmp(table, "RSD PTR ", 8)) {
		table[8] -= image_sum(table, 20);
		table[32] -= image_sum(table, bytes);
	} else if (bytes > MINT_TABLE_HEADER_BYTES) {
		table[9] -= image_sum(table, bytes);
	}
}

static const void *image_map(u64 phys, u32 bytes)
{
	u8 *copy;

	if (phys < IMAGE_BASE || phys - IMAGE_BASE > IMAGE_BYTES ||
	    bytes > IMAGE_BYTES - (phys - IMAGE_BASE))
		return NULL;
	copy = malloc(bytes);
	CHECK(copy);
	memcpy(copy, image.bytes + (phys - IMAGE_BASE), bytes);
	if (image.repair)
		image_repair(copy, bytes);
	image.mapped++;
	return copy;
}

static void image_unmap(const void *at, u32 bytes)
{
	u8 *copy = (u8 *)at;

	CHECK(bytes);
	copy[bytes - 1]++;	/* it must have been that large */
	free(copy);
	image.mapped--;
}

static const struct mint_firmware_memory image_memory = {
	.map = image_map,
	.unmap = image_unmap,
};

static inline int image_find(const char *signature, mint_table_reader *read,
			     struct mint_machine *machine)
{
	int err = mint_table_find(&image_memory, IMAGE_RSDP, signature, read, machine);

	CHECK(!image.mapped);
	return err;
}

static inline void *image_at(u64 phys)
{
	return image.bytes + (phys - IMAGE_BASE);
}

static inline void image_put(u64 value, u32 bytes)
{
	CHECK(image.end + bytes <= IMAGE_BYTES);
	memcpy(image.bytes + image.end, &value, bytes);
	image.end += bytes;
}

/* Begins a table, and returns its address. Its size and checksum come at its end. */
static inline u64 image_begin(const char *signature, u8 revision)
{
	u64 phys = IMAGE_BASE + image.end;

	memcpy(image.bytes + image.end, signature, 4);
	image.end += 8;
	image_put(revision, 1);
	image.end += MINT_TABLE_HEADER_BYTES - 9;
	return phys;
}

static inline void image_end(u64 phys)
{
	u32 bytes = image.end - (phys - IMAGE_BASE);
	u8 *table = image_at(phys);

	memcpy(table + 4, &bytes, 4);
	table[9] -= image_sum(table, bytes);
}

/* An empty image; the root pointer is entered by image_root(). */
static inline void image_reset(void)
{
	memset(&image, 0, sizeof(image));
	image.end = 64;
}

/* Makes root pointer and root table: XSDT, or RSDT for a @width of 4. */
static inline void image_root(u32 width, const u64 *tables, u32 n)
{
	u64 root = image_begin(width == 8 ? "XSDT" : "RSDT", 1);
	u8 *rsdp = image.bytes;
	u32 i;

	for (i = 0; i < n; i++)
		image_put(tables[i], width);
	image_end(root);
	memcpy(rsdp, "RSD PTR ", 8);
	rsdp[15] = width == 8 ? 2 : 0;
	rsdp[20] = RSDP_BYTES;
	memcpy(rsdp + (width == 8 ? 24 : 16), &root, width);
	rsdp[8] -= image_sum(rsdp, 20);
	rsdp[32] -= image_sum(rsdp, RSDP_BYTES);
}

static inline u64 image_begin_madt(void)
{
	u64 madt = image_begin("APIC", 5);

	image_put(0xfee00000, 4);
	image_put(1, 4);
	return madt;
}

static inline void image_local_apic(u8 id, u32 flags)
{
	image_put(0 | 8 << 8, 2);
	image_put(id, 1);
	image_put(id, 1);
	image_put(flags, 4);
}

static inline void image_local_x2apic(u32 id, u32 flags)
{
	image_put(9 | 16 << 8, 4);
	image_put(id, 4);
	image_put(flags, 4);
	image_put(id, 4);
}

static inline u64 image_begin_srat(u8 revision)
{
	u64 srat = image_begin("SRAT", revision);

	image_put(1, 4);
	image_put(0, 8);
	return srat;
}

static inline void image_apic_affinity(u32 proximity, u8 id, u32 flags)
{
	image_put(0 | 16 << 8, 2);
	image_put(proximity & 0xff, 1);
	image_put(id, 1);
	image_put(flags, 4);
	image_put(0, 1);
	image_put(proximity >> 8, 3);
	image_put(0, 4);
}

static inline void image_x2apic_affinity(u32 proximity, u32 id, u32 flags)
{
	image_put(2 | 24 << 8, 4);
	image_put(proximity, 4);
	image_put(id, 4);
	image_put(flags, 4);
	image_put(0, 8);
}

static inline void image_memory_affinity(u32 proximity, u64 base, u64 bytes, u32 flags)
{
	image_put(1 | 40 << 8, 2);
	image_put(proximity, 4);
	image_put(0, 2);
	image_put(base, 8);
	image_put(bytes, 8);
	image_put(0, 4);
	image_put(flags, 4);
	image_put(0, 8);
}

#endif /* TESTS_FIRMWARE_IMAGE_H */
