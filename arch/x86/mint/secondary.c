// SPDX-License-Identifier: GPL-2.0
/*
 * The platform of a node that another node started. It has its CPUs with their
 * local APICs and TSCs, its memory, its PCI functions, and nothing else. ACPI,
 * PIC, PIT, HPET, IO-APIC, RTC, legacy devices and the ports of the PCI
 * configuration belong to node 0.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/acpi.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/panic.h>
#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/i8259.h>
#include <asm/mint.h>
#include <asm/mpspec.h>
#include <asm/pci_x86.h>
#include <asm/setup.h>
#include <asm/tsc.h>
#include <asm/x86_init.h>
#include "local.h"

/* A copy of what was handed over. The wall clock needs it as long as the node lives. */
static struct mint_handover handover __ro_after_init;
static bool abi_matches __ro_after_init;

static unsigned long mint_get_tsc_khz(void)
{
	return handover.tsc_khz;
}

static void mint_get_wallclock(struct timespec64 *now)
{
	u64 elapsed = rdtsc_ordered() - handover.tsc;

	*now = ns_to_timespec64(handover.wallclock_ns +
				mul_u64_u32_div(elapsed, 1000000, handover.tsc_khz));
}

static int mint_set_wallclock(const struct timespec64 *now)
{
	return -ENODEV;
}

static unsigned char mint_get_nmi_reason(void)
{
	return 0;
}

static void __init mint_timer_init(void)
{
	lapic_timer_period = div_u64((u64)handover.lapic_khz * 1000, HZ);
}

/*
 * Disables ACPI here and not earlier, since acpi_mps_check() takes the absence of
 * both ACPI and MP tables for the absence of the local APIC.
 */
static void __init mint_dmi_setup(void)
{
	disable_acpi();
}

static void __init mint_parse_smp_cfg(void)
{
	unsigned int i;

	/* Others hear of a panic from here on, so mint start says that it was one. */
	if (!boot_cpu_has(X86_FEATURE_APIC))
		panic("no local APIC, by a word on the command line: a node has no other timer");
	register_lapic_address(APIC_DEFAULT_PHYS_BASE);
	default_acpi_madt_oem_check("", "");	/* the driver for the mode as found */
	for (i = 0; i < mint_facts.nr_cpus; i++)
		topology_register_apic(mint_facts.apic_ids[i],
				       CPU_ACPIID_INVALID, true);
	smp_found_config = 1;
}

static void __init mint_realmode_reserve(void)
{
	memblock_reserve(0, SZ_1M);
}

static void __init mint_set_legacy_features(void)
{
	x86_platform.legacy.rtc = 0;
	x86_platform.legacy.warm_reset = 0;
	x86_platform.legacy.reserve_bios_regions = 0;
	x86_platform.legacy.no_vga = 1;
	x86_platform.legacy.i8042 = X86_LEGACY_I8042_PLATFORM_ABSENT;
	x86_platform.legacy.devices.pnpbios = 0;
}

static void __init mint_arch_setup(void)
{
	legacy_pic = &null_legacy_pic;
	setup_force_cpu_cap(X86_FEATURE_TSC_KNOWN_FREQ);
	setup_force_cpu_cap(X86_FEATURE_TSC_RELIABLE);
	mint_limit_uarts();
	mint_take_platform();
}

static void __init mint_set_hooks(void)
{
	x86_init.resources.probe_roms = x86_init_noop;
	x86_init.resources.dmi_setup = mint_dmi_setup;
	x86_init.mpparse.find_mptable = x86_init_noop;
	x86_init.mpparse.early_parse_smp_cfg = x86_init_noop;
	x86_init.mpparse.parse_smp_cfg = mint_parse_smp_cfg;
	x86_init.irqs.pre_vector_init = x86_init_noop;
	x86_init.oem.arch_setup = mint_arch_setup;
	x86_init.timers.timer_init = mint_timer_init;
	x86_init.timers.wallclock_init = x86_init_noop;
	x86_platform.calibrate_cpu = mint_get_tsc_khz;
	x86_platform.calibrate_tsc = mint_get_tsc_khz;
	x86_platform.get_wallclock = mint_get_wallclock;
	x86_platform.set_wallclock = mint_set_wallclock;
	x86_platform.get_nmi_reason = mint_get_nmi_reason;
	x86_platform.realmode_reserve = mint_realmode_reserve;
	x86_platform.realmode_init = mint_smp_init;
	x86_platform.set_legacy_features = mint_set_legacy_features;
	pci_probe = 0;	/* not even early: see amd.c */
	panic_timeout = -1;	/* park at once; panic= still overrides */
}

