// SPDX-License-Identifier: GPL-2.0
/*
 * Roles: what exists once in the machine, and which node plays it. Owners are
 * under the ledger's lock. Node 0 enters the power and reset switches of the
 * firmware; the others learn them here when they boot.
 */
#include <linux/init.h>
#include <asm/mint.h>
#include "core.h"

/**
 * mint_roles_inherit() - find players for the roles of a node that was fenced
 * @node: its node id
 *
 * MINT_ROLE_FIRMWARE becomes ours, since any node can play it. The others
 * need what no started node has, and are free until somebody has it.
 *
 * Return: 0, or -ETIMEDOUT when another node does not let go of the ledger.
 */
int mint_roles_inherit(u32 node)
{
	u16 *owner = mint_region.ledger->role_owner;
	unsigned int role;
	int err;

	err = mint_ledger_lock();
	if (err)
		return err;
	for (role = 0; role < MINT_NR_ROLES; role++)
		if (mint_load(&owner[role]) == node)
			mint_store(&owner[role], (u16)(role == MINT_ROLE_FIRMWARE ?
						       mint_facts.node : MINT_OWNER_NONE));
	mint_ledger_unlock();
	return 0;
}

/* The two ports come last: each tells that the rest of its switch is there. */
static void __init mint_roles_enter_firmware(struct mint_firmware *shared)
{
	struct mint_firmware found = {};

	mint_firmware_read(&found);
	*shared = (struct mint_firmware) {
		.pm1a_off = found.pm1a_off,
		.pm1b_off = found.pm1b_off,
		.pm1b_port = found.pm1b_port,
		.reset_value = found.reset_value,
		.pm_timer_port = found.pm_timer_port,
	};
	mint_store_release(&shared->pm1a_port, found.pm1a_port);
	mint_store_release(&shared->reset_port, found.reset_port);
}

static int __init mint_roles_take_timer(void)
{
	if (mint_active() && mint_secondary())
		mint_pm_timer_take(mint_load(&mint_region.ledger->firmware.pm_timer_port));
	return 0;
}
core_initcall(mint_roles_take_timer);

static int __init mint_roles_init(void)
{
	if (!mint_active())
		return 0;
	if (mint_secondary())
		mint_firmware_take(&mint_region.ledger->firmware);
	else
		mint_roles_enter_firmware(&mint_region.ledger->firmware);
	return 0;
}
late_initcall(mint_roles_init);
