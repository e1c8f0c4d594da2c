// SPDX-License-Identifier: GPL-2.0
/* mint hw: what the machine has, and whose it is. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mint/abi.h>
#include <mint/domain.h>
#include "claims.h"
#include "cpus.h"
#include "domains.h"
#include "json.h"
#include "region.h"
#include "report.h"
#include "roles.h"
#include "sections.h"
#include "tables.h"
#include "target.h"
#include "text.h"
#include "verb.h"

/* Every claim, and what is not claimed before, between and behind them. */
#define MAP_PIECES	(2 * MINT_MAX_EXTENTS + MINT_MAX_RAM)

static struct {
	bool json;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ }
};

/**
 * struct map - the memory of the machine in order of address
 * @nr: used entries of @pieces
 * @pieces: @owner is MINT_OWNER_NONE for what is unassigned
 */
struct map {
	unsigned int nr;
	struct mint_extent pieces[MAP_PIECES];
};

static int by_address(const void *a, const void *b)
{
	const struct mint_extent *first = a, *second = b;

	return first->base < second->base ? -1 : first->base > second->base;
}

static void read_map(const struct tables *tables, struct map *map)
{
	struct mint_extent gap;
	struct claims claims;
	__u64 from = 0;

	claims_read(tables, MINT_MAX_NODES, &claims);
	for (map->nr = 0; map->nr < claims.nr; map->nr++)
		map->pieces[map->nr] = claims.extents[map->nr];
	while (map->nr < MAP_PIECES && claims_gap(&claims, &tables->ledger, from, &gap)) {
		from = gap.base + gap.bytes;
		gap.owner = MINT_OWNER_NONE;
		map->pieces[map->nr++] = gap;
	}
	qsort(map->pieces, map->nr, sizeof(map->pieces[0]), by_address);
}

/* Its number, or null where the firmware does not tell. */
static json_t *domain_json(const struct mint_ledger *ledger, __u8 domain)
{
	return domain < ledger->nr_domains ? json_integer(domain) : json_null();
}

static void domain_cpus(const struct mint_ledger *ledger, __u8 domain, __u64 *cpus)
{
	unsigned int i;

	memset(cpus, 0, MINT_MAX_CPUS / 8);
	for (i = 0; i < ledger->nr_cpus; i++)
		if (ledger->cpus[i].domain == domain)
			cpu_add(cpus, i);
}

static json_t *domain_line_json(const struct mint_ledger *ledger, __u8 domain)
{
	__u64 cpus[MINT_MAX_CPUS / 64];
	json_t *distances = json_array();
	__u8 to;

	domain_cpus(ledger, domain, cpus);
	for (to = 0; to < ledger->nr_domains; to++)
		json_array_append_new(distances,
				      json_integer(mint_distance(ledger, domain, to)));
	return json_pack("{s:i, s:o, s:I, s:o}", "domain", domain, "cpus", json_cpus(cpus),
			 "bytes", (json_int_t)domain_bytes(ledger, domain),
			 "distances", distances);
}

/* How a table names an owner. */
static const char *owner_column(const struct tables *tables, __u16 owner)
{
	if (owner == MINT_OWNER_SHARED)
		return "the shared region";
	if (owner < tables->nr_nodes && tables->nodes[owner].life.life != MINT_LIFE_NONE)
		return tables->nodes[owner].life.name;
	return "-";
}

/* The node's id, or null; the shared region belongs to no node. */
static json_t *owner_json(const struct tables *tables, __u16 owner)
{
	return owner < tables->nr_nodes ? json_integer(owner) : json_null();
}

static json_t *cpu_json(const struct tables *tables, unsigned int cpu)
{
	const struct mint_cpu *entry = &tables->ledger.cpus[cpu];

	return json_pack("{s:i, s:I, s:b, s:o, s:o}", "cpu", cpu,
			 "apic_id", (json_int_t)entry->apic_id,
			 "boot", entry->boot == 1,
			 "domain", domain_json(&tables->ledger, entry->domain),
			 "node", owner_json(tables, entry->owner));
}

