// SPDX-License-Identifier: GPL-2.0
/*
 * Node 0's share of the machine. All that mint= asks for is compared with the machine
 * before any of it is applied, so that a value that does not fit costs one line in the
 * log and leaves an ordinary Linux.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/acpi.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <asm/cpufeature.h>
#include <asm/e820/api.h>
#include <asm/mint.h>
#include <asm/pci-direct.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <mint/extent.h>
#include "local.h"
#include "parameter.h"
#include "tables.h"

#define NODE0_MIN_BYTES		SZ_64M
#define REGION_MIN_BYTES	SZ_16M

static struct mint_facts plan __initdata;

/* Worth a line once it is certain that Mint is on. */
static bool srat_damaged __initdata;

static const void *__init mint_firmware_map(u64 phys, u32 bytes)
{
	u64 end = 1ULL << boot_cpu_data.x86_phys_bits;

	return phys < end && bytes <= end - phys ? early_memremap(phys, bytes) : NULL;
}

static void __init mint_firmware_unmap(const void *at, u32 bytes)
{
	early_memunmap((void *)at, bytes);
}

static const struct mint_firmware_memory firmware_memory __initconst = {
	.map = mint_firmware_map,
	.unmap = mint_firmware_unmap,
};

static int __init mint_plan_read(const char *signature, mint_table_reader *read)
{
	return mint_table_find(&firmware_memory, acpi_os_get_root_pointer(), signature, read,
			       &mint_machine);
}

/* The 8 bits of leaf 1 are too few for many machines; the newest leaf knows best. */
static u32 __init mint_boot_apic_id(void)
{
	static const u32 topology_leaves[] __initconst = { 0x1f, 0xb };
	u32 eax, ebx, ecx, edx;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(topology_leaves); i++) {
		if (cpuid_eax(0) < topology_leaves[i])
			continue;
		cpuid_count(topology_leaves[i], 0, &eax, &ebx, &ecx, &edx);
		if (ebx & 0xffff)
			return edx;
	}
	return cpuid_ebx(1) >> 24;
}

static int __init mint_plan_machine_cpus(u32 boot_apic_id)
{
	u32 i;

	switch (mint_plan_read(ACPI_SIG_MADT, mint_madt_read)) {
	case 0:
		break;
	case -ENODEV:
		return refuse("the firmware has no ACPI table of CPUs (MADT)");
	default:
		return refuse("the firmware's ACPI table of CPUs (MADT) is damaged");
	}
	for (i = 0; i < mint_machine.nr_cpus; i++)
		if (mint_machine.apic_ids[i] == boot_apic_id)
			return 0;
	return refuse("the firmware's ACPI table of CPUs (MADT) lacks the boot CPU (APIC id %u)",
		      boot_apic_id);
}

/* Lists the machine's CPUs, and those of node 0, the boot CPU first. */
static int __init mint_plan_cpus(void)
{
	u32 boot_apic_id = mint_boot_apic_id(), i;
	bool boot_cpu_given = false;

	if (mint_plan_machine_cpus(boot_apic_id))
		return -EINVAL;
	plan.apic_ids[plan.nr_cpus++] = boot_apic_id;
	for (i = 0; i < mint_request.nr_cpus; i++) {
		u32 apic_id;

		if (mint_request.cpus[i] >= mint_machine.nr_cpus)
			return refuse("cpus: no CPU %u, the machine has 0-%u",
				      mint_request.cpus[i], mint_machine.nr_cpus - 1);
		apic_id = mint_machine.apic_ids[mint_request.cpus[i]];
		if (apic_id == boot_apic_id)
			boot_cpu_given = true;
		else
			plan.apic_ids[plan.nr_cpus++] = apic_id;
	}
	if (!boot_cpu_given)
		return refuse("cpus: the boot CPU (APIC id %u) must be in it",
			      boot_apic_id);
	return 0;
}

/* Uses the ports, which are ours alone: no other node has been started yet. */
static int __init mint_plan_devices(void)
{
	unsigned int i;

	for (i = 0; i < mint_request.nr_withheld; i++) {
		u16 id = mint_request.withheld[i];
		u8 bus = PCI_BUS_NUM(id), device = PCI_SLOT(id), function = PCI_FUNC(id);
		u32 class;

		if (!early_pci_allowed())
			return refuse("nodevices: PCI is switched off");
		class = read_pci_config(bus, device, function, PCI_CLASS_REVISION);
		if (class == ~0U)
			return refuse("nodevices: the machine has no PCI function %02x:%02x.%u",
				      bus, device, function);
		if (class >> 24 == PCI_BASE_CLASS_BRIDGE)
			return refuse("nodevices: %02x:%02x.%u is a bridge, it stays with node 0",
				      bus, device, function);
		mint_machine.withheld[mint_machine.nr_withheld++] = id;
	}
	return 0;
}

static void __init mint_plan_add_ram(u64 start, u64 end)
{
	start = ALIGN(start, MINT_EXTENT_ALIGN);
	end = ALIGN_DOWN(end, MINT_EXTENT_ALIGN);
	if (start < end && mint_machine.nr_ram < MINT_MAX_RAM)
		mint_machine.ram[mint_machine.nr_ram++] = (struct mint_extent) {
			.base = start,
			.bytes = end - start,
			.owner = MINT_OWNER_NONE,
			.domain = MINT_DOMAIN_NONE,
		};
}

/*
 * Lists the RAM in whole extents. Pieces that e820 splits around setup_data are
 * joined. The first extent is left out, since it holds the first megabyte.
 */
