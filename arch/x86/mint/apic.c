// SPDX-License-Identifier: GPL-2.0
/*
 * xAPIC or x2APIC: a CPU keeps the mode of its local APIC over INIT. All nodes
 * use the mode that node 0 uses. Nobody remaps interrupts: those of devices
 * reach APIC ids up to 254. See docs/design.md.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/cpumask.h>
#include <linux/init.h>
#include <asm/apic.h>
#include <asm/mint.h>
#include <asm/smp.h>
#include <asm/x86_init.h>
#include "local.h"

/* Messages of an xAPIC and of devices name a CPU by 8 bits, and 0xff is all CPUs. */
#define MAX_SHORT_ID	254U

static u32 max_irq_id __ro_after_init = MAX_SHORT_ID;
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
 * mint_max_apic_id() - say how high the APIC id of a CPU may be
 * @irq_limit: the highest that messages of devices have bits for
 *
 * Such messages need not reach all CPUs: mint_irq_reaches().
 *
 * Return: @irq_limit without Mint, otherwise what the kernel has room for.
 */
u32 __init mint_max_apic_id(u32 irq_limit)
{
	if (!mint_active())
		return irq_limit;
	if (irq_limit > 255)	/* some hypervisors find room for 15 bits */
		max_irq_id = irq_limit;
	return MAX_LOCAL_APIC - 1;
}

/**
 * mint_irq_reaches() - can the interrupt of a device be sent to a CPU?
 * @cpu: number of an own CPU, as this kernel counts
 *
 * Context: any.
 */
bool mint_irq_reaches(unsigned int cpu)
{
	return !mint_active() || per_cpu(x86_cpu_to_apicid, cpu) <= max_irq_id;
}

/**
 * mint_irq_reaches_all() - can the interrupt of a device be sent to these CPUs?
 * @cpus: CPUs as this kernel counts; what is not present does not matter
 *
 * Context: any.
 */
bool mint_irq_reaches_all(const struct cpumask *cpus)
{
	unsigned int cpu;

	for_each_cpu_and(cpu, cpus, cpu_present_mask)
		if (!mint_irq_reaches(cpu))
			return false;
	return true;
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