static json_t *piece_json(const struct tables *tables, const struct mint_extent *piece)
{
	return json_pack("{s:I, s:I, s:b, s:o, s:o}", "base", (json_int_t)piece->base,
			 "bytes", (json_int_t)piece->bytes,
			 "shared", piece->owner == MINT_OWNER_SHARED,
			 "domains", domains_json(domains_of(&tables->ledger, piece->base,
							    piece->bytes)),
			 "node", owner_json(tables, piece->owner));
}

static json_t *device_json(const struct tables *tables, const struct mint_pci *entry)
{
	char address[24];

	return json_pack("{s:s, s:i, s:i, s:i, s:b, s:o}",
			 "address", pci_text(entry, address),
			 "vendor", entry->vendor, "device", entry->device,
			 "class", entry->class & 0xffffff,
			 "bridge", entry->flags & MINT_PCI_BRIDGE,
			 "node", owner_json(tables, entry->owner));
}

static json_t *section_json(const struct region *region, const struct tables *tables,
			    const struct mint_section *section)
{
	struct section_use use;

	section_use(region, tables, section, &use);
	return json_pack("{s:I, s:s, s:I, s:I, s:I, s:I}",
			 "id", (json_int_t)section->id, "name", use.name,
			 "offset", (json_int_t)section->offset,
			 "bytes", (json_int_t)section->bytes,
			 "entries", (json_int_t)use.entries,
			 "used", (json_int_t)use.used);
}

static json_t *low_area_json(const struct mint_ledger *ledger)
{
	return json_pack("{s:I, s:i}", "base", (json_int_t)ledger->low_base,
			 "bytes", ledger->low_base ? MINT_LOW_BYTES : 0);
}

static int print_json(const struct region *region, const struct tables *tables,
		      const struct map *map)
{
	json_t *cpus = json_array(), *memory = json_array();
	json_t *devices = json_array(), *sections = json_array(), *domains = json_array();
	const struct mint_ledger *ledger = &tables->ledger;
	unsigned int i;

	for (i = 0; i < ledger->nr_cpus; i++)
		json_array_append_new(cpus, cpu_json(tables, i));
	for (i = 0; i < map->nr; i++)
		json_array_append_new(memory, piece_json(tables, &map->pieces[i]));
	for (i = 0; i < ledger->nr_domains; i++)
		json_array_append_new(domains, domain_line_json(ledger, i));
	for (i = 0; i < tables->ledger.nr_pci; i++)
		json_array_append_new(devices, device_json(tables, &ledger->pci[i]));
	for (i = 0; i < region->nr_sections; i++)
		json_array_append_new(sections,
				      section_json(region, tables, &region->sections[i]));
	return json_print(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:{s:I, s:o}}",
				    "cpus", cpus, "memory", memory, "domains", domains,
				    "low_area", low_area_json(ledger),
				    "devices", devices, "roles", json_roles(tables),
				    "tsc_khz", (json_int_t)ledger->tsc_khz,
				    "lapic_khz", (json_int_t)ledger->lapic_khz,
				    "region", "bytes", (json_int_t)region->bytes,
				    "sections", sections));
}

static void print_cpus(const struct tables *tables)
{
	unsigned int i;

	printf("CPUS\n");
	for (i = 0; i < tables->ledger.nr_cpus; i++) {
		const struct mint_cpu *cpu = &tables->ledger.cpus[i];

		printf("  %-4u APIC id %-5u %s%s\n", i, cpu->apic_id,
		       owner_column(tables, cpu->owner), cpu->boot ? ", boot CPU" : "");
	}
}

