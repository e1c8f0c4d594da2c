// SPDX-License-Identifier: GPL-2.0
/*
 * The interrupt behind the doorbells: X86_PLATFORM_IPI_VECTOR, which has the
 * same number in every kernel, sent to one physical APIC id.
 */
#include <asm/apic.h>
#include <asm/barrier.h>
#include <asm/hw_irq.h>
#include <asm/irq_vectors.h>
#include <asm/mint.h>

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
	unsigned long flags;

	/* An x2APIC takes the command by a WRMSR that orders nothing. */
	weak_wrmsr_fence();
	local_irq_save(flags);
	safe_apic_wait_icr_idle();
	apic_icr_write(APIC_DM_FIXED | X86_PLATFORM_IPI_VECTOR, apic_id);
	local_irq_restore(flags);
}

/**
 * mint_ipi_listen() - take the interrupts that others send here
 * @handler: called in hard interrupt context on the CPU that was interrupted
 */
void mint_ipi_listen(void (*handler)(void))
{
	x86_platform_ipi_callback = handler;
}
