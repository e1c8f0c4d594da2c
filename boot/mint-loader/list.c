// SPDX-License-Identifier: GPL-2.0
/* mint list: one line for each node, and one for what no node owns. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <mint/abi.h>
#include "claims.h"
#include "json.h"
#include "node.h"
#include "report.h"
#include "roles.h"
#include "tables.h"
#include "target.h"
#include "text.h"
#include "verb.h"

#define COLUMNS	"%-3s %-15s %-9s %4s %-11s %8s %4s  %s\n"

static struct {
	bool json;
	bool names;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ .name = "names", .help = "print nothing but the names", .set = &options.names },
	{ }
};

static __u64 unassigned_bytes(const struct tables *tables)
{
	struct mint_extent gap;
	struct claims claims;
	__u64 from = 0, bytes = 0;

	claims_read(tables, MINT_MAX_NODES, &claims);
	while (claims_gap(&claims, &tables->ledger, from, &gap)) {
		bytes += gap.bytes;
		from = gap.base + gap.bytes;
	}
	return bytes;
}

static const char *count_text(const struct tables *tables, __u16 owner, char text[12])
{
	__u32 functions[MINT_MAX_PCI];

	snprintf(text, 12, "%u", tables_functions(tables, owner, functions));
	return text;
}

static json_t *devices_json(const struct tables *tables, __u16 owner)
{
	__u32 functions[MINT_MAX_PCI];

	return json_functions(functions, tables_functions(tables, owner, functions));
}

static void print_node(const struct tables *tables, const struct node_view *node)
{
	char id[12], generation[12], cpu_list[64], size[24], devices[12];
	__u64 cpus[MINT_MAX_CPUS / 64];

	tables_cpus(tables, node->id, cpus);
	snprintf(id, sizeof(id), "%u", node->id);
	snprintf(generation, sizeof(generation), "%u", node->life.generation);
	printf(COLUMNS, id, node->life.name, node_state_name(node), generation,
	       cpus_text(cpus, cpu_list, sizeof(cpu_list)),
	       size_text(tables_bytes(tables, node->id), size),
	       count_text(tables, node->id, devices), node->self.release);
}

static int print_text(const struct tables *tables)
{
	__u64 cpus[MINT_MAX_CPUS / 64];
	char cpu_list[64], size[24], devices[12];
	unsigned int i;

	printf(COLUMNS, "ID", "NAME", "STATE", "GEN", "CPUS", "MEMORY", "DEVS",
	       "KERNEL");
	for (i = 0; i < tables->nr_nodes; i++)
		if (tables->nodes[i].life.life != MINT_LIFE_NONE)
			print_node(tables, &tables->nodes[i]);
	tables_cpus(tables, MINT_OWNER_NONE, cpus);
	printf(COLUMNS, "-", "unassigned", "-", "-",
	       cpus_text(cpus, cpu_list, sizeof(cpu_list)),
	       size_text(unassigned_bytes(tables), size),
	       count_text(tables, MINT_OWNER_NONE, devices), "-");
	roles_print(tables, "");
	return finish_output();
}

static json_t *node_json(const struct tables *tables, const struct node_view *node)
{
	__u64 cpus[MINT_MAX_CPUS / 64];

	tables_cpus(tables, node->id, cpus);
	return json_pack("{s:i, s:s, s:s, s:I, s:o, s:I, s:o, s:s}",
			 "id", node->id,
			 "name", node->life.name,
			 "state", node_state_name(node),
			 "generation", (json_int_t)node->life.generation,
			 "cpus", json_cpus(cpus),
			 "memory_bytes", (json_int_t)tables_bytes(tables, node->id),
			 "devices", devices_json(tables, node->id),
			 "kernel", node->self.release);
}

static int print_json(const struct tables *tables)
{
	__u64 cpus[MINT_MAX_CPUS / 64];
	json_t *nodes = json_array();
	unsigned int i;

	for (i = 0; i < tables->nr_nodes; i++)
		if (tables->nodes[i].life.life != MINT_LIFE_NONE)
			json_array_append_new(nodes, node_json(tables, &tables->nodes[i]));
	tables_cpus(tables, MINT_OWNER_NONE, cpus);
	return json_print(json_pack("{s:o, s:{s:o, s:I, s:o}, s:I, s:o}",
				    "nodes", nodes, "unassigned",
				    "cpus", json_cpus(cpus),
				    "memory_bytes", (json_int_t)unassigned_bytes(tables),
				    "devices", devices_json(tables, MINT_OWNER_NONE),
				    "shared_bytes",
				    (json_int_t)tables_bytes(tables, MINT_OWNER_SHARED),
				    "roles", json_roles(tables)));
}

static int print_names(const struct tables *tables)
{
	unsigned int i;

	for (i = 0; i < tables->nr_nodes; i++)
		if (tables->nodes[i].life.life != MINT_LIFE_NONE)
			puts(tables->nodes[i].life.name);
	return finish_output();
}

static int list(struct target *target)
{
	const struct tables *tables = &target->tables;
	int code;

	if (options.names)
		return print_names(tables);
	code = options.json ? print_json(tables) : print_text(tables);
	return code ? code : tables_damage(tables);
}

static int cmd_list(const struct call *call)
{
	fail_context("cannot list the nodes");
	return with_tables(call, list);
}

const struct verb verb_list = {
	.name = "list",
	.summary = "list the nodes and what no node owns",
	.options = option_table,
	.reads_saved = true,
	.prints = true,
	.run = cmd_list,
};