/* A machine whose memory is all equally near has nothing to tell. */
static void print_domains(const struct mint_ledger *ledger)
{
	char cpus[MINT_MAX_CPUS], size[24];
	__u64 set[MINT_MAX_CPUS / 64];
	unsigned int i, to;

	if (!domains_matter(ledger))
		return;
	printf("NUMA DOMAINS\n");
	for (i = 0; i < ledger->nr_domains; i++) {
		domain_cpus(ledger, i, set);
		printf("  %-4u CPUs %s, memory %s, distances", i,
		       cpus_text(set, cpus, sizeof(cpus)),
		       size_text(domain_bytes(ledger, i), size));
		for (to = 0; to < ledger->nr_domains; to++)
			printf(" %u", mint_distance(ledger, i, to));
		putchar('\n');
	}
}

static void print_memory(const struct tables *tables, const struct map *map)
{
	char size[24], domains[96];
	unsigned int i;

	printf("MEMORY\n");
	for (i = 0; i < map->nr; i++) {
		const struct mint_extent *piece = &map->pieces[i];

		printf("  0x%012llx-0x%012llx %8s  %s", piece->base,
		       piece->base + piece->bytes - 1, size_text(piece->bytes, size),
		       owner_column(tables, piece->owner));
		if (domains_matter(&tables->ledger))
			printf(", domain %s", domains_text(domains_of(&tables->ledger, piece->base,
								      piece->bytes), domains));
		putchar('\n');
	}
}

static void print_low_area(const struct tables *tables)
{
	__u64 base = tables->ledger.low_base;
	char size[24];

	printf("LOW AREA\n");
	if (base)
		printf("  0x%012llx-0x%012llx %8s  to start CPUs\n", base,
		       base + MINT_LOW_BYTES - 1, size_text(MINT_LOW_BYTES, size));
	else
		printf("  none: no other node can be started\n");
}

static void print_pci(const struct tables *tables)
{
	char address[24];
	unsigned int i;

	printf("DEVICES\n");
	for (i = 0; i < tables->ledger.nr_pci; i++) {
		const struct mint_pci *entry = &tables->ledger.pci[i];

		printf("  %-12s %04x:%04x class %06x  %s%s\n", pci_text(entry, address),
		       entry->vendor, entry->device, entry->class & 0xffffff,
		       owner_column(tables, entry->owner),
		       entry->flags & MINT_PCI_BRIDGE ? ", a bridge" : "");
	}
}

static void print_sections(const struct region *region, const struct tables *tables)
{
	char size[24];
	unsigned int i;

	printf("SHARED REGION, %s\n", size_text(region->bytes, size));
	for (i = 0; i < region->nr_sections; i++) {
		struct section_use use;

		section_use(region, tables, &region->sections[i], &use);
		printf("  %-10s 0x%08llx %8s  %llu of %llu %s in use\n", use.name,
		       region->sections[i].offset, size_text(region->sections[i].bytes, size),
		       use.used, use.entries, use.unit);
	}
}

static int print_text(const struct region *region, const struct tables *tables,
		      const struct map *map)
{
	print_cpus(tables);
	print_domains(&tables->ledger);
	print_memory(tables, map);
	print_low_area(tables);
	print_pci(tables);
	printf("ROLES\n");
	roles_print(tables, "  ");
	printf("CLOCKS\n  time stamp counter %u kHz\n  local APIC timer %u kHz\n",
	       tables->ledger.tsc_khz, tables->ledger.lapic_khz);
	print_sections(region, tables);
	return finish_output();
}

static int show_hardware(struct target *target)
{
	const struct tables *tables = &target->tables;
	static struct map map;
	int code;

	read_map(tables, &map);
	code = options.json ? print_json(&target->region, tables, &map) :
			       print_text(&target->region, tables, &map);
	return code ? code : tables_damage(tables);
}

static int cmd_hw(const struct call *call)
{
	fail_context("cannot show the machine");
	return with_tables(call, show_hardware);
}

const struct verb verb_hw = {
	.name = "hw",
	.summary = "show what the machine has, and whose it is",
	.options = option_table,
	.reads_saved = true,
	.prints = true,
	.run = cmd_hw,
};
