// SPDX-License-Identifier: GPL-2.0
/*
 * Who owns each PCI function. What a function is was told by node 0 once and
 * is kept privately; its owner stands in the ledger, under the ledger's lock.
 * A node's own functions are kept privately too: what others write into the
 * ledger gives this kernel no function and takes none from it.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/bitmap.h>
#include <linux/init.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <asm/mint.h>
#include <mint/extent.h>
#include "core.h"

static struct mint_ecam ecam __ro_after_init;
static struct mint_pci functions[MINT_MAX_PCI] __ro_after_init;
static unsigned int nr_functions __ro_after_init;
static DECLARE_BITMAP(own, MINT_MAX_PCI);

/* Functions that are being given away. mint_pci_freeze() has one caller at a time. */
static struct pci_dev *frozen[MINT_MAX_PCI];

static int mint_pci_find(u16 segment, u16 function)
{
	unsigned int i;

	for (i = 0; i < nr_functions; i++)
		if (functions[i].function == function && functions[i].segment == segment)
			return i;
	return -ENODEV;
}

/* Node 0 may look for what is not in the ledger; others have only their own. */
static bool mint_pci_hidden(u16 segment, u16 function)
{
	int i = mint_pci_find(segment, function);

	return i < 0 ? mint_secondary() : !test_bit(i, own);
}

static int __init mint_pci_next_own(int at, u16 *function)
{
	unsigned int i = find_next_bit(own, MINT_MAX_PCI, at + 1);

	if (i >= MINT_MAX_PCI)
		return -1;
	*function = functions[i].function;
	return i;
}

/* Does the ECAM window lie apart from all memory, and each function in it? */
static bool __init mint_pci_window_good(const struct mint_ledger *ledger)
{
	u64 start = ecam.base + ((u64)ecam.first_bus << 20);
	u64 end = ecam.base + ((u64)ecam.last_bus + 1) * SZ_1M;
	unsigned int i;

	if (!IS_ALIGNED(ecam.base, SZ_1M) || ecam.base > end ||
	    ecam.first_bus > ecam.last_bus || ecam.last_bus > 0xff)
		return false;
	for (i = 0; i < MINT_MAX_RAM; i++) {
		struct mint_extent ram = ledger->ram[i];

		if (mint_extent_meets(&ram, start, end - start))
			return false;
	}
	for (i = 0; i < nr_functions; i++)
		if (functions[i].segment ||
		    PCI_BUS_NUM(functions[i].function) < ecam.first_bus ||
		    PCI_BUS_NUM(functions[i].function) > ecam.last_bus)
			return false;
	return true;
}

/* For a started node, which learns the machine's functions from the ledger. */
static unsigned int __init mint_pci_attach(struct mint_ecam *window)
{
	const struct mint_ledger *ledger = mint_region.ledger;
	unsigned int i, nr;

	nr = mint_load_acquire(&ledger->nr_pci); /* pairs in mint_pci_publish() */
	ecam.base = mint_load(&ledger->ecam_base);
	ecam.first_bus = mint_load(&ledger->ecam_first_bus);
	ecam.last_bus = mint_load(&ledger->ecam_last_bus);
	if (!nr)
		return 0;
	nr_functions = min(nr, MINT_MAX_PCI);
	memcpy(functions, ledger->pci, nr_functions * sizeof(functions[0]));
	if (nr > MINT_MAX_PCI || !mint_pci_window_good(ledger)) {
		pr_err("the ledger's PCI functions make no sense: none is used\n");
		nr_functions = 0;
		return 0;
	}
	for (i = 0; i < nr_functions; i++)
		if (functions[i].owner == mint_facts.node &&
		    !(functions[i].flags & MINT_PCI_BRIDGE))
			set_bit(i, own);
	*window = ecam;
	return bitmap_weight(own, MINT_MAX_PCI);
}

static const struct mint_pci_owners owners __initconst = {
	.hidden = mint_pci_hidden,
	.attach = mint_pci_attach,
	.next_own = mint_pci_next_own,
};

/* Before arch_initcall, at which the platform begins to ask. */
static int __init mint_pci_init(void)
{
	if (mint_active())
		mint_pci_register(&owners);
	return 0;
}
core_initcall(mint_pci_init);

static bool mint_pci_stays(const struct pci_dev *dev)
{
	return dev->hdr_type != PCI_HEADER_TYPE_NORMAL ||
	       dev->class >> 16 == PCI_BASE_CLASS_BRIDGE;
}

/* Returns whether there is room for it in the ledger. */
static bool __init mint_pci_add_function(struct pci_dev *dev)
{
	if (pci_domain_nr(dev->bus) || dev->bus->number < ecam.first_bus ||
	    dev->bus->number > ecam.last_bus || nr_functions == MINT_MAX_PCI)
		return false;
	functions[nr_functions] = (struct mint_pci) {
		.function = pci_dev_id(dev),
		.owner = 0,
		.flags = mint_pci_stays(dev) ? MINT_PCI_BRIDGE : 0,
		.vendor = dev->vendor,
		.device = dev->device,
		.class = dev->class,
	};
	set_bit(nr_functions, own);
	nr_functions++;
	return true;
}

