// SPDX-License-Identifier: GPL-2.0
/*
 * No node sleeps while others work. Suspend and hibernation are refused before
 * anything has stopped, where nobody could wake the node, or where others would
 * lose their CPUs, their bridges or their devices.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/suspend.h>
#include <asm/mint.h>
#include "core.h"

/* A node with CPUs that run or are about to, other than this; MINT_MAX_NODES if none. */
static u32 mint_node_at_work(void)
{
	u32 node, life;

	for (node = 0; node < MINT_MAX_NODES; node++) {
		life = mint_load(&mint_node_entry(node)->life.life);
		if (node != mint_facts.node &&
		    (life == MINT_LIFE_STARTED || life == MINT_LIFE_LOADING))
			break;
	}
	return node;
}

/* Of a kernel that runs alone in the machine, so to speak, all comes back. */
static int mint_node0_may_sleep(void)
{
	u32 node = mint_node_at_work();

	if (node < MINT_MAX_NODES) {
		pr_warn("not suspended: node %u would lose its CPUs and devices. Try: mint stop %u\n",
			node, node);
		return -EBUSY;
	}
	if (mint_pci_given_away()) {
		pr_warn("not suspended: nobody would restore the PCI functions that were given away. Try: poweroff\n");
		return -EBUSY;
	}
	return 0;
}

static int mint_may_sleep(bool hibernate)
{
	if (mint_secondary()) {
		pr_warn("not suspended: nothing could wake this node. Try: poweroff\n");
		return -EOPNOTSUPP;
	}
	if (hibernate) {
		pr_warn("no hibernation: the kernel that loads the image formats the shared region. Try: poweroff\n");
		return -EOPNOTSUPP;
	}
	return mint_node0_may_sleep();
}

static int mint_suspend_event(struct notifier_block *nb, unsigned long event, void *unused)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_RESTORE_PREPARE:
		return notifier_from_errno(mint_may_sleep(false));
	case PM_HIBERNATION_PREPARE:
		return notifier_from_errno(mint_may_sleep(true));
	default:
		return NOTIFY_DONE;
	}
}

static int __init mint_suspend_init(void)
{
	/* The first to be asked, so that nothing has to be undone. */
	if (mint_active())
		pm_notifier(mint_suspend_event, INT_MAX);
	return 0;
}
core_initcall(mint_suspend_init);
