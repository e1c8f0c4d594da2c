// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/devices/mint/node<id>: a device for each node that exists, one value
 * to a file, read from the shared region when it is asked for. Devices come and
 * go in the one work item that watches the nodes (peers.c), so there is no lock
 * here. Specified in docs/sysfs-devices-mint.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/cpumask.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <asm/mint.h>
#include "core.h"

static struct device *devices[MINT_MAX_NODES];

static const struct bus_type node_bus = {
	.name = "mint_node",
};

static struct mint_node *mint_sysfs_entry(struct device *dev)
{
	return mint_node_entry(dev->id);
}

/* Text of the region, which any peer may have scribbled on. */
static ssize_t mint_sysfs_emit_text(char *buf, const char *text, size_t room)
{
	char copy[64];
	size_t i;

	memcpy(copy, text, room);
	for (i = 0; i < room && copy[i]; i++)
		if (!isgraph(copy[i]))
			return sysfs_emit(buf, "?\n");
	return sysfs_emit(buf, "%.*s\n", (int)room, copy);
}

static ssize_t name_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return mint_sysfs_emit_text(buf, mint_sysfs_entry(dev)->life.name, MINT_NAME_BYTES);
}
static DEVICE_ATTR_RO(name);

static ssize_t release_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return mint_sysfs_emit_text(buf, mint_sysfs_entry(dev)->self.release,
				    sizeof(mint_sysfs_entry(dev)->self.release));
}
static DEVICE_ATTR_RO(release);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", mint_node_state_name(mint_peer_state(dev->id)));
}
static DEVICE_ATTR_RO(state);

static ssize_t cpus_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	DECLARE_BITMAP(map, MINT_MAX_CPUS) = {};
	u32 cpus[MINT_MAX_CPUS];
	unsigned int i, n;

	n = mint_ledger_cpus(dev->id, cpus);
	for (i = 0; i < n; i++)
		__set_bit(cpus[i], map);
	return sysfs_emit(buf, "%*pbl\n", MINT_MAX_CPUS, map);
}
static DEVICE_ATTR_RO(cpus);

static ssize_t memory_bytes_show(struct device *dev, struct device_attribute *attr,
				 char *buf)
{
	return sysfs_emit(buf, "%llu\n", mint_ledger_bytes(dev->id));
}
static DEVICE_ATTR_RO(memory_bytes);

static ssize_t generation_show(struct device *dev, struct device_attribute *attr,
			       char *buf)
{
	return sysfs_emit(buf, "%u\n", mint_load(&mint_sysfs_entry(dev)->life.generation));
}
static DEVICE_ATTR_RO(generation);

static ssize_t heartbeat_age_ms_show(struct device *dev, struct device_attribute *attr,
				     char *buf)
{
	return sysfs_emit(buf, "%u\n", mint_peer_heartbeat_age_ms(dev->id));
}
static DEVICE_ATTR_RO(heartbeat_age_ms);

static ssize_t stalled_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%u\n", mint_load(&mint_sysfs_entry(dev)->self.stalled));
}
static DEVICE_ATTR_RO(stalled);

static ssize_t init_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct mint_node *entry = mint_sysfs_entry(dev);

	return sysfs_emit(buf, "%s\n", mint_init_name(mint_node_init(&entry->life,
								     &entry->user)));
}
static DEVICE_ATTR_RO(init);

static ssize_t policy_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	static const char *const words[] = {
		[MINT_POLICY_NO] = "no",
		[MINT_POLICY_ON_FAILURE] = "on-failure",
		[MINT_POLICY_ALWAYS] = "always",
	};
	u32 policy = mint_load(&mint_sysfs_entry(dev)->life.policy);

	return sysfs_emit(buf, "%s\n", policy < ARRAY_SIZE(words) ? words[policy] : "?");
}
static DEVICE_ATTR_RO(policy);

static struct attribute *node_attrs[] = {
	&dev_attr_name.attr,
	&dev_attr_state.attr,
	&dev_attr_cpus.attr,
	&dev_attr_memory_bytes.attr,
	&dev_attr_generation.attr,
	&dev_attr_heartbeat_age_ms.attr,
	&dev_attr_stalled.attr,
	&dev_attr_init.attr,
	&dev_attr_policy.attr,
	&dev_attr_release.attr,
	NULL
};
ATTRIBUTE_GROUPS(node);

static void mint_sysfs_release_node(struct device *dev)
{
	kfree(dev);
}

static struct device *mint_sysfs_add_node(u32 node)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	device_initialize(dev);
	dev->id = node;
	dev->parent = mint_root;
	dev->bus = &node_bus;
	dev->groups = node_groups;
	dev->release = mint_sysfs_release_node;
	if (dev_set_name(dev, "node%u", node) || device_add(dev)) {
		put_device(dev);
		return NULL;
	}
	return dev;
}

static void mint_sysfs_tell_user_space(struct device *dev, enum mint_node_state state)
{
	char word[24];
	char *env[2] = { word };

	snprintf(word, sizeof(word), "STATE=%s", mint_node_state_name(state));
	kobject_uevent_env(&dev->kobj, KOBJ_CHANGE, env);
	sysfs_notify(&dev->kobj, NULL, "state");
}

static int mint_sysfs_state_changed(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct mint_state_change *change = data;
	struct device *dev;

	if (event != MINT_WATCH_STATE)
		return NOTIFY_DONE;
	dev = devices[change->node];
	if (dev && change->state == MINT_NODE_NONE) {
		device_unregister(dev);
		devices[change->node] = NULL;
	} else if (dev) {
		mint_sysfs_tell_user_space(dev, change->state);
	} else if (change->state != MINT_NODE_NONE) {
		devices[change->node] = mint_sysfs_add_node(change->node);
		if (!devices[change->node])
			pr_err("no place in /sys for node %u\n", change->node);
	}
	return NOTIFY_DONE;
}

static struct notifier_block watch_notifier = {
	.notifier_call = mint_sysfs_state_changed,
};

/* The own node is always there, and has a name that is the same everywhere. */
static int __init mint_sysfs_init(void)
{
	int err;

	if (!mint_active() || !mint_root)
		return 0;
	err = bus_register(&node_bus);
	if (err)
		return err;
	devices[mint_facts.node] = mint_sysfs_add_node(mint_facts.node);
	if (!devices[mint_facts.node])
		return -ENOMEM;
	err = sysfs_create_link(&mint_root->kobj, &devices[mint_facts.node]->kobj, "self");
	return err ? err : mint_watch_register(&watch_notifier);
}
fs_initcall(mint_sysfs_init);
