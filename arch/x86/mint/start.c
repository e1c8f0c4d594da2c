// SPDX-License-Identifier: GPL-2.0
/*
 * Stopping and starting CPUs: INIT and SIPI, and the start-up page of the low
 * area, through which one CPU of the machine at a time comes into its kernel.
 * Who uses the page has it by struct mint_startup_guard.
 */
#include <linux/delay.h>
#include <linux/init.h>
#include <asm/apic.h>
#include <asm/mint.h>
#include "local.h"

#define STARTUP_SPIN_US	200

static const struct mint_startup_guard *startup_guard __ro_after_init;

static void mint_init_assert(u32 apic_id)
{
	mint_icr_send(APIC_INT_LEVELTRIG | APIC_INT_ASSERT | APIC_DM_INIT, apic_id);
}

static void mint_init_deassert(u32 apic_id)
{
	mint_icr_send(APIC_INT_LEVELTRIG | APIC_DM_INIT, apic_id);
}

/**
 * mint_cpu_init() - stop a CPU at any instruction
 * @apic_id: APIC id of the CPU; never that of the machine's boot CPU, since an
 *	INIT to that one resets the machine
 *
 * Takes 10 ms. From then on the CPU waits for a SIPI and executes nothing, unless
 * it is in a state that blocks an INIT: see mint_cpu_confirm().
 *
 * Context: may sleep.
 */
void mint_cpu_init(u32 apic_id)
{
	mint_init_assert(apic_id);
	usleep_range(10000, 11000);
	mint_init_deassert(apic_id);
}

/**
 * mint_cpu_nmi() - send a CPU a non-maskable interrupt
 * @apic_id: APIC id of the CPU
 *
 * Context: any but NMI.
 */
void mint_cpu_nmi(u32 apic_id)
{
	mint_icr_send(APIC_DM_NMI, apic_id);
}

static struct mint_startup *mint_startup(void)
{
	return mint_low(MINT_LOW_STARTUP + MINT_STARTUP);
}

static bool mint_startup_wait(unsigned int ms)
{
	const u32 *arrived = &mint_startup()->arrived;
	unsigned int tries;

	/* Mostly it takes less than the shortest sleep. */
	for (tries = 0; tries < STARTUP_SPIN_US; tries++) {
		if (mint_load_acquire(arrived))
			return true;
		udelay(1);
	}
	while (!mint_load_acquire(arrived) && ms--)
		usleep_range(1000, 1100);
	return mint_load_acquire(arrived);
}

static bool mint_startup_send(u32 apic_id)
{
	u32 page = (mint_facts.low_phys + MINT_LOW_STARTUP) >> PAGE_SHIFT;

	mint_icr_send(APIC_DM_STARTUP | page, apic_id);
	if (mint_startup_wait(2))
		return true;
	mint_icr_send(APIC_DM_STARTUP | page, apic_id);
	return mint_startup_wait(1000);
}

/**
 * mint_startup_register() - say who decides whose the start-up page is
 * @guard: stays valid
 */
void __init mint_startup_register(const struct mint_startup_guard *guard)
{
	startup_guard = guard;
}

/**
 * mint_startup_pending() - is a CPU on its way through the start-up page?
 * @apic_id: filled in: its APIC id, out of shared memory
 */
bool mint_startup_pending(u32 *apic_id)
{
	*apic_id = mint_load(&mint_startup()->apic_id);
	return !mint_load(&mint_startup()->arrived);
}

/* The guard takes the page also from a node that is dying. */
static int mint_cpu_send(u32 apic_id, const struct mint_startup *want, u32 dying)
{
	struct mint_startup startup = *want;
	int err;

	if (!mint_facts.low_phys || !startup_guard)
		return -EOPNOTSUPP;
	startup.apic_id = apic_id;
	err = startup_guard->take(dying);
	if (err)
		return err;
	/* The SIPI orders these stores before the loads of the CPU. */
	*mint_startup() = startup;
	if (!mint_startup_send(apic_id)) {
		/* It must not come later, and find what is meant for another CPU. */
		mint_cpu_init(apic_id);
		err = -EIO;
	}
	startup_guard->give();
	return err;
}

/**
 * mint_cpu_start() - start a stopped CPU in a kernel
 * @apic_id: APIC id of the CPU; never that of the machine's boot CPU
 * @want: where it goes; what the start-up page needs besides is filled in here
 *
 * Return: 0, -EOPNOTSUPP if there is no low area, -EIO if the CPU did not come
 * to the end of the start-up page within a second, or what the guard returns.
 * Then the CPU is stopped. Context: may sleep.
 */
int mint_cpu_start(u32 apic_id, const struct mint_startup *want)
{
	mint_cpu_init(apic_id);
	return mint_cpu_send(apic_id, want, MINT_MAX_NODES);
}

/**
 * mint_cpu_confirm() - see that a CPU has stopped
 * @apic_id: APIC id of the CPU; never that of the machine's boot CPU
 * @node: node id of the node whose CPU it is, and which is being fenced; all its
 *	CPUs got an INIT
 *
 * A CPU that runs guests by VMX takes no INIT. So it is not believed: the CPU is
 * sent to the start-up page, says so from there, and is stopped again.
 *
 * Return: as mint_cpu_start(). Context: may sleep.
 */
int mint_cpu_confirm(u32 apic_id, u32 node)
{
	const struct mint_startup halt = { .flags = MINT_STARTUP_HALT };
	int err = mint_cpu_send(apic_id, &halt, node);

	/* It does nothing but to halt, so nobody need wait for this one. */
	mint_init_assert(apic_id);
	mint_init_deassert(apic_id);
	return err;
}
