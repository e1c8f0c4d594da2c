// SPDX-License-Identifier: GPL-2.0
/*
 * The switch of the bypass: net.mint.bypass, for each network namespace by itself.
 */
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "bypass.h"

/**
 * struct mint_netns - what the bypass has of a network namespace
 * @header: its sysctl
 * @wanted: its new connections may go past TCP
 */
struct mint_netns {
	struct ctl_table_header *header;
	u8 wanted;
};

static unsigned int mint_netns_id __read_mostly;

static const struct ctl_table mint_table[] = {
	{
		.procname	= "bypass",
		.maxlen		= sizeof(u8),
		.mode		= 0644,
		.proc_handler	= proc_dou8vec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
};

static int __net_init mint_netns_start(struct net *net)
{
	struct mint_netns *netns = net_generic(net, mint_netns_id);
	struct ctl_table *table;

	table = kmemdup(mint_table, sizeof(mint_table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	table[0].data = &netns->wanted;
	netns->header = register_net_sysctl_sz(net, "net/mint", table, ARRAY_SIZE(mint_table));
	if (!netns->header) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

static void __net_exit mint_netns_stop(struct net *net)
{
	struct mint_netns *netns = net_generic(net, mint_netns_id);
	const struct ctl_table *table = netns->header->ctl_table_arg;

	unregister_net_sysctl_table(netns->header);
	kfree(table);
}

static struct pernet_operations mint_netns_ops = {
	.init	= mint_netns_start,
	.exit	= mint_netns_stop,
	.id	= &mint_netns_id,
	.size	= sizeof(struct mint_netns),
};

/**
 * mint_netns_wants() - may new connections go past TCP?
 * @net: their network namespace
 */
bool mint_netns_wants(const struct net *net)
{
	const struct mint_netns *netns = net_generic(net, mint_netns_id);

	return READ_ONCE(netns->wanted);
}

/**
 * mint_netns_init() - give each network namespace the switch
 *
 * Return: 0 or a negative error.
 */
int mint_netns_init(void)
{
	return register_pernet_subsys(&mint_netns_ops);
}

/**
 * mint_netns_exit() - undo mint_netns_init()
 */
void mint_netns_exit(void)
{
	unregister_pernet_subsys(&mint_netns_ops);
}
