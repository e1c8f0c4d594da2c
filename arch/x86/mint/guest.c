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
#include <linux/math64.h>
#include <linux/nmi.h>
#include <linux/time64.h>
#include <asm/cpufeature.h>
#include <asm/cpuid.h>
#include <asm/hypervisor.h>
#include <asm/kvm_para.h>
#include <asm/mint.h>
#include <asm/msr.h>
#include <asm/page.h>
#include <asm/pvclock-abi.h>
#include <asm/timer.h>
#include <asm/x86_init.h>
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

static struct pvclock_vcpu_time_info guest_clock __initdata __aligned(32);
static unsigned long guest_tsc_khz __ro_after_init;

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

static unsigned long mint_guest_get_tsc_khz(void)
{
	return guest_tsc_khz;
}

/* KVM has filled the clock in before the CPU goes on after the first WRMSR. */
static u64 __init mint_guest_ask_tsc_khz(void)
{
	u64 khz = (u64)USEC_PER_SEC << 32;
	u32 mul;
	s8 shift;

	wrmsrl(MSR_KVM_SYSTEM_TIME_NEW, __pa_symbol(&guest_clock) | KVM_MSR_ENABLED);
	mul = READ_ONCE(guest_clock.tsc_to_system_mul);
	shift = READ_ONCE(guest_clock.tsc_shift);
	wrmsrl(MSR_KVM_SYSTEM_TIME_NEW, 0);
	if (!mul)
		return 0;
	khz = div_u64(khz, mul);
	return shift < 0 ? khz << -shift : khz >> shift;
}

/*
 * KVM knows the rate of the TSC. Its kernels take it from KVM's clock all the
 * time, since on a host with much to do it cannot be measured; node 0 asks once.
 */
static void __init mint_guest_take_tsc_khz(void)
{
	u32 base = hypervisor_cpuid_base(KVM_SIGNATURE, 0);

	if (!base || !(cpuid_eax(base | KVM_CPUID_FEATURES) & BIT(KVM_FEATURE_CLOCKSOURCE2)))
		return;
	guest_tsc_khz = mint_guest_ask_tsc_khz();
	if (!guest_tsc_khz)
		return;
	x86_platform.calibrate_tsc = mint_guest_get_tsc_khz;
	x86_platform.calibrate_cpu = mint_guest_get_tsc_khz;
	setup_force_cpu_cap(X86_FEATURE_TSC_KNOWN_FREQ);
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
	if (!mint_secondary())
		mint_guest_take_tsc_khz();
}
