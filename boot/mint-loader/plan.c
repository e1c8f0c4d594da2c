// SPDX-License-Identifier: GPL-2.0
/*
 * Can a node have what its file asks for? The kernel decides; this says why
 * not, in words and with the owner's name, before the kernel is asked and
 * again when it has refused.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <mint/dev.h>
#include <mint/domain.h>
#include <mint/extent.h>
#include "claims.h"
#include "config.h"
#include "cpus.h"
#include "disk.h"
#include "node.h"
#include "plan.h"
#include "report.h"
#include "tables.h"
#include "text.h"

/* Nobody remaps interrupts; so a device has 8 bits for a CPU, and 0xff is all CPUs. */
#define MAX_IRQ_APIC_ID	254

/* How a sentence names an owner. */
static const char *owner_phrase(const struct tables *tables, __u16 owner, char text[64])
{
	if (owner == MINT_OWNER_SHARED)
		snprintf(text, 64, "the shared region");
	else if (owner < tables->nr_nodes)
		snprintf(text, 64, "node '%s'", tables->nodes[owner].life.name);
	else
		snprintf(text, 64, "node %u, which is not in the node table", owner);
	return text;
}

/* What frees what another owner has; nothing frees what node 0 has. */
static const char *next_command(const struct tables *tables, __u16 owner, char text[64])
{
	if (!owner || owner >= tables->nr_nodes)
		snprintf(text, 64, "mint list");
	else if (node_active(&tables->nodes[owner]))
		snprintf(text, 64, "mint kill %s", tables->nodes[owner].life.name);
	else
		snprintf(text, 64, "mint destroy %s", tables->nodes[owner].life.name);
	return text;
}

static int refuse_cpu(const struct tables *tables, unsigned int cpu)
{
	const struct mint_cpu *entry = &tables->ledger.cpus[cpu];
	char owner[64], next[64];

	return fail(MINT_EXIT_FAILED, "CPU %u belongs to %s. Try: %s", cpu,
		    owner_phrase(tables, entry->owner, owner),
		    next_command(tables, entry->owner, next));
}

static int check_cpus(const struct tables *tables, const struct config *config, __u32 except)
{
	unsigned int cpu;

	for (cpu = 0; cpu < MINT_MAX_CPUS; cpu++) {
		const struct mint_cpu *entry = &tables->ledger.cpus[cpu];

		if (!cpu_in(config->cpus, cpu))
			continue;
		if (cpu >= tables->ledger.nr_cpus)
			return fail(MINT_EXIT_FAILED,
				    "the machine has no CPU %u, only %u of them. Try: mint list",
				    cpu, tables->ledger.nr_cpus);
		if (entry->owner == except)
			continue;
		if (entry->owner != MINT_OWNER_NONE)
			return refuse_cpu(tables, cpu);
	}
	return MINT_EXIT_OK;
}

/* A kernel starts its other CPUs by INIT, which the machine's boot CPU must not get. */
static unsigned int first_cpu(const struct mint_ledger *ledger, const __u64 *cpus)
{
	unsigned int cpu, first = MINT_MAX_CPUS;

	for (cpu = MINT_MAX_CPUS; cpu-- > 0;)
		if (cpu_in(cpus, cpu) && (first == MINT_MAX_CPUS || !ledger->cpus[first].boot))
			first = cpu;
	return first;
}

/* The first CPU takes interrupts for those of the node that none can be sent to. */
static int check_irq_reach(const struct tables *tables, const struct config *config)
{
	unsigned int first = first_cpu(&tables->ledger, config->cpus);
	char address[24];

	if (!config->nr_functions || tables->ledger.cpus[first].apic_id <= MAX_IRQ_APIC_ID)
		return MINT_EXIT_OK;
	function_text(config->functions[0], address);
	return fail(MINT_EXIT_FAILED,
		    "PCI function %s cannot interrupt CPU %u, on which the node boots: %s %u, %s %u. %s",
		    address, first, "its APIC id is", tables->ledger.cpus[first].apic_id,
		    "of at most", MAX_IRQ_APIC_ID, "Try: mint hw");
}