static void __init mint_pci_add_functions(void)
{
	struct pci_dev *dev = NULL;
	unsigned int others = 0;

	for_each_pci_dev(dev)
		others += !mint_pci_add_function(dev);
	if (others)
		pr_warn("%u PCI functions can only be node 0's: they are outside of segment 0, or more than %u\n",
			others, MINT_MAX_PCI);
}

static void mint_pci_set_owner(unsigned int i, u16 owner)
{
	mint_store(&mint_region.ledger->pci[i].owner, owner);
}

static u16 mint_pci_owner(unsigned int i)
{
	return mint_load(&mint_region.ledger->pci[i].owner);
}

/* Keeps drivers from a function, until it is thawed or given away. */
static int mint_pci_freeze_one(unsigned int i)
{
	struct pci_dev *dev;
	int err = 0;

	dev = pci_get_domain_bus_and_slot(functions[i].segment,
					  PCI_BUS_NUM(functions[i].function),
					  functions[i].function & 0xff);
	if (!dev)
		return -ENODEV;
	device_lock(&dev->dev);
	if (dev->dev.driver || pci_num_vf(dev))
		err = -EBUSY;
	else
		dev->match_driver = false;
	device_unlock(&dev->dev);
	if (err) {
		pci_dev_put(dev);
		return err;
	}
	pci_clear_master(dev);
	pci_intx(dev, 0);
	frozen[i] = dev;
	return 0;
}

static void mint_pci_thaw_one(unsigned int i)
{
	struct pci_dev *dev = frozen[i];

	frozen[i] = NULL;
	if (!dev)
		return;
	device_lock(&dev->dev);
	dev->match_driver = true;
	device_unlock(&dev->dev);
	pci_dev_put(dev);
}

/*
 * Bridges stay here, but the function reaches memory through them. They would go to
 * sleep when all that we know behind them is idle or gone. They are kept awake for
 * good, since a function does not come back.
 */
static void mint_pci_open_bridges(struct pci_dev *dev)
{
	struct pci_dev *bridge;

	/* Out of D3cold it comes by the bridge and by ACPI, which its new owner has not. */
	pm_runtime_get_sync(&dev->dev);
	for (bridge = pci_upstream_bridge(dev); bridge;
	     bridge = pci_upstream_bridge(bridge)) {
		pm_runtime_get_sync(&bridge->dev);
		if (pci_enable_device(bridge))
			pci_warn(bridge, "mint: cannot be enabled for %s\n", pci_name(dev));
		pci_set_master(bridge);
	}
}

/* Keeps addresses that the function decodes from being given to others. */
static void mint_pci_keep_range(struct resource *parent, const struct resource *range)
{
	struct resource *kept = kmemdup(range, sizeof(*range), GFP_KERNEL);

	if (!kept)
		return;
	kept->parent = NULL;
	kept->sibling = NULL;
	kept->child = NULL;
	kept->name = "mint: another node";
	if (request_resource(parent, kept)) {
		pr_warn("%pR of another node is not kept free\n", range);
		kfree(kept);
	}
}

static void mint_pci_let_go_one(unsigned int i)
{
	struct resource bars[PCI_STD_NUM_BARS];
	struct pci_dev *dev = frozen[i];
	unsigned int bar;

	frozen[i] = NULL;
	if (!dev)
		return;
	mint_pci_open_bridges(dev);
	clear_bit(i, own);	/* its configuration space is out of reach now */
	memcpy(bars, dev->resource, sizeof(bars));
	pci_stop_and_remove_bus_device_locked(dev);
	pci_dev_put(dev);
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		if (bars[bar].parent)
			mint_pci_keep_range(bars[bar].parent, &bars[bar]);
}

static int mint_pci_wanted(const struct mint_ioc_create *want, unsigned int n)
{
	return mint_pci_find(want->functions[n] >> 16, want->functions[n] & 0xffff);
}

/**
 * mint_pci_freeze() - prepare those of the wanted functions that are ours
 * @want: what a new node wants
 *
 * No driver can be bound to them, until mint_pci_thaw() or mint_pci_let_go() is
 * called. One caller at a time.
 *
 * Return: 0, -EBUSY if a driver is bound, -ENODEV if one was removed here.
 */
int mint_pci_freeze(const struct mint_ioc_create *want)
{
	unsigned int n;
	int i, err = 0;

	for (n = 0; n < want->nr_functions && !err; n++) {
		i = mint_pci_wanted(want, n);
		if (i >= 0 && test_bit(i, own) && !frozen[i] &&
		    !(functions[i].flags & MINT_PCI_BRIDGE))
			err = mint_pci_freeze_one(i);
	}
	if (err)
		mint_pci_thaw(want);
	return err;
}

