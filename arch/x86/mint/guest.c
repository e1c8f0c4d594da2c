// SPDX-License-Identifier: GPL-2.0
/*
 * A node inside a virtual machine. By most interfaces that a hypervisor offers it
 * writes to a page whose address a CPU has registered: clocks, stolen time,
 * page faults, ends of interrupts. It goes on after the node's end, into memory
 * that others have by then. So a node registers none: docs/design.md.
 */
#include <linux/cc_platform.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/nmi.h>
#include <asm/cpufeature.h>
#include <asm/cpuid.h>
#include <asm/hypervisor.h>
#include <asm/kvm_para.h>
#include <asm/timer.h>
#include "local.h"

/* Their disks and network cards are such interfaces, so a kernel needs them. */
struct mint_guest_host {
	const char *signature;
	const char *obstacle;
};

static const struct mint_guest_host hosts[] __initconst = {
	{ "Microsoft Hv", "Hyper-V has no devices that a node may use; take KVM" },
	{ "XenVMMXenVMM", "Xen has no devices that a node may use; take KVM" },
};

/**
 * mint_guest_obstacle() - find what keeps nodes out of this virtual machine
 *
 * Return: what it is and what to do about it, or NULL if nodes can run.
 */
const char * __init mint_guest_obstacle(void)
{
	unsigned int i;

	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return "no node can be started in encrypted memory; take a machine without";
	/* KVM may show another's signature besides. Its devices are on PCI. */
	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR) ||
	    hypervisor_cpuid_base(KVM_SIGNATURE, 0))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(hosts); i++)
		if (hypervisor_cpuid_base(hosts[i].signature, 0))
			return hosts[i].obstacle;
	return NULL;
}

/**
 * mint_guest_setup() - keep this node off the interfaces of its hypervisor
 *
 * Called before the kernel looks for a hypervisor. Of what it would do for one
 * that it knows, this does what registers nothing.
 */
void __init mint_guest_setup(void)
{
	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return;
	nopv = true;
	/* A CPU may stand still for longer than either of these waits. */
	no_timer_check = 1;
	hardlockup_detector_disable();
}