static void __init mint_plan_ram(void)
{
	u64 start = 0, end = 0;
	unsigned int i;

	for (i = 0; i < e820_table->nr_entries; i++) {
		struct e820_entry *entry = &e820_table->entries[i];

		if (entry->type != E820_TYPE_RAM &&
		    entry->type != E820_TYPE_RESERVED_KERN)
			continue;
		if (entry->addr != end) {
			mint_plan_add_ram(start, end);
			start = entry->addr;
		}
		end = entry->addr + entry->size;
	}
	mint_plan_add_ram(start, end);
}

static void __init mint_plan_domains(void)
{
	int err = mint_plan_read(ACPI_SIG_SRAT, mint_srat_read);

	if (!err)
		mint_plan_read(ACPI_SIG_SLIT, mint_slit_read);
	else
		mint_domains_none(&mint_machine);
	srat_damaged = err == -EINVAL;
}

static bool __init mint_plan_is_ram(u64 base, u64 bytes)
{
	unsigned int i;

	for (i = 0; i < mint_machine.nr_ram; i++)
		if (mint_extent_holds(&mint_machine.ram[i], base, bytes))
			return true;
	return false;
}

/* Node 0 gets the lowest RAM. The first 2 MB count as RAM, holes included. */
static int __init mint_plan_own_memory(void)
{
	u64 left = mint_request.mem - MINT_EXTENT_ALIGN;
	u64 kernel_end = __pa_symbol(_end);
	unsigned int i;

	if (mint_request.mem < NODE0_MIN_BYTES)
		return refuse("mem: %lluM is less than the minimum of %lluM",
			      mint_request.mem >> 20, (u64)NODE0_MIN_BYTES >> 20);
	for (i = 0; i < mint_machine.nr_ram; i++) {
		u64 take = min(left, mint_machine.ram[i].bytes);

		plan.own_bytes = mint_machine.ram[i].base + take;
		left -= take;
		if (!left)
			break;
	}
	if (left)
		return refuse("mem: %lluM is more than the machine has, %lluM are missing",
			      mint_request.mem >> 20, left >> 20);
	if (kernel_end > plan.own_bytes)
		return refuse("mem: the kernel lies at %#llx, outside of %lluM; add nokaslr",
			      (u64)__pa_symbol(_text), mint_request.mem >> 20);
	return 0;
}

static int __init mint_plan_region(void)
{
	u64 base = mint_request.shm_base;
	unsigned int i;

	if (mint_request.shm < REGION_MIN_BYTES)
		return refuse("shm: %lluM is less than the minimum of %lluM",
			      mint_request.shm >> 20, (u64)REGION_MIN_BYTES >> 20);
	for (i = 0; base == MINT_ANYWHERE && i < mint_machine.nr_ram; i++) {
		u64 start = max(mint_machine.ram[i].base, plan.own_bytes);

		if (mint_plan_is_ram(start, mint_request.shm))
			base = start;
	}
	if (base == MINT_ANYWHERE)
		return refuse("shm: no %lluM of RAM are left above node 0's %lluM",
			      mint_request.shm >> 20, mint_request.mem >> 20);
	if (!IS_ALIGNED(base, MINT_EXTENT_ALIGN))
		return refuse("shm: address %#llx is not a multiple of 2M", base);
	if (base < plan.own_bytes)
		return refuse("shm: address %#llx overlaps node 0's memory, which ends at %#llx",
			      base, plan.own_bytes);
	if (!mint_plan_is_ram(base, mint_request.shm))
		return refuse("shm: %lluM at %#llx is not all RAM", mint_request.shm >> 20, base);
	plan.region_phys = base;
	plan.region_bytes = mint_request.shm;
	return 0;
}

/* What is neither node 0's nor shared is not RAM to this kernel. */
static void __init mint_apply_memory(void)
{
	u64 region_end = mint_facts.region_phys + mint_facts.region_bytes;
	u64 own = mint_facts.own_bytes;

	e820__range_update(own, mint_facts.region_phys - own,
			   E820_TYPE_RAM, E820_TYPE_RESERVED);
	e820__range_update(region_end, ~0ULL - region_end,
			   E820_TYPE_RAM, E820_TYPE_RESERVED);
	e820__update_table(e820_table);
	memblock_reserve(mint_facts.region_phys, mint_facts.region_bytes);
}

static int __init mint_partition_machine(void)
{
	int err = mint_request_parse();

	if (err)
		return err;
	err = mint_plan_cpus();
	if (!err)
		err = mint_plan_devices();
	if (err)
		return err;
	mint_plan_ram();
	mint_plan_domains();
	err = mint_plan_own_memory();
	if (err)
		return err;
	return mint_plan_region();
}

/**
 * mint_partition() - limit node 0 to what mint= asks for
 *
 * All or nothing: after a bad parameter, mint_facts says that Mint is off.
 *
 * Return: true if this kernel is node 0 now.
 */
bool __init mint_partition(void)
{
	mint_facts.active = !mint_partition_machine();
	if (!mint_facts.active)
		return false;
	mint_facts = plan;
	mint_facts.active = true;
	mint_facts.generation = 1;
	mint_apply_memory();
	pr_info("node 0: %u of %u CPUs, %lluM of memory, shared region of %lluM at %#llx\n",
		mint_facts.nr_cpus, mint_machine.nr_cpus,
		mint_facts.own_bytes >> 20, mint_facts.region_bytes >> 20,
		mint_facts.region_phys);
	if (mint_machine.cpus_left_out)
		pr_warn("%u CPUs are not used: the machine has more than %u\n",
			mint_machine.cpus_left_out, MINT_MAX_CPUS);
	if (srat_damaged)
		pr_warn("the firmware's table of NUMA domains (SRAT) makes no sense: all memory counts as equally near\n");
	return true;
}
