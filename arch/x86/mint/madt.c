// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's CPUs, read from the firmware's MADT before the kernel's own
 * ACPI code runs: a partition is checked as a whole before any of it is
 * applied, and memory is partitioned long before CPUs are enumerated.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/acpi.h>
#include <linux/io.h>
#include <asm/setup.h>
#include "local.h"

#define MADT_MAX_BYTES	SZ_64K	/* what early_memremap() maps at once */

/* Maps the table at @phys if it is a MADT, else returns NULL. */
static void *__init mint_madt_map(u64 phys)
{
	struct acpi_table_header *header;
	u32 bytes;
	bool madt;

	if (!phys)
		return NULL;
	header = early_memremap(phys, sizeof(*header));
	if (!header)
		return NULL;
	madt = !memcmp(header->signature, ACPI_SIG_MADT, ACPI_NAMESEG_SIZE);
	bytes = header->length;
	early_memunmap(header, sizeof(*header));
	if (!madt || bytes < sizeof(struct acpi_table_madt) ||
	    bytes > MADT_MAX_BYTES)
		return NULL;
	return early_memremap(phys, bytes);
}

/* Looks through the RSDT (entries of 4 bytes) or XSDT (of 8). */
static struct acpi_table_madt *__init mint_madt_find_in_root(u64 phys, unsigned int width)
{
	struct acpi_table_header *root;
	void *madt = NULL;
	u32 bytes, at;

	root = early_memremap(phys, sizeof(*root));
	if (!root)
		return NULL;
	bytes = min_t(u32, root->length, PAGE_SIZE);
	early_memunmap(root, sizeof(*root));

	root = early_memremap(phys, bytes);
	if (!root)
		return NULL;
	for (at = sizeof(*root); !madt && at + width <= bytes; at += width) {
		u64 entry = 0;

		memcpy(&entry, (void *)root + at, width);
		madt = mint_madt_map(entry);
	}
	early_memunmap(root, bytes);
	return madt;
}

static struct acpi_table_madt *__init mint_madt_find(void)
{
	acpi_physical_address at = boot_params.acpi_rsdp_addr;
	struct acpi_table_madt *madt = NULL;
	struct acpi_table_rsdp *rsdp;

	if (!at && ACPI_FAILURE(acpi_find_root_pointer(&at)))
		return NULL;
	rsdp = early_memremap(at, sizeof(*rsdp));
	if (!rsdp)
		return NULL;
	if (rsdp->revision >= 2 && rsdp->xsdt_physical_address)
		madt = mint_madt_find_in_root(rsdp->xsdt_physical_address, 8);
	else
		madt = mint_madt_find_in_root(rsdp->rsdt_physical_address, 4);
	early_memunmap(rsdp, sizeof(*rsdp));
	return madt;
}

static bool __init mint_madt_usable_apic_id(const struct acpi_subtable_header *entry,
					    u32 *apic_id)
{
	const struct acpi_madt_local_apic *xapic = (const void *)entry;
	const struct acpi_madt_local_x2apic *x2apic = (const void *)entry;

	if (entry->type == ACPI_MADT_TYPE_LOCAL_APIC &&
	    entry->length >= sizeof(*xapic)) {
		*apic_id = xapic->id;
		return xapic->lapic_flags & ACPI_MADT_ENABLED;
	}
	if (entry->type == ACPI_MADT_TYPE_LOCAL_X2APIC &&
	    entry->length >= sizeof(*x2apic)) {
		*apic_id = x2apic->local_apic_id;
		return x2apic->lapic_flags & ACPI_MADT_ENABLED;
	}
	return false;
}

/**
 * mint_madt_cpus() - list the machine's CPUs
 * @apic_ids: filled in with their APIC ids; the index is the machine-wide number
 * @max: entries of @apic_ids; further CPUs are left out
 *
 * Return: entries filled in, or -ENODEV if the firmware has no MADT.
 */
int __init mint_madt_cpus(u32 *apic_ids, unsigned int max)
{
	struct acpi_table_madt *madt = mint_madt_find();
	u32 bytes, at, apic_id;
	int n = 0;

	if (!madt)
		return -ENODEV;
	bytes = madt->header.length;
	at = sizeof(*madt);
	while (at + sizeof(struct acpi_subtable_header) <= bytes && n < max) {
		struct acpi_subtable_header *entry = (void *)madt + at;

		if (entry->length < sizeof(*entry) || at + entry->length > bytes)
			break;
		if (mint_madt_usable_apic_id(entry, &apic_id))
			apic_ids[n++] = apic_id;
		at += entry->length;
	}
	early_memunmap(madt, bytes);
	return n ? n : -ENODEV;
}
