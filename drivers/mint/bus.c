// SPDX-License-Identifier: GPL-2.0
/*
 * The mint bus: gives drivers over the shared region a device, and users the
 * names of it (ip -d link, ethtool -i, /sys/devices/mint).
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <asm/mint.h>
#include "core.h"

#define to_mint_driver(d)	container_of_const(d, struct mint_driver, driver)

/* /sys/devices/mint; NULL when this kernel runs without Mint */
struct device *mint_root;

static int mint_match(struct device *dev, const struct device_driver *driver)
{
	return !strcmp(to_mint_device(dev)->kind, to_mint_driver(driver)->kind);
}

static int mint_uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	const struct mint_device *mdev = container_of_const(dev, struct mint_device, dev);

	return add_uevent_var(env, "MODALIAS=mint:%s", mdev->kind);
}

static int mint_probe(struct device *dev)
{
	return to_mint_driver(dev->driver)->probe(to_mint_device(dev));
}

static void mint_remove(struct device *dev)
{
	to_mint_driver(dev->driver)->remove(to_mint_device(dev));
}

static const struct bus_type mint_bus = {
	.name = "mint",
	.match = mint_match,
	.uevent = mint_uevent,
	.probe = mint_probe,
	.remove = mint_remove,
};

/**
 * __mint_driver_register() - add a driver to the mint bus
 * @driver: name, kind and calls are set
 * @owner: its module
 *
 * Return: 0, -ENODEV when this kernel runs without Mint, or another errno.
 */
int __mint_driver_register(struct mint_driver *driver, struct module *owner)
{
	if (!mint_active())
		return -ENODEV;
	driver->driver.bus = &mint_bus;
	driver->driver.owner = owner;
	return driver_register(&driver->driver);
}
EXPORT_SYMBOL_GPL(__mint_driver_register);

/**
 * mint_driver_unregister() - take a driver from the bus
 * @driver: what was registered; not bound to any device when this returns
 */
void mint_driver_unregister(struct mint_driver *driver)
{
	driver_unregister(&driver->driver);
}
EXPORT_SYMBOL_GPL(mint_driver_unregister);

/**
 * mint_device_format() - format a device's section, unless a node did already
 * @mdev: the device
 * @format: writes the section; with release and as its last step, a nonzero first
 *	32-bit word. Called with the ledger held: it must not sleep.
 *
 * Of several nodes that call this, one formats and the others wait for it.
 *
 * Return: 0, -ETIMEDOUT if another node keeps the ledger, or what @format returned.
 */
int mint_device_format(struct mint_device *mdev,
		       int (*format)(void *section, u64 bytes))
{
	int err = mint_ledger_lock();

	if (err)
		return err;
	/* Pairs with the release store of the magic in @format. */
	if (!mint_load_acquire((u32 *)mdev->section))
		err = format(mdev->section, mdev->section_bytes);
	mint_ledger_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(mint_device_format);

static ssize_t node_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", mint_facts.node);
}
static DEVICE_ATTR_RO(node);

static ssize_t generation_show(struct device *dev, struct device_attribute *attr,
			       char *buf)
{
	return sysfs_emit(buf, "%u\n", mint_facts.generation);
}
static DEVICE_ATTR_RO(generation);

static struct attribute *root_attrs[] = {
	&dev_attr_node.attr,
	&dev_attr_generation.attr,
	NULL
};
ATTRIBUTE_GROUPS(root);

static void mint_device_release(struct device *dev)
{
	kfree(to_mint_device(dev));
}

static int __init mint_add_device(const char *kind, void *section, u64 section_bytes)
{
	struct mint_device *mdev = kzalloc(sizeof(*mdev), GFP_KERNEL);
	int err;

	if (!mdev)
		return -ENOMEM;
	mdev->kind = kind;
	mdev->section = section;
	mdev->section_bytes = section_bytes;
	mdev->dev.parent = mint_root;
	mdev->dev.bus = &mint_bus;
	mdev->dev.release = mint_device_release;
	err = dev_set_name(&mdev->dev, "%s.0", kind);
	if (err) {
		kfree(mdev);
		return err;
	}
	err = device_register(&mdev->dev);
	if (err)
		put_device(&mdev->dev);
	return err;
}

static int __init mint_bus_init(void)
{
	struct device *root;
	int err;

	if (!mint_active())
		return 0;
	err = bus_register(&mint_bus);
	if (err)
		return err;
	root = root_device_register("mint");
	if (IS_ERR(root))
		return PTR_ERR(root);
	err = sysfs_create_groups(&root->kobj, root_groups);
	if (err)
		return err;
	mint_root = root;
	if (mint_region.bypass) {
		err = mint_add_device("bypass", mint_region.bypass, mint_region.bypass_bytes);
		if (err)
			return err;
	}
	return mint_add_device("vni", mint_region.vni, mint_region.vni_bytes);
}
subsys_initcall(mint_bus_init);
