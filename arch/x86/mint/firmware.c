// SPDX-License-Identifier: GPL-2.0
/*
 * MINT_ROLE_FIRMWARE: the machine's power and reset switches. Node 0 reads
 * them from its ACPI tables. A started node has no ACPI, and takes a copy of
 * what node 0 entered in the ledger when it boots, so that what is scribbled on
 * the ledger later moves no port.
 */
#include <linux/acpi.h>
#include <linux/acpi_pmtmr.h>
#include <linux/bits.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/pm.h>
#include <asm/mint.h>
#include "local.h"

/* The PM1 control register */
#define SLEEP_TYPE_SHIFT	10
#define SLEEP_TYPE_MASK		(7 << SLEEP_TYPE_SHIFT)
#define SLEEP_ENABLE		BIT(13)

static struct mint_firmware firmware __ro_after_init;

static u16 __init mint_io_port(const struct acpi_generic_address *reg)
{
	return reg->space_id == ACPI_ADR_SPACE_SYSTEM_IO && reg->address <= U16_MAX ?
		reg->address : 0;
}

/**
 * mint_firmware_read() - read the switches from the ACPI tables, on node 0
 * @found: zeroes; filled in, as far as the firmware has fixed power hardware
 */
void __init mint_firmware_read(struct mint_firmware *found)
{
	u8 a, b;

	/* Of a timer that failed, the kernel has set this to 0. */
	found->pm_timer_port = pmtmr_ioport <= U16_MAX ? pmtmr_ioport : 0;
	if (acpi_disabled || acpi_gbl_reduced_hardware)
		return;
	if (ACPI_SUCCESS(acpi_get_sleep_type_data(ACPI_STATE_S5, &a, &b))) {
		found->pm1a_off = a & 7;
		found->pm1b_off = b & 7;
		found->pm1b_port = mint_io_port(&acpi_gbl_FADT.xpm1b_control_block);
		found->pm1a_port = mint_io_port(&acpi_gbl_FADT.xpm1a_control_block);
	}
	if (acpi_gbl_FADT.flags & ACPI_FADT_RESET_REGISTER) {
		found->reset_value = acpi_gbl_FADT.reset_value;
		found->reset_port = mint_io_port(&acpi_gbl_FADT.reset_register);
	}
}

/**
 * mint_pm_timer_take() - let this kernel read the ACPI PM timer
 * @port: its I/O port; 0 = there is none
 *
 * It counts without being asked and cannot be set, so all nodes may read it: the
 * clock of a node whose time stamp counter is of no use. For a started node, before
 * the kernel looks for its clocks.
 */
void __init mint_pm_timer_take(u16 port)
{
	pmtmr_ioport = port;
}

/**
 * mint_firmware_take() - use the switches that node 0 has found
 * @told: in the ledger; copied
 *
 * For a started node.
 */
void __init mint_firmware_take(const struct mint_firmware *told)
{
	firmware = *told;
	/* Without it the kernel makes a halt of each power-off. */
	pm_power_off = mint_firmware_off;
}

static void mint_sleep_by(u16 port, u16 type)
{
	u16 value = inw(port) & ~(SLEEP_TYPE_MASK | SLEEP_ENABLE);

	value |= type << SLEEP_TYPE_SHIFT;
	outw(value, port);
	outw(value | SLEEP_ENABLE, port);
}

/**
 * mint_firmware_off() - switch the machine off, for a node without ACPI
 *
 * Returns if this machine's switch is not known or has no effect.
 */
void mint_firmware_off(void)
{
	if (firmware.pm1a_port)
		mint_sleep_by(firmware.pm1a_port, firmware.pm1a_off & 7);
	if (firmware.pm1b_port)
		mint_sleep_by(firmware.pm1b_port, firmware.pm1b_off & 7);
}

/**
 * mint_firmware_reset() - reset the machine, for a node without ACPI
 *
 * Returns if this machine's switch is not known or has no effect.
 */
void mint_firmware_reset(void)
{
	if (firmware.reset_port)
		outb(firmware.reset_value, firmware.reset_port);
}
