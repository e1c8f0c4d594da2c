// SPDX-License-Identifier: GPL-2.0
/*
 * What one CPU sends to another one of any node, by its physical APIC id. The
 * interrupt behind the doorbells is X86_PLATFORM_IPI_VECTOR, which has the same
 * number in every kernel.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/printk.h>
#include <asm/apic.h>
#include <asm/barrier.h>
#include <asm/hw_irq.h>
#include <asm/irq_vectors.h>
#include <asm/mint.h>
#include "local.h"

/**
 * mint_icr_send() - send one CPU what a command of the local APIC says
 * @command: lower half of the interrupt command
 * @apic_id: APIC id of the CPU
 *
 * The CPU that takes it sees what was written before.
 *
 * Context: any but NMI.
 */
void mint_icr_send(u32 command, u32 apic_id)
{
	unsigned long flags;

	if (!mint_apic_reaches(apic_id)) {	/* another CPU would get it, or all */
		pr_err_once("APIC id %u cannot be reached without x2APIC\n", apic_id);
		return;
	}
	/* An x2APIC takes the command by a WRMSR that orders nothing. */
	weak_wrmsr_fence();
	local_irq_save(flags);
	safe_apic_wait_icr_idle();
	apic_icr_write(command, apic_id);
	local_irq_restore(flags);
}

/**
 * mint_ipi_send() - interrupt one CPU of any node
 * @apic_id: APIC id of the CPU
 *
 * The CPU that takes the interrupt sees what was written before.
 *
 * Context: any but NMI.
 */
void mint_ipi_send(u32 apic_id)
{
	mint_icr_send(APIC_DM_FIXED | X86_PLATFORM_IPI_VECTOR, apic_id);
}

/**
 * mint_ipi_listen() - take the interrupts that others send here
 * @handler: called in hard interrupt context on the CPU that was interrupted
 */
void mint_ipi_listen(void (*handler)(void))
{
	x86_platform_ipi_callback = handler;
}
