// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel log in the shared region, where it can be read after the node
 * has died. A console, so that a panic flushes it; enabled by itself, so that
 * console= does not turn it off.
 */
#include <linux/console.h>
#include <linux/init.h>
#include <asm/mint.h>
#include "core.h"

static void log_write(struct console *console, const char *text, unsigned int n)
{
	mint_stream_write(mint_log_entry(mint_facts.node), MINT_LOG_BYTES,
			  text, n);
}

static struct console log_console = {
	.name = "mintlog",
	.write = log_write,
	.flags = CON_ENABLED | CON_PRINTBUFFER | CON_ANYTIME,
	.index = -1,
};

/**
 * mint_log_init() - copy the log into the shared region from now on
 *
 * What was printed before follows first.
 */
void __init mint_log_init(void)
{
	register_console(&log_console);
}
