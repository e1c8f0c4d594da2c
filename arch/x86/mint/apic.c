// SPDX-License-Identifier: GPL-2.0
/*
 * xAPIC or x2APIC: a CPU keeps the mode of its local APIC over INIT. All nodes
 * use the mode that node 0 uses. See docs/design.md.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/init.h>
#include <asm/apic.h>
#include <asm/mint.h>
#include <asm/x86_init.h>
#include "local.h"

/* Messages of an xAPIC name a CPU by 8 bits, and 0xff is all CPUs. */
#define MAX_SHORT_ID	254U

static bool (*hypervisor_offers_x2apic)(void) __initdata;

/* Where interrupts are not remapped, the kernel asks this for the mode. */
static bool __init mint_x2apic_available(void)
{
	if (mint_secondary())
		return mint_facts.x2apic;
	return x2apic_enabled() || hypervisor_offers_x2apic();
}

/**
 * mint_x2apic() - is this node's mode x2APIC, which it hands over?
 */
bool mint_x2apic(void)
{
	return x2apic_mode;
}

/**
 * mint_apic_take_platform() - choose the APIC mode
 *
 * Called when the kernel knows its hypervisor, but has not set up interrupts.
 */
void __init mint_apic_take_platform(void)
{
	hypervisor_offers_x2apic = x86_init.hyper.x2apic_available;
	x86_init.hyper.x2apic_available = mint_x2apic_available;
	/* A device has no room for the logical id of an x2APIC. */
	x2apic_phys = 1;
}

/**
 * mint_apic_reaches() - can this CPU send another one an IPI?
 * @apic_id: the other CPU, of any node
 *
 * Its mode may differ as yet: an APIC of either mode takes what is meant for its id.
 *
 * Context: any.
 */
bool mint_apic_reaches(u32 apic_id)
{
	return x2apic_mode || apic_id <= MAX_SHORT_ID;
}

/**
 * mint_apic_drop_unreachable() - leave out CPUs that no IPI can start
 * @apic_ids: list of CPUs; those are taken out
 * @nr: entries of @apic_ids
 *
 * The kernel leaves the same CPUs out when it reads the firmware's table. Called
 * before it knows its APIC mode.
 *
 * Return: how many are left.
 */
unsigned int __init mint_apic_drop_unreachable(u32 *apic_ids, unsigned int nr)
{
	unsigned int i, left = 0;

	if (x2apic_enabled())
		return nr;
	for (i = 0; i < nr; i++)
		if (apic_ids[i] <= MAX_SHORT_ID)
			apic_ids[left++] = apic_ids[i];
	if (left < nr)
		pr_warn("%u CPUs are left out: their APIC ids are above %u, and x2APIC is off\n",
			nr - left, MAX_SHORT_ID);
	return left;
}

/**
 * mint_apic_disable() - take no more interrupts, but still NMIs and INITs
 *
 * May come by an NMI before the kernel has chosen its APIC driver.
 */
void mint_apic_disable(void)
{
	if (x2apic_mode)
		native_apic_msr_write(APIC_SPIV, native_apic_msr_read(APIC_SPIV) &
						 ~APIC_SPIV_APIC_ENABLED);
	else if (apic_mmio_base)
		native_apic_mem_write(APIC_SPIV, native_apic_mem_read(APIC_SPIV) &
						 ~APIC_SPIV_APIC_ENABLED);
}