static const struct mint_pci *find_function(const struct mint_ledger *ledger, __u32 function)
{
	unsigned int i;

	for (i = 0; i < ledger->nr_pci; i++)
		if (ledger->pci[i].function == (function & 0xffff) &&
		    ledger->pci[i].segment == function >> 16)
			return &ledger->pci[i];
	return NULL;
}

/* What the node that runs this command owns it can give, if nothing uses it. */
static int check_own_function(const struct tables *tables, __u32 function, const char *address)
{
	char device[24], path[80], link[256], use[128];
	const char *driver;
	ssize_t bytes;

	snprintf(device, sizeof(device), "%04x:%02x:%02x.%u", function >> 16,
		 function >> 8 & 0xff, function >> 3 & 0x1f, function & 7);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", device);
	if (access(path, F_OK))
		return fail(MINT_EXIT_FAILED,
			    "PCI function %s was removed from its bus. Try: %s", address,
			    "echo 1 >/sys/bus/pci/rescan");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", device);
	bytes = readlink(path, link, sizeof(link) - 1);
	if (bytes < 0)
		return MINT_EXIT_OK;
	link[bytes] = 0;
	driver = strrchr(link, '/') ? strrchr(link, '/') + 1 : link;
	if (disk_in_use(device, use, sizeof(use)))
		return fail(MINT_EXIT_FAILED,
			    "PCI function %s has a disk that node '%s' uses: %s. Try: another one",
			    address, tables->nodes[tables->self].life.name, use);
	return fail(MINT_EXIT_FAILED,
		    "PCI function %s belongs to node '%s', whose driver %s uses it. %s%s%s%s/unbind",
		    address, tables->nodes[tables->self].life.name, driver, "Try: echo ",
		    device, " >/sys/bus/pci/drivers/", driver);
}

static int check_function(const struct tables *tables, __u32 function, __u32 except)
{
	const struct mint_pci *entry = find_function(&tables->ledger, function);
	char address[24], owner[64], next[64];

	function_text(function, address);
	if (!entry)
		return fail(MINT_EXIT_FAILED,
			    "the machine has no PCI function %s to give away. Try: mint list",
			    address);
	if (entry->flags & MINT_PCI_BRIDGE)
		return fail(MINT_EXIT_FAILED,
			    "PCI function %s is a bridge, which stays with %s. Try: mint list",
			    address, owner_phrase(tables, entry->owner, owner));
	if (entry->owner == MINT_OWNER_NONE || entry->owner == except)
		return MINT_EXIT_OK;
	if (entry->owner == tables->self)
		return check_own_function(tables, function, address);
	return fail(MINT_EXIT_FAILED, "PCI function %s belongs to %s. Try: %s", address,
		    owner_phrase(tables, entry->owner, owner),
		    next_command(tables, entry->owner, next));
}

static int check_functions(const struct tables *tables, const struct config *config,
			   __u32 except)
{
	unsigned int i;
	int code = 0;

	for (i = 0; !code && i < config->nr_functions; i++)
		code = check_function(tables, config->functions[i], except);
	return code;
}

/* The nearest piece that is long enough, the lowest of several, as the kernel takes it. */
static bool find_near(const struct tables *tables, const struct claims *claims,
		      const __u64 *cpus, struct mint_extent *extent)
{
	struct mint_extent gap;
	__u32 nearest = ~0U;
	__u64 from = 0;

	while (claims_gap(claims, &tables->ledger, from, &gap)) {
		__u32 distance = mint_domain_distance(&tables->ledger, cpus, gap.domain);
		__u64 at = align_up(gap.base, MINT_EXTENT_ALIGN);

		from = gap.base + gap.bytes;
		if (at > from || from - at < extent->bytes || distance >= nearest)
			continue;
		nearest = distance;
		extent->base = at;
	}
	return nearest != ~0U;
}