static void __init mint_take_facts(void)
{
	struct mint_facts *facts = &mint_facts;

	facts->active = true;
	facts->secondary = true;
	facts->node = handover.node;
	facts->generation = handover.generation;
	facts->region_phys = handover.region_phys;
	facts->region_bytes = handover.region_bytes;
	facts->low_phys = handover.low_phys;
	facts->tsc_khz = handover.tsc_khz;
	facts->lapic_khz = handover.lapic_khz;
	facts->x2apic = handover.x2apic;
	facts->nr_cpus = handover.nr_cpus;
	memcpy(facts->apic_ids, handover.apic_ids, sizeof(facts->apic_ids));
}

/*
 * Sets the clock again, by the exact pair that was handed over. Until the TSC
 * became the clock source, the kernel counted ticks, and lost some while
 * interrupts were off.
 */
static int __init mint_set_clock(void)
{
	struct timespec64 now;

	if (!mint_secondary())
		return 0;
	mint_get_wallclock(&now);
	return do_settimeofday64(&now);
}
late_initcall(mint_set_clock);

/**
 * mint_handed_over() - the record that a started node was handed
 */
const struct mint_handover *__init mint_handed_over(void)
{
	return &handover;
}

/**
 * mint_detect_secondary() - find out whether another node started us
 *
 * Called by x86_64_start_kernel() once boot_params is copied, before any code
 * touches a device. Runs on the early page tables: a fault on an address of the
 * direct map adds what is missing.
 */
void __init mint_detect_secondary(void)
{
	u64 phys = boot_params.hdr.setup_data;

	while (phys) {
		struct setup_data *data = __va(phys);

		if (data->type == MINT_SETUP_DATA) {
			/* A short one is of another ABI: mint_secondary_check(). */
			memcpy(&handover, data->data,
			       min_t(u32, data->len, sizeof(handover)));
			break;
		}
		phys = data->next;
	}
	if (handover.magic != MINT_HANDOVER_MAGIC)
		return;
	abi_matches = handover.abi_major == MINT_ABI_MAJOR &&
		handover.bytes >= sizeof(handover) &&
		handover.nr_cpus >= 1 && handover.nr_cpus <= MINT_MAX_CPUS;
	mint_take_facts();
	mint_set_hooks();
}

/**
 * mint_refuse() - stop because the other side speaks another ABI
 * @major: major version of the other side
 * @minor: minor version of the other side
 *
 * Says so in the node table, by words that lie at the same place in every ABI, and
 * parks the CPU.
 */
void __init __noreturn mint_refuse(u16 major, u16 minor)
{
	struct mint_node_self *self;

	pr_emerg("shared region has ABI %u.%u, this kernel has %u.%u: stopped\n",
		 major, minor, MINT_ABI_MAJOR, MINT_ABI_MINOR);
	self = handover.self_phys ?
		early_memremap(handover.self_phys, sizeof(*self)) : NULL;
	if (self) {
		WRITE_ONCE(self->found_abi, major << 16 | minor);
		WRITE_ONCE(self->abi, MINT_ABI_MAJOR << 16 | MINT_ABI_MINOR);
		WRITE_ONCE(self->generation, handover.generation);
		mint_store_release(&self->state, MINT_SELF_REFUSED);
	}
	for (;;) {
		local_irq_disable();
		native_halt();
	}
}

/**
 * mint_secondary_check() - refuse a hand-over of another ABI
 *
 * Does not return then.
 */
void __init mint_secondary_check(void)
{
	if (!abi_matches)
		mint_refuse(handover.abi_major, handover.abi_minor);
	pr_info("node %u, generation %u: %u CPUs, shared region of %lluM at %#llx\n",
		mint_facts.node, mint_facts.generation, mint_facts.nr_cpus,
		mint_facts.region_bytes >> 20, mint_facts.region_phys);
}

/**
 * mint_lapic_khz() - rate of the local APIC timer before its divider
 *
 * Return: kHz; 0 where the kernel never measured it (TSC deadline timer).
 */
u32 mint_lapic_khz(void)
{
	return div_u64((u64)lapic_timer_period * HZ, 1000);
}
