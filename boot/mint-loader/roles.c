// SPDX-License-Identifier: GPL-2.0
/* What exists once in the machine, and which node holds it. */
#include <jansson.h>
#include <stdio.h>
#include <mint/abi.h>
#include "node.h"
#include "roles.h"
#include "tables.h"

static const char *const role_names[MINT_NR_ROLES] = {
	[MINT_ROLE_FIRMWARE] = "firmware",
	[MINT_ROLE_IOAPIC] = "ioapic",
	[MINT_ROLE_RTC] = "rtc",
	[MINT_ROLE_PCI_PORTS] = "pci_ports",
};

/* A role whose holder is fenced is free. */
static const struct node_view *role_holder(const struct tables *tables, unsigned int role)
{
	__u16 owner = tables->ledger.role_owner[role];
	const struct node_view *node;

	if (owner >= tables->nr_nodes)
		return NULL;
	node = &tables->nodes[owner];
	return node->life.life == MINT_LIFE_NONE ||
	       node->life.fenced >= node->life.generation ? NULL : node;
}

static void print_roles_of(const struct tables *tables, const struct node_view *node,
			   const char *before)
{
	unsigned int role, nr = 0;

	for (role = 0; role < MINT_NR_ROLES; role++) {
		if (role_holder(tables, role) != node)
			continue;
		if (!nr++)
			printf("%s%s%s:", before, node ? "roles of " : "free roles",
			       node ? node->life.name : "");
		printf(" %s", role_names[role]);
	}
	if (nr)
		putchar('\n');
}

/**
 * roles_print() - print who holds what, a line for each holder
 * @tables: the tables
 * @before: what each line begins with
 */
void roles_print(const struct tables *tables, const char *before)
{
	unsigned int i;

	for (i = 0; i < tables->nr_nodes; i++)
		print_roles_of(tables, &tables->nodes[i], before);
	print_roles_of(tables, NULL, before);
}

/**
 * json_roles() - the id of the holder by role, null where there is none
 * @tables: the tables
 */
json_t *json_roles(const struct tables *tables)
{
	json_t *object = json_object();
	unsigned int role;

	for (role = 0; role < MINT_NR_ROLES; role++) {
		const struct node_view *node = role_holder(tables, role);

		json_object_set_new(object, role_names[role],
				    node ? json_integer(node->id) : json_null());
	}
	return object;
}
