// SPDX-License-Identifier: GPL-2.0
/*
 * Node 0's share of the machine. All that mint= asks for is compared with the machine
 * before any of it is applied, so that a value that does not fit costs one line in the
 * log and leaves an ordinary Linux.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/acpi.h>
#include <linux/efi.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/e820/api.h>
#include <asm/mint.h>
#include <asm/pci-direct.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <mint/extent.h>
#include "local.h"
#include "memory.h"
#include "parameter.h"
#include "tables.h"

static char parameter[MINT_PARAMETER_BYTES] __initdata;
static bool parameter_too_long __initdata;

static struct mint_facts plan __initdata;

/* What node 0 keeps of the memory; the same and what else the region must not touch. */
static struct mint_spans own __initdata;
static struct mint_spans taken __initdata;

/* Where the memory ends that mem= asks for. */
static u64 lowest_end __initdata;

/* Worth a line once it is certain that Mint is on. */
static bool srat_damaged __initdata;
static bool region_moved __initdata;

static int __init mint_take_parameter(char *value)
{
	if (!value)
		value = "";
	parameter_too_long = strscpy(parameter, value, sizeof(parameter)) < 0;
	mint_facts.active = true;	/* wanted: mint_setup_memory() decides */
	return 0;
}
early_param("mint", mint_take_parameter);

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
	mint_machine.nr_cpus = mint_apic_drop_unreachable(mint_machine.apic_ids,
							  mint_machine.nr_cpus);
	for (i = 0; i < mint_machine.nr_cpus; i++)
		if (mint_machine.apic_ids[i] == boot_apic_id)
			return 0;
	return refuse("the firmware's ACPI table of CPUs (MADT) lacks the boot CPU (APIC id %u)",
		      boot_apic_id);
}

