// SPDX-License-Identifier: GPL-2.0
/*
 * IOMMUs stay off: their tables would lie in the memory of one node, and the
 * devices of all nodes would depend on it. See docs/design.md.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/acpi.h>
#include <linux/init.h>
#include <asm/iommu.h>
#include <asm/mint.h>

static bool __init mint_firmware_has(char *signature)
{
	struct acpi_table_header *table;

	if (acpi_disabled || ACPI_FAILURE(acpi_get_table(signature, 0, &table)))
		return false;
	acpi_put_table(table);
	return true;
}

/**
 * mint_keep_iommu_off() - let no IOMMU translate what devices send
 *
 * Called before the kernel looks for IOMMUs, and after all boot parameters. Where
 * the firmware has left one on, its driver then switches it off.
 */
void __init mint_keep_iommu_off(void)
{
	if (!mint_active())
		return;
	no_iommu = 1;
	if (mint_firmware_has(ACPI_SIG_DMAR) || mint_firmware_has(ACPI_SIG_IVRS))
		pr_info("the IOMMU stays off, and so does interrupt remapping: the devices of all nodes would depend on one node\n");
}
