// SPDX-License-Identifier: GPL-2.0
/*
 * The shared region: laid out by node 0, found and checked by the others.
 * Runs once, before there is a memory allocator. Layout: docs/abi.md.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/init.h>
#include <linux/io.h>
#include <linux/sizes.h>
#include <linux/utsname.h>
#include <asm/mint.h>
#include "core.h"

/* A region from the first size on has a bypass section: a quarter of it, up to the second. */
#define BYPASS_MIN_REGION	(32ULL << 20)
#define BYPASS_MAX_BYTES	(256ULL << 20)

/* In the order in which they lie. Those with entries of 0 bytes have other sizes. */
static const struct mint_section layout[] __initconst = {
	{ MINT_SECTION_LEDGER, 1, sizeof(struct mint_ledger) },
	{ MINT_SECTION_NODES, MINT_MAX_NODES, sizeof(struct mint_node) },
	{ MINT_SECTION_DOORBELLS, MINT_MAX_CPUS, sizeof(struct mint_doorbell) },
	{ MINT_SECTION_LOGS, MINT_MAX_NODES,
	  sizeof(struct mint_stream) + MINT_LOG_BYTES },
	{ MINT_SECTION_CONSOLES, MINT_MAX_NODES,
	  sizeof(struct mint_console) + MINT_CONSOLE_OUT_BYTES },
	{ MINT_SECTION_CONTROL, MINT_MAX_NODES * MINT_NODE_SESSIONS,
	  sizeof(struct mint_session) },
	{ MINT_SECTION_BYPASS, 1, 0 },
	{ MINT_SECTION_VNI, 1, 0 },
};

/* How long a section is that begins at @start. Returns 0 if there is none. */
static u64 __init mint_region_section_bytes(const struct mint_section *section, u64 start)
{
	u64 all = mint_facts.region_bytes;

	if (section->entry_bytes)
		return ALIGN((u64)section->entries * section->entry_bytes, SZ_4K);
	if (section->id == MINT_SECTION_BYPASS)
		return all < BYPASS_MIN_REGION ? 0 : min(all / 4, BYPASS_MAX_BYTES);
	return all - start;
}

/* Writes the directory, and zeroes the sections: of those of drivers only the start. */
static void __init mint_region_format_sections(struct mint_header *header)
{
	u64 end = sizeof(*header);
	unsigned int i;

	memset(header, 0, sizeof(*header));
	for (i = 0; i < ARRAY_SIZE(layout); i++) {
		u64 bytes = mint_region_section_bytes(&layout[i], end);
		struct mint_section *section;

		if (!bytes)
			continue;
		section = &header->sections[header->nr_sections++];
		*section = layout[i];
		section->offset = end;
		section->bytes = bytes;
		memset((void *)header + end, 0, section->entry_bytes ? bytes : SZ_4K);
		end += bytes;
	}
	header->abi_major = MINT_ABI_MAJOR;
	header->abi_minor = MINT_ABI_MINOR;
	header->header_bytes = sizeof(*header);
	header->region_bytes = mint_facts.region_bytes;
	header->region_phys = mint_facts.region_phys;
}

static bool __init mint_region_own_apic_id(u32 apic_id)
{
	unsigned int i;

	for (i = 0; i < mint_facts.nr_cpus; i++)
		if (mint_facts.apic_ids[i] == apic_id)
			return true;
	return false;
}

static void __init mint_region_format_ledger(struct mint_ledger *ledger)
{
	unsigned int i;

	ledger->nr_cpus = mint_machine.nr_cpus;
	for (i = 0; i < ledger->nr_cpus; i++) {
		struct mint_cpu *cpu = &ledger->cpus[i];

		cpu->apic_id = mint_machine.apic_ids[i];
		cpu->owner = mint_region_own_apic_id(cpu->apic_id) ? 0 : MINT_OWNER_NONE;
		cpu->boot = cpu->apic_id == mint_facts.apic_ids[0];
		cpu->domain = mint_machine.cpu_domains[i];
	}
	ledger->nr_ram = mint_machine.nr_ram;
	memcpy(ledger->ram, mint_machine.ram, sizeof(ledger->ram));
	ledger->nr_domains = mint_machine.nr_domains;
	memcpy(ledger->distances, mint_machine.distances, sizeof(ledger->distances));
	for (i = 0; i < MINT_MAX_EXTENTS; i++)
		ledger->extents[i].owner = MINT_OWNER_NONE;
	memcpy(ledger->extents, mint_machine.own,
	       mint_machine.nr_own * sizeof(ledger->extents[0]));
	ledger->extents[mint_machine.nr_own] = (struct mint_extent) {
		.base = mint_facts.region_phys,
		.bytes = mint_facts.region_bytes,
		.owner = MINT_OWNER_SHARED,
	};
	ledger->low_base = mint_low_format();
	for (i = 0; i < MINT_MAX_ROLES; i++)
		ledger->role_owner[i] = i < MINT_NR_ROLES ? 0 : MINT_OWNER_NONE;
}

