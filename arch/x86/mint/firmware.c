// SPDX-License-Identifier: GPL-2.0
/*
 * MINT_ROLE_FIRMWARE: the machine's power and reset switches. Node 0 reads
 * them from its ACPI tables and enters them in the ledger; a started node has
 * no ACPI, and takes its own copy when it boots, so that what is scribbled on
 * the ledger later moves no port.
 */
#include <linux/acpi.h>
#include <linux/bits.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/mint.h>
#include <linux/pm.h>
#include <asm/mint.h>
#include "local.h"

/* The PM1 control register */
#define SLEEP_TYPE_SHIFT	10
#define SLEEP_TYPE_MASK		(7 << SLEEP_TYPE_SHIFT)
#define SLEEP_ENABLE		BIT(13)

static struct mint_firmware firmware __ro_after_init;

static u16 __init io_port(const struct acpi_generic_address *reg)
{
	return reg->space_id == ACPI_ADR_SPACE_SYSTEM_IO && reg->address <= U16_MAX ?
		reg->address : 0;
}

/* Nothing of it is known where the firmware has no fixed power hardware. */
static void __init read_acpi(struct mint_firmware *found)
{
	u8 a, b;

	if (acpi_disabled || acpi_gbl_reduced_hardware)
		return;
	if (ACPI_SUCCESS(acpi_get_sleep_type_data(ACPI_STATE_S5, &a, &b))) {
		found->pm1a_off = a & 7;
		found->pm1b_off = b & 7;
		found->pm1b_port = io_port(&acpi_gbl_FADT.xpm1b_control_block);
		found->pm1a_port = io_port(&acpi_gbl_FADT.xpm1a_control_block);
	}
	if (acpi_gbl_FADT.flags & ACPI_FADT_RESET_REGISTER) {
		found->reset_value = acpi_gbl_FADT.reset_value;
		found->reset_port = io_port(&acpi_gbl_FADT.reset_register);
	}
}

static int __init firmware_init(void)
{
	struct mint_firmware *shared;

	if (!mint_active())
		return 0;
	shared = mint_firmware_entry();
	if (mint_secondary()) {
		firmware = *shared;
		/* Without it the kernel makes a halt of each power-off. */
		pm_power_off = mint_firmware_off;
		return 0;
	}
	read_acpi(&firmware);
	*shared = (struct mint_firmware) {
		.pm1a_off = firmware.pm1a_off,
		.pm1b_off = firmware.pm1b_off,
		.pm1b_port = firmware.pm1b_port,
		.reset_value = firmware.reset_value,
	};
	mint_store_release(&shared->pm1a_port, firmware.pm1a_port);
	mint_store_release(&shared->reset_port, firmware.reset_port);
	return 0;
}
late_initcall(firmware_init);

static void sleep_by(u16 port, u16 type)
{
	u16 value = inw(port) & ~(SLEEP_TYPE_MASK | SLEEP_ENABLE);

	value |= type << SLEEP_TYPE_SHIFT;
	outw(value, port);
	outw(value | SLEEP_ENABLE, port);
}

/**
 * mint_firmware_off() - switch the machine off, for a node without ACPI
 *
 * Returns where that is not known or does nothing.
 */
void mint_firmware_off(void)
{
	if (firmware.pm1a_port)
		sleep_by(firmware.pm1a_port, firmware.pm1a_off & 7);
	if (firmware.pm1b_port)
		sleep_by(firmware.pm1b_port, firmware.pm1b_off & 7);
}

/**
 * mint_firmware_reset() - reset the machine, for a node without ACPI
 *
 * Returns where that is not known or does nothing.
 */
void mint_firmware_reset(void)
{
	if (firmware.reset_port)
		outb(firmware.reset_value, firmware.reset_port);
}
