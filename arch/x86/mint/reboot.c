// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a node is the end of its own CPUs and of nothing else: no reset
 * line, no ACPI power-off, no triple fault, no broadcast. Only the node that
 * owns the firmware (node 0), and only when it is the last one, reboots or
 * powers off the machine.
 */
#include <linux/reboot.h>
#include <asm/apic.h>
#include <asm/mint.h>
#include <asm/reboot.h>
#include <asm/smp.h>

static struct machine_ops native;

static void __noreturn park(u32 state)
{
	local_irq_disable();
	/* In a panic the others were stopped already; this finds none then. */
	smp_send_stop();
	mint_self_ended(state);
	for (;;) {
		local_irq_disable();
		native_halt();
	}
}

static bool machine_is_ours(const char *what)
{
	if (mint_secondary())
		return false;
	if (!mint_others_running())
		return true;
	pr_emerg("mint: %s: other nodes run, so only the CPUs of node %u stop\n",
		 what, mint_facts.node);
	return false;
}

static void mint_restart(char *command)
{
	if (machine_is_ours("restart"))
		native.restart(command);
	park(MINT_SELF_REBOOT);
}

static void mint_emergency_restart(void)
{
	if (machine_is_ours("emergency restart"))
		native.emergency_restart();
	park(MINT_SELF_REBOOT);
}

static void mint_halt(void)
{
	if (machine_is_ours("halt"))
		native.halt();
	park(MINT_SELF_OFF);
}

static void mint_power_off(void)
{
	if (machine_is_ours("power-off"))
		native.power_off();
	park(MINT_SELF_OFF);
}

static void mint_shutdown(void)
{
	/* Clears the routes of the IO-APIC and the HPET, which are node 0's. */
	if (!mint_secondary())
		native.shutdown();
}

/**
 * mint_take_platform() - keep the end of this node to itself
 *
 * Called once, early, on every node.
 */
void __init mint_take_platform(void)
{
	native = machine_ops;
	machine_ops.restart = mint_restart;
	machine_ops.emergency_restart = mint_emergency_restart;
	machine_ops.halt = mint_halt;
	machine_ops.power_off = mint_power_off;
	machine_ops.shutdown = mint_shutdown;
}