/**
 * mint_pci_thaw() - the functions stay ours
 * @want: as given to mint_pci_freeze()
 */
void mint_pci_thaw(const struct mint_ioc_create *want)
{
	unsigned int n;
	int i;

	for (n = 0; n < want->nr_functions; n++) {
		i = mint_pci_wanted(want, n);
		if (i >= 0)
			mint_pci_thaw_one(i);
	}
}

/**
 * mint_pci_let_go() - the functions have another owner: forget them
 * @want: as given to mint_pci_freeze()
 */
void mint_pci_let_go(const struct mint_ioc_create *want)
{
	unsigned int n;
	int i;

	for (n = 0; n < want->nr_functions; n++) {
		i = mint_pci_wanted(want, n);
		if (i >= 0)
			mint_pci_let_go_one(i);
	}
}

/**
 * mint_pci_check() - can these functions be claimed?
 * @want: what a new node wants
 *
 * Caller holds the ledger. Return: 0. -EINVAL if one is named twice, -ENODEV if
 * there is none, -EPERM for a bridge, -EBUSY if it has an owner that does not
 * give it away.
 */
int mint_pci_check(const struct mint_ioc_create *want)
{
	unsigned int n, before;
	int i;

	if (want->nr_functions && mint_pci_window_lost())
		return -ENODEV;
	for (n = 0; n < want->nr_functions; n++) {
		for (before = 0; before < n; before++)
			if (want->functions[before] == want->functions[n])
				return -EINVAL;
		i = mint_pci_wanted(want, n);
		if (i < 0)
			return i;
		if (functions[i].flags & MINT_PCI_BRIDGE)
			return -EPERM;
		if (mint_pci_owner(i) != MINT_OWNER_NONE && !frozen[i])
			return -EBUSY;
	}
	return 0;
}

/**
 * mint_pci_claim() - enter the owner of functions that were checked
 * @node: node id of their new owner
 * @want: what mint_pci_check() has checked
 *
 * Caller holds the ledger, since that check.
 */
void mint_pci_claim(u32 node, const struct mint_ioc_create *want)
{
	unsigned int n;

	for (n = 0; n < want->nr_functions; n++)
		mint_pci_set_owner(mint_pci_wanted(want, n), node);
}

/**
 * mint_pci_fence() - keep the functions of a node from memory and interrupts
 * @node: node id of a node whose CPUs are stopped
 *
 * Bridges are left alone, since functions of other nodes may lie behind them. A
 * function that is reset takes 100 ms. Context: may sleep.
 */
void mint_pci_fence(u32 node)
{
	unsigned int i;

	for (i = 0; i < nr_functions; i++)
		if (mint_pci_owner(i) == node && !test_bit(i, own) &&
		    !(functions[i].flags & MINT_PCI_BRIDGE))
			mint_pci_silence(ecam.base + ((u64)functions[i].function << 12),
					 functions[i].vendor);
}

/**
 * mint_pci_given_away() - are there functions that node 0 had and has no more?
 *
 * For node 0.
 */
bool mint_pci_given_away(void)
{
	return bitmap_weight(own, MINT_MAX_PCI) < nr_functions;
}

static void __init mint_pci_withhold(u16 function)
{
	int i = mint_pci_find(0, function), err = i;

	if (i >= 0)
		err = functions[i].flags & MINT_PCI_BRIDGE ? -EPERM : mint_pci_freeze_one(i);
	if (!err)
		err = mint_ledger_lock();
	if (!err) {
		mint_pci_set_owner(i, MINT_OWNER_NONE);
		mint_ledger_unlock();
		mint_pci_let_go_one(i);
		return;
	}
	if (i >= 0)
		mint_pci_thaw_one(i);
	pr_warn("nodevices: %02x:%02x.%u stays with this node (%d)\n",
		PCI_BUS_NUM(function), PCI_SLOT(function), PCI_FUNC(function), err);
}

/* After BARs have got their addresses, before drivers look for devices. */
static int __init mint_pci_publish(void)
{
	struct mint_ledger *ledger = mint_region.ledger;
	unsigned int i;

	if (!mint_active() || mint_secondary())
		return 0;
	if (mint_pci_window(&ecam)) {
		mint_pci_add_functions();
		ledger->ecam_base = ecam.base;
		ledger->ecam_first_bus = ecam.first_bus;
		ledger->ecam_last_bus = ecam.last_bus;
		memcpy(ledger->pci, functions, sizeof(functions));
		/* Pairs with the acquire in mint_pci_attach() of other nodes. */
		mint_store_release(&ledger->nr_pci, nr_functions);
	} else {
		pr_warn("no PCI configuration space in memory (ECAM): devices stay with node 0\n");
	}
	for (i = 0; i < mint_machine.nr_withheld; i++)
		mint_pci_withhold(mint_machine.withheld[i]);
	return 0;
}
fs_initcall_sync(mint_pci_publish);
