// SPDX-License-Identifier: GPL-2.0
/*
 * The UARTs of a started node: none, or the one that its boot parameter
 *
 *	mint_uart=NUMBER
 *
 * names by the number of its ttyS. It is polled: wired interrupts go to node 0.
 * Nothing keeps other nodes off it but that they do not open it.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/serial_8250.h>
#include "local.h"

#define NR_UARTS	4	/* as a PC has them, ttyS0 to ttyS3 */

static unsigned int own_uart __initdata = NR_UARTS;

static int __init mint_parse_uart(char *value)
{
	unsigned int number;

	if (!value || kstrtouint(value, 10, &number) || number >= NR_UARTS)
		pr_err("mint_uart: '%s' is not a number from 0 to %u; no UART is used\n",
		       value ? value : "", NR_UARTS - 1);
	else
		own_uart = number;
	return 0;
}
early_param("mint_uart", mint_parse_uart);

static void __init mint_configure_uart(int port, struct uart_port *up, u32 *capabilities)
{
	if (port == own_uart)
		up->irq = 0;
	else
		up->iobase = 0;
}

/**
 * mint_limit_uarts() - keep the driver off the UARTs of other nodes
 *
 * Called on started nodes, before the driver lists the ports of a PC.
 */
void __init mint_limit_uarts(void)
{
	serial8250_set_isa_configurator(mint_configure_uart);
}