static int __init mint_plan_guest(void)
{
	const char *obstacle = mint_guest_obstacle();

	return obstacle ? refuse("%s", obstacle) : 0;
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

/* Memory that e820 splits around setup_data is one piece. */
static void __init mint_plan_ram(void)
{
	struct mint_span open = {};
	unsigned int i;

	for (i = 0; i < e820_table->nr_entries; i++) {
		struct e820_entry *entry = &e820_table->entries[i];

		if (entry->type == E820_TYPE_RAM || entry->type == E820_TYPE_RESERVED_KERN)
			mint_ram_add(&mint_machine, &open, entry->addr,
				     entry->addr + entry->size);
	}
	mint_ram_close(&mint_machine, &open);
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

/* Where the initrd lies; the kernel copies it if that is outside of node 0's memory. */
static struct mint_span __init mint_initrd(void)
{
	u64 base = boot_params.hdr.ramdisk_image |
		   (u64)boot_params.ext_ramdisk_image << 32;
	u64 bytes = boot_params.hdr.ramdisk_size | (u64)boot_params.ext_ramdisk_size << 32;

	return (struct mint_span){ base, PAGE_ALIGN(base + bytes) };
}

static void __init mint_plan_keep_reserved(void)
{
	struct mint_span initrd = mint_initrd();
	phys_addr_t base, end;
	u64 i;

	for_each_reserved_mem_range(i, &base, &end) {
		mint_spans_add(&own, base, min(end, initrd.base));
		mint_spans_add(&own, max(base, initrd.end), end);
	}
}

static void __init mint_plan_keep_setup_data(void)
{
	unsigned int i;

	for (i = 0; i < e820_table->nr_entries; i++) {
		struct e820_entry *entry = &e820_table->entries[i];

		if (entry->type == E820_TYPE_RESERVED_KERN)
			mint_spans_add(&own, entry->addr, entry->addr + entry->size);
	}
}

/*
 * What boot services have left: tables that the kernel keeps for good (BGRT, ESRT, MOK),
 * and code that some firmware calls later, against the standard. The kernel frees the
 * rest for itself.
 */
static void __init mint_plan_keep_boot_services(void)
{
	efi_memory_desc_t *md;

	if (!efi_enabled(EFI_MEMMAP))
		return;
	for_each_efi_memory_desc(md)
		if (md->type == EFI_BOOT_SERVICES_CODE || md->type == EFI_BOOT_SERVICES_DATA)
			mint_spans_add(&own, md->phys_addr,
				       md->phys_addr + (md->num_pages << EFI_PAGE_SHIFT));
}

/*
 * Node 0 gets the lowest memory, and beyond that what this kernel lies in or keeps
 * pointing at, wherever loader, KASLR and firmware have put it.
 */
static int __init mint_plan_own_memory(void)
{
	u64 missing;

	if (mint_request.mem < MINT_NODE0_LEAST)
		return refuse("mem: %lluM is less than the minimum of %lluM",
			      mint_request.mem >> 20, MINT_NODE0_LEAST >> 20);
	lowest_end = mint_ram_lowest(&mint_machine, mint_request.mem, &missing);
	if (missing)
		return refuse("mem: %lluM is more than the machine has, %lluM are missing",
			      mint_request.mem >> 20, missing >> 20);
	mint_spans_add(&own, 0, lowest_end);
	mint_spans_add(&own, __pa_symbol(_text), __pa_symbol(_end));
	mint_plan_keep_reserved();
	mint_plan_keep_setup_data();
	mint_plan_keep_boot_services();
	/*
	 * Each span, and the region, may make two more of one entry; and the region must
	 * find room among the spans, or two of them would be joined for e820 alone.
	 */
	mint_spans_limit(&own, min((E820_MAX_ENTRIES - (int)e820_table->nr_entries) / 2,
				   MINT_MAX_SPANS) - 1);
	mint_own_enter(&mint_machine, &own);
	return 0;
}

static int __init mint_plan_given_place(u64 base)
{
	if (!IS_ALIGNED(base, MINT_EXTENT_ALIGN))
		return refuse("shm: address %#llx is not a multiple of 2M", base);
	if (base < lowest_end)
		return refuse("shm: address %#llx overlaps node 0's memory, which ends at %#llx",
			      base, lowest_end);
	if (!mint_extents_hold(mint_machine.ram, mint_machine.nr_ram, base, mint_request.shm))
		return refuse("shm: %lluM at %#llx is not all RAM", mint_request.shm >> 20, base);
	region_moved = mint_spans_meet(&taken, base, mint_request.shm);
	return 0;
}

/*
 * A place that was given may be taken by what KASLR or the firmware has put there, which
 * differs from boot to boot. Nodes are told where the region is, so it can be elsewhere.
 */
static int __init mint_plan_region(void)
{
	struct mint_span initrd = mint_initrd();
	u64 base = mint_request.shm_base;

	if (mint_request.shm < MINT_REGION_LEAST)
		return refuse("shm: %lluM is less than the minimum of %lluM",
			      mint_request.shm >> 20, MINT_REGION_LEAST >> 20);
	taken = own;
	mint_spans_add(&taken, initrd.base, initrd.end);
	if (base != MINT_ANYWHERE && mint_plan_given_place(base))
		return -EINVAL;
	if (base == MINT_ANYWHERE || region_moved)
		base = mint_region_find(&mint_machine, &taken, mint_request.shm);
	if (base == MINT_NOWHERE)
		return refuse("shm: no %lluM of RAM are left above node 0's %lluM",
			      mint_request.shm >> 20, mint_request.mem >> 20);
	plan.region_phys = base;
	plan.region_bytes = mint_request.shm;
	return 0;
}

/* What is neither node 0's nor shared is not RAM to this kernel. */
static void __init mint_apply_memory(void)
{
	u64 region_end = mint_facts.region_phys + mint_facts.region_bytes;
	struct mint_spans *kept = &taken;
	struct mint_span *span;
	unsigned int i;

	*kept = own;
	mint_spans_add(kept, mint_facts.region_phys, region_end);
	/* The first span begins at 0. */
	for (i = 1, span = kept->span; i < kept->nr; i++, span++)
		e820__range_update(span[0].end, span[1].base - span[0].end, E820_TYPE_RAM,
				   E820_TYPE_RESERVED);
	e820__range_update(span->end, ~0ULL - span->end, E820_TYPE_RAM, E820_TYPE_RESERVED);
	e820__update_table(e820_table);
	memblock_reserve(mint_facts.region_phys, mint_facts.region_bytes);
}

static int __init mint_partition_machine(void)
{
	int err;

	if (parameter_too_long)
		return refuse("mint= is longer than %zu bytes", sizeof(parameter) - 1);
	err = mint_request_parse(parameter);
	if (!err)
		err = mint_plan_guest();
	if (!err)
		err = mint_plan_cpus();
	if (!err)
		err = mint_plan_devices();
	if (err)
		return err;
	mint_plan_ram();
	mint_plan_domains();
	err = mint_plan_own_memory();
	return err ? err : mint_plan_region();
}

static void __init mint_partition_tell(void)
{
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < mint_machine.nr_own; i++)
		bytes += mint_machine.own[i].bytes;
	pr_info("node 0: %u of %u CPUs, %lluM of memory, shared region of %lluM at %#llx\n",
		mint_facts.nr_cpus, mint_machine.nr_cpus, bytes >> 20,
		mint_facts.region_bytes >> 20, mint_facts.region_phys);
	if (bytes > mint_request.mem)
		pr_info("%lluM of that are beyond mem=: they hold this kernel, or what its firmware and loader have left it\n",
			(bytes - mint_request.mem) >> 20);
	if (region_moved)
		pr_warn("shm: the %lluM at %#llx are in use by this kernel or its firmware: the region is elsewhere\n",
			mint_request.shm >> 20, mint_request.shm_base);
	if (mint_machine.cpus_left_out)
		pr_warn("%u CPUs are not used: the machine has more than %u\n",
			mint_machine.cpus_left_out, MINT_MAX_CPUS);
	if (mint_machine.ram_left_out)
		pr_warn("%lluM of memory are not used: they lie in the smallest of more than %u pieces\n",
			mint_machine.ram_left_out >> 20, MINT_MAX_RAM);
	if (srat_damaged)
		pr_warn("the firmware's table of NUMA domains (SRAT) makes no sense: all memory counts as equally near\n");
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
	mint_partition_tell();
	return true;
}