/* The lowest piece across domains. If there is none, @largest is what there is. */
static bool find_across(const struct tables *tables, const struct claims *claims,
			struct mint_extent *extent, __u64 *largest)
{
	__u64 from = 0, start = 0;
	struct mint_extent gap;

	*largest = 0;
	while (claims_gap(claims, &tables->ledger, from, &gap)) {
		if (gap.base != from)
			start = align_up(gap.base, MINT_EXTENT_ALIGN);
		from = gap.base + gap.bytes;
		if (from > start && from - start > *largest)
			*largest = from - start;
		if (*largest < extent->bytes)
			continue;
		extent->base = start;
		return true;
	}
	return false;
}

static int find_piece(const struct tables *tables, const struct claims *claims,
		      const __u64 *cpus, struct mint_extent *extent)
{
	char want[24], have[24];
	__u64 largest;

	if (find_near(tables, claims, cpus, extent) ||
	    find_across(tables, claims, extent, &largest))
		return MINT_EXIT_OK;
	largest &= ~(MINT_EXTENT_ALIGN - 1);
	return fail(MINT_EXIT_FAILED,
		    "no %s of memory in one piece are unassigned, at most %s. Try: mint list",
		    size_text(extent->bytes, want), size_text(largest, have));
}

static int check_piece(const struct tables *tables, const struct claims *claims,
		       const struct mint_extent *extent)
{
	const struct mint_extent *claim = claims_on(claims, extent->base, extent->bytes);
	char size[24], owner[64], next[64];

	size_text(extent->bytes, size);
	if (claim)
		return fail(MINT_EXIT_FAILED, "memory in %s@0x%llx belongs to %s. Try: %s", size,
			    extent->base, owner_phrase(tables, claim->owner, owner),
			    next_command(tables, claim->owner, next));
	if (!mint_extents_hold(tables->ledger.ram, tables->ledger.nr_ram, extent->base,
			       extent->bytes))
		return fail(MINT_EXIT_FAILED,
			    "the machine has no memory in all of %s@0x%llx. Try: mint list",
			    size, extent->base);
	return MINT_EXIT_OK;
}

static int check_memory(const struct tables *tables, const struct config *config, __u32 except,
			struct mint_extent *extents)
{
	struct claims claims;
	unsigned int i;
	int code = 0;

	claims_read(tables, except, &claims);
	for (i = 0; !code && i < config->nr_extents; i++) {
		extents[i] = config->extents[i];
		if (extents[i].base == MINT_ANY)
			code = find_piece(tables, &claims, config->cpus, &extents[i]);
		else
			code = check_piece(tables, &claims, &extents[i]);
		claims.extents[claims.nr++] = extents[i];
	}
	return code;
}

/**
 * plan_check() - check a node file against the ledger
 * @tables: the tables
 * @config: the node file
 * @except: what this node owns counts as free; MINT_MAX_NODES for none
 * @extents: filled in: where each piece of memory would be
 *
 * Return: an enum mint_exit.
 */
int plan_check(const struct tables *tables, const struct config *config, __u32 except,
	       struct mint_extent *extents)
{
	bool full = tables->nr_nodes != 0;
	unsigned int i;
	int code;

	for (i = 0; i < tables->nr_nodes; i++) {
		const struct node_view *node = &tables->nodes[i];

		if (node->life.life == MINT_LIFE_NONE || i == except)
			full = false;
		else if (!strcmp(node->life.name, config->name))
			return fail(MINT_EXIT_STATE, "there is a node of that name. %s %s",
				    "Try: mint show", config->name);
	}
	if (full)
		return fail(MINT_EXIT_FAILED, "all %u node ids are in use. Try: mint list",
			    tables->nr_nodes);
	if (!tables->ledger.low_base)
		return fail(MINT_EXIT_FAILED,
			    "%s: no other node can be started. Try: mint log node0",
			    "the firmware leaves too little memory below 1 MB");
	code = check_cpus(tables, config, except);
	if (!code)
		code = check_functions(tables, config, except);
	if (!code)
		code = check_irq_reach(tables, config);
	return code ? code : check_memory(tables, config, except, extents);
}
