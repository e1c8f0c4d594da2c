// SPDX-License-Identifier: GPL-2.0
/*
 * A node that ends parks its own CPUs and does nothing else: no reset line, no
 * ACPI power-off, no triple fault, no broadcast. Only the last node to end reboots
 * or powers off the machine. There is no kexec, since the new kernel would take
 * the whole machine.
 */
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <asm/apic.h>
#include <asm/mint.h>
#include <asm/reboot.h>
#include <asm/smp.h>
#include "local.h"

static struct machine_ops native;

/* NULL until this node has attached to the region: no other one has seen it yet. */
static const struct mint_end *node_end __ro_after_init;

/**
 * mint_end_register() - say who tells other nodes of the end, and knows of theirs
 * @end: stays valid
 */
void __init mint_end_register(const struct mint_end *end)
{
	node_end = end;
}

static void mint_tell_end(u32 state)
{
	if (node_end)
		node_end->ended(state);
}

static bool mint_end_others_running(void)
{
	return node_end && node_end->others_running();
}

static void __noreturn mint_park_node(u32 state)
{
	local_irq_disable();
	/* After a panic the others are stopped already, and this finds none. */
	smp_send_stop();
	mint_tell_end(state);
	for (;;) {
		local_irq_disable();
		native_halt();
	}
}

/*
 * Tells the end first and looks at the others then. So of two nodes that end at
 * the same time, at least one sees that the other has ended. When the end is told
 * the others may fence this node, so the message is printed before.
 */
static bool mint_machine_is_ours(const char *what, u32 state)
{
	if (!mint_secondary() && mint_end_others_running())
		pr_emerg("mint: %s: other nodes run, so only the CPUs of node %u stop\n",
			 what, mint_facts.node);
	mint_tell_end(state);
	return !mint_end_others_running();
}

static void mint_restart(char *command)
{
	bool ours = mint_machine_is_ours("restart", MINT_SELF_REBOOT);

	if (ours && mint_secondary())
		mint_firmware_reset();
	else if (ours)
		native.restart(command);
	mint_park_node(MINT_SELF_REBOOT);
}

static void mint_emergency_restart(void)
{
	bool ours = mint_machine_is_ours("emergency restart", MINT_SELF_REBOOT);

	if (ours && mint_secondary())
		mint_firmware_reset();
	else if (ours)
		native.emergency_restart();
	mint_park_node(MINT_SELF_REBOOT);
}

static void mint_halt(void)
{
	if (mint_machine_is_ours("halt", MINT_SELF_OFF) && !mint_secondary())
		native.halt();
	mint_park_node(MINT_SELF_OFF);
}

static void mint_power_off(void)
{
	bool ours = mint_machine_is_ours("power-off", MINT_SELF_OFF);

	if (ours && mint_secondary())
		mint_firmware_off();
	else if (ours)
		native.power_off();
	mint_park_node(MINT_SELF_OFF);
}

static void mint_shutdown(void)
{
	/* It clears the routes of the IO-APIC and the HPET, which are node 0's. */
	if (!mint_secondary())
		native.shutdown();
}

static void __init mint_forbid_kexec(void)
{
	if (!IS_ENABLED(CONFIG_KEXEC_CORE))
		return;
	kexec_load_disabled = 1;
	pr_info("mint: kexec is disabled: the new kernel would take the whole machine\n");
}

/**
 * mint_take_platform() - let a reboot, halt or power-off end this node only
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
	mint_forbid_kexec();
}
