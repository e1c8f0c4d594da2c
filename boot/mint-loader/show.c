// SPDX-License-Identifier: GPL-2.0
/* mint show: all that the region tells of one node. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <mint/abi.h>
#include <mint/atomic.h>
#include "cpus.h"
#include "hold.h"
#include "json.h"
#include "node.h"
#include "region.h"
#include "report.h"
#include "stream.h"
#include "tables.h"
#include "target.h"
#include "text.h"
#include "util.h"
#include "value.h"
#include "verb.h"

#define NODE_FORMAT	\
	"{s:{s:i,s:s,s:s,s:o,s:I,s:I,s:s,s:o,s:o,s:I,s:I,s:I,s:s,s:o,s:I,s:o,s:I,s:s,s:s,s:I,s:I}}"

static struct {
	bool json;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ }
};

/**
 * struct details - what is shown of a node
 * @node: its entry
 * @cpus: its CPUs
 * @nr_extents: used entries of @extents
 * @extents: its memory
 * @log_bytes: bytes it ever logged
 * @console_bytes: bytes it ever printed on its console
 */
struct details {
	const struct node_view *node;
	__u64 cpus[MINT_MAX_CPUS / 64];
	unsigned int nr_extents;
	struct mint_extent extents[MINT_MAX_EXTENTS];
	__u64 log_bytes;
	__u64 console_bytes;
};

static __u64 stream_total(const struct region *region, __u32 section, __u32 node)
{
	const struct mint_stream *stream;
	size_t room;

	stream = stream_find(region, section, node, &room);
	return stream ? mint_load(&stream->head) & ~0ULL >> 1 : 0;
}

static void fill_details(const struct region *region, const struct tables *tables,
			 struct details *details)
{
	__u32 id = details->node->id;

	tables_cpus(tables, id, details->cpus);
	details->nr_extents = tables_extents(tables, id, details->extents,
					     ARRAY_SIZE(details->extents));
	details->log_bytes = stream_total(region, MINT_SECTION_LOGS, id);
	details->console_bytes = stream_total(region, MINT_SECTION_CONSOLES, id);
}

static json_t *devices_json(const struct tables *tables, __u16 owner)
{
	json_t *array = json_array();
	char address[24], ids[3][8];
	unsigned int i;

	for (i = 0; i < tables->ledger.nr_pci; i++) {
		const struct mint_pci *entry = &tables->ledger.pci[i];

		if (entry->owner != owner)
			continue;
		snprintf(ids[0], 8, "%04x", entry->vendor);
		snprintf(ids[1], 8, "%04x", entry->device);
		snprintf(ids[2], 8, "%06x", entry->class & 0xffffff);
		json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s}", "address",
						       pci_text(entry, address),
						       "vendor", ids[0], "device", ids[1],
						       "class", ids[2]));
	}
	return array;
}

static json_t *holder_json(const struct tables *tables, const struct node_view *node)
{
	const struct node_view *holder = hold_of(tables, node);

	if (!holder)
		return json_null();
	return json_pack("{s:i, s:I, s:s}", "node", holder->id, "process",
			 (json_int_t)node->hold.process, "command", node->hold.command);
}

static int print_json(const struct tables *tables, const struct details *details)
{
	const struct node_view *node = details->node;
	json_t *apic_ids = json_array();
	unsigned int cpu;
	char abi[16];

	for (cpu = 0; cpu < tables->ledger.nr_cpus; cpu++)
		if (cpu_in(details->cpus, cpu))
			json_array_append_new(apic_ids,
					      json_integer(tables->ledger.cpus[cpu].apic_id));
	snprintf(abi, sizeof(abi), "%u.%u", node->self.abi >> 16, node->self.abi & 0xffff);
	return json_print(json_pack(NODE_FORMAT,
		"node",
		"id", node->id,
		"name", node->life.name,
		"state", node_state_name(node),
		"holder", holder_json(tables, node),
		"generation", (json_int_t)node->life.generation,
		"fenced", (json_int_t)node->life.fenced,
		"restart", restart_text(node->life.policy),
		"cpus", json_cpus(details->cpus),
		"apic_ids", apic_ids,
		"boot_cpu", (json_int_t)node->life.boot_cpu,
		"cpus_online", (json_int_t)node->self.nr_cpus,
		"cpus_stalled", (json_int_t)node->self.stalled,
		"init", mint_init_name(mint_node_init(&node->life, &node->user)),
		"memory", json_extents(details->extents, details->nr_extents),
		"memory_bytes", (json_int_t)tables_bytes(tables, node->id),
		"devices", devices_json(tables, node->id),
		"heartbeat", (json_int_t)(node->self.heartbeat & ~0ULL >> 1),
		"abi", abi,
		"kernel", node->self.release,
		"log_bytes", (json_int_t)details->log_bytes,
		"console_bytes", (json_int_t)details->console_bytes));
}