static void __init mint_region_format_nodes(void)
{
	struct mint_node_life *life = &mint_node_entry(0)->life;
	unsigned int i;

	for (i = 0; i < MINT_MAX_NODES; i++) {
		mint_stream_init(mint_log_entry(i), MINT_LOG_BYTES);
		mint_console_format(mint_console_entry(i));
	}
	life->life = MINT_LIFE_STARTED;
	life->generation = mint_facts.generation;
	for (i = 0; i < mint_machine.nr_cpus; i++)
		if (mint_machine.apic_ids[i] == mint_facts.apic_ids[0])
			life->boot_cpu = i;
	strscpy(life->name, "node0");
}

/* Returns where a section lies; NULL if it is missing, cut off or too small. */
static void *__init mint_region_find_section(const struct mint_header *header,
					     const struct mint_section *expected,
					     struct mint_section *found)
{
	u64 limit = mint_facts.region_bytes;
	unsigned int i;

	for (i = 0; i < MINT_MAX_SECTIONS; i++) {
		*found = header->sections[i];
		if (found->id != expected->id)
			continue;
		if (found->entries < expected->entries ||
		    found->entry_bytes < expected->entry_bytes ||
		    found->offset > limit || found->bytes > limit - found->offset ||
		    (u64)found->entries * found->entry_bytes > found->bytes)
			return NULL;
		return (void *)header + found->offset;
	}
	return NULL;
}

static bool __init mint_region_map_sections(const struct mint_header *header)
{
	struct mint_region *region = &mint_region;
	void *at[ARRAY_SIZE(layout)];
	struct mint_section found;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(layout); i++) {
		at[i] = mint_region_find_section(header, &layout[i], &found);
		if (!at[i] && layout[i].id == MINT_SECTION_BYPASS)
			continue;
		if (!at[i]) {
			pr_err("section %u of the shared region is missing or too small\n",
			       layout[i].id);
			return false;
		}
		if (found.id == MINT_SECTION_LOGS)
			region->log_stride = found.entry_bytes;
		if (found.id == MINT_SECTION_CONSOLES)
			region->console_stride = found.entry_bytes;
		if (found.id == MINT_SECTION_CONTROL)
			region->session_stride = found.entry_bytes;
		if (found.id == MINT_SECTION_BYPASS)
			region->bypass_bytes = found.bytes;
		if (found.id == MINT_SECTION_VNI)
			region->vni_bytes = found.bytes;
	}
	region->base = (void *)header;
	region->ledger = at[0];
	region->nodes = at[1];
	region->doorbells = at[2];
	region->logs = at[3];
	region->consoles = at[4];
	region->sessions = at[5];
	region->bypass = at[6];
	region->vni = at[7];
	return true;
}

/* Before we say that we are attached: from then on other nodes may halt us. */
static void __init mint_region_prepare_low(void)
{
	if (!mint_facts.low_phys)
		return;
	mint_way_prepare();
	mint_startup_init();
	if (mint_ledger_has_boot_cpu(mint_facts.node))
		mint_park_prepare(mint_lock_word(mint_facts.node, 0, mint_facts.generation));
	mint_halt_prepare(&mint_node_entry(mint_facts.node)->life.halt);
}

static void __init mint_region_announce_self(void)
{
	struct mint_node_user *user = &mint_node_entry(mint_facts.node)->user;
	struct mint_node_self *self = &mint_node_entry(mint_facts.node)->self;

	/* Before the self line: who sees that one knows whether we say anything here. */
	mint_store(&user->init, MINT_INIT_NONE);
	mint_store_release(&user->generation, mint_facts.generation);
	mint_store(&self->abi, MINT_ABI_MAJOR << 16 | MINT_ABI_MINOR);
	mint_store(&self->nr_cpus, 0);
	mint_store(&self->stalled, 0);
	strscpy(self->release, init_utsname()->release);
	mint_store(&self->state, MINT_SELF_BOOTING);
	mint_store_release(&self->generation, mint_facts.generation);
	mint_stream_begin(mint_log_entry(mint_facts.node));
	mint_stream_begin(&mint_console_entry(mint_facts.node)->out);
}

/**
 * mint_region_init() - format the shared region or attach to it
 *
 * Called by the platform as soon as the region is in the direct map. A node
 * that cannot attach stops here: without its tables it must touch nothing.
 */
void __init mint_region_init(void)
{
	struct mint_header *header = __va(mint_facts.region_phys);
	u16 major, minor;

	if (!mint_facts.secondary)
		mint_region_format_sections(header);
	major = READ_ONCE(header->abi_major);
	minor = READ_ONCE(header->abi_minor);
	if (mint_facts.secondary && (major != MINT_ABI_MAJOR ||
				     READ_ONCE(header->magic) != MINT_ABI_MAGIC))
		mint_refuse(major, minor);
	if (!mint_region_map_sections(header))
		mint_refuse(major, minor);
	if (!mint_facts.secondary) {
		mint_region_format_ledger(mint_region.ledger);
		mint_region_format_nodes();
		mint_store_release(&header->magic, MINT_ABI_MAGIC);
	}
	mint_ledger_init();
	mint_region_prepare_low();
	mint_region_announce_self();
	mint_health_init();
	mint_log_init();
}