static void print_devices(const struct tables *tables, __u16 owner)
{
	char address[24];
	unsigned int i;

	for (i = 0; i < tables->ledger.nr_pci; i++) {
		const struct mint_pci *entry = &tables->ledger.pci[i];

		if (entry->owner == owner)
			printf("device      %s, %04x:%04x, class %06x%s\n",
			       pci_text(entry, address), entry->vendor, entry->device,
			       entry->class & 0xffffff,
			       entry->flags & MINT_PCI_BRIDGE ? ", a bridge" : "");
	}
}

static void print_cpus(const struct tables *tables, const struct details *details)
{
	unsigned int cpu;

	for (cpu = 0; cpu < tables->ledger.nr_cpus; cpu++)
		if (cpu_in(details->cpus, cpu))
			printf("cpu         %u, APIC id %u%s\n", cpu,
			       tables->ledger.cpus[cpu].apic_id,
			       cpu == details->node->life.boot_cpu ? ", boots first" : "");
}

static void print_holder(const struct tables *tables, const struct node_view *node)
{
	const struct node_view *holder = hold_of(tables, node);
	char text[128];

	if (holder)
		printf("held by     %s\n",
		       holder_text(holder, &node->hold, text, sizeof(text)));
}

static int print_text(const struct tables *tables, const struct details *details)
{
	const struct node_view *node = details->node;
	unsigned int i;
	char size[24];

	printf("node        %u\n", node->id);
	printf("name        %s\n", node->life.name);
	printf("state       %s\n", node_state_name(node));
	print_holder(tables, node);
	printf("generation  %u\n", node->life.generation);
	printf("fenced      %u\n", node->life.fenced);
	printf("restart     %s\n", restart_text(node->life.policy));
	print_cpus(tables, details);
	printf("on line     %u\n", node->self.nr_cpus);
	printf("stalled     %u\n", node->self.stalled);
	printf("init        %s\n", mint_init_name(mint_node_init(&node->life, &node->user)));
	for (i = 0; i < details->nr_extents; i++)
		printf("memory      0x%llx-0x%llx, %s\n", details->extents[i].base,
		       details->extents[i].base + details->extents[i].bytes - 1,
		       size_text(details->extents[i].bytes, size));
	print_devices(tables, node->id);
	printf("heartbeat   %llu\n", node->self.heartbeat);
	printf("ABI         %u.%u\n", node->self.abi >> 16, node->self.abi & 0xffff);
	printf("kernel      %s\n", node->self.release);
	printf("log         %llu bytes\n", details->log_bytes);
	printf("console     %llu bytes\n", details->console_bytes);
	return finish_output();
}

static int show(struct target *target)
{
	static struct details details;
	int code;

	details.node = target->node;
	fill_details(&target->region, &target->tables, &details);
	code = options.json ? print_json(&target->tables, &details) :
			       print_text(&target->tables, &details);
	if (!code && target->node->damaged)
		code = tables_damage(&target->tables);
	return code;
}

static int cmd_show(const struct call *call)
{
	fail_context("cannot show node '%s'", call->operand);
	return with_node(call, show);
}

const struct verb verb_show = {
	.name = "show",
	.operand = "NODE",
	.summary = "show all that is known of a node",
	.options = option_table,
	.reads_saved = true,
	.prints = true,
	.run = cmd_show,
};
