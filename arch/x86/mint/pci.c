// SPDX-License-Identifier: GPL-2.0
/*
 * PCI on a node: the configuration space is reached through memory (ECAM)
 * only, since the ports CF8/CFC exist once, and functions of other nodes are
 * hidden. A started node scans no bus: it looks at its own functions one by
 * one, and takes their BARs as they are. Who owns what: drivers/mint/pci.c.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/delay.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/syscore_ops.h>
#include <asm/mint.h>
#include <asm/pci_x86.h>
#include <asm/x86_init.h>
#include "local.h"

#define MAX_CAPABILITIES	48	/* as many as fit; a longer chain is a loop */

/* Clears the interrupt pin: wired interrupts go to the IO-APIC of node 0. */
static u32 mint_pci_without_pin(int reg, int len, u32 value)
{
	if (reg <= PCI_INTERRUPT_PIN && PCI_INTERRUPT_PIN < reg + len)
		value &= ~(0xffU << 8 * (PCI_INTERRUPT_PIN - reg));
	return value;
}

/* Registered before pci_arch_init(), the first to need it. */
static struct mint_pci_owners owners __ro_after_init;

/**
 * mint_pci_register() - say who knows the owners of PCI functions
 * @known: copied; but for @hidden used while the kernel boots only
 */
void __init mint_pci_register(const struct mint_pci_owners *known)
{
	owners = *known;
}

static int mint_pci_own_read(unsigned int segment, unsigned int bus, unsigned int devfn,
			     int reg, int len, u32 *value)
{
	int err;

	if (owners.hidden(segment, PCI_DEVID(bus, devfn))) {
		*value = ~0U >> (32 - 8 * len);	/* as if nobody answered */
		return 0;
	}
	err = pci_mmcfg.read(segment, bus, devfn, reg, len, value);
	if (mint_secondary())
		*value = mint_pci_without_pin(reg, len, *value);
	return err;
}

static int mint_pci_own_write(unsigned int segment, unsigned int bus, unsigned int devfn,
			      int reg, int len, u32 value)
{
	if (owners.hidden(segment, PCI_DEVID(bus, devfn)))
		return 0;
	return pci_mmcfg.write(segment, bus, devfn, reg, len, value);
}

static const struct pci_raw_ops own_functions = {
	.read = mint_pci_own_read,
	.write = mint_pci_own_write,
};

/*
 * From here on node 0 reaches all functions through memory. Whoever reads one of the
 * two words meanwhile, finds something that works.
 */
static bool __init mint_pci_leave_ports(void)
{
	if (raw_pci_ext_ops != &pci_mmcfg)
		return false;
	raw_pci_ops = &own_functions;
	raw_pci_ext_ops = &own_functions;
	return true;
}

/* As pci_arch_init() asks: 0 = done, else it goes on with the ports. */
static int __init mint_pci_node0_arch_init(void)
{
	if (!mint_pci_leave_ports())
		return 1;
	dmi_check_pciprobe();
	dmi_check_skip_isa_align();
	return 0;
}

static int __init mint_pci_secondary_arch_init(void)
{
	struct mint_ecam ecam;

	pcibios_last_bus = -1;	/* no search for further buses */
	if (owners.attach(&ecam) &&
	    pci_mmconfig_add(0, ecam.first_bus, ecam.last_bus, ecam.base) &&
	    pci_mmcfg_arch_init())
		raw_pci_ext_ops = &own_functions;
	return 0;
}

/*
 * Makes a window of just this BAR. The kernel has no other windows, so it can
 * never move a BAR over one of another node.
 */
static void __init mint_pci_keep_bar(struct pci_dev *dev, struct resource *bar)
{
	bool io = bar->flags & IORESOURCE_IO;
	struct resource *window;

	if (!bar->flags)
		return;
	window = kzalloc(sizeof(*window), GFP_KERNEL);
	if (window) {
		window->name = "mint";
		window->start = bar->start;
		window->end = bar->end;
		window->flags = bar->flags & (IORESOURCE_TYPE_BITS |
					      IORESOURCE_PREFETCH |
					      IORESOURCE_MEM_64);
		if (bar->start &&
		    !request_resource(io ? &ioport_resource : &iomem_resource, window)) {
			pci_bus_add_resource(dev->bus, window, 0);
			return;
		}
		kfree(window);
	}
	pci_warn(dev, "mint: %pR cannot be used\n", bar);
	bar->flags = 0;
}

static struct pci_bus *__init mint_pci_add_bus(u8 number)
{
	struct pci_sysdata *sysdata = kzalloc(sizeof(*sysdata), GFP_KERNEL);
	LIST_HEAD(no_windows);
	struct pci_bus *bus;

	if (!sysdata)
		return NULL;
	sysdata->node = NUMA_NO_NODE;
	bus = pci_create_root_bus(NULL, number, &pci_root_ops, sysdata, &no_windows);
	if (bus)
		pci_bus_insert_busn_res(bus, number, number);
	else
		kfree(sysdata);
	return bus;
}

static void __init mint_pci_scan_function(u16 function)
{
	struct pci_bus *bus = pci_find_bus(0, PCI_BUS_NUM(function));
	struct pci_dev *dev = NULL;
	unsigned int i;

	if (!bus)
		bus = mint_pci_add_bus(PCI_BUS_NUM(function));
	if (bus)
		dev = pci_scan_single_device(bus, function & 0xff);
	if (!dev) {
		pr_warn("PCI function %02x:%02x.%u does not answer\n",
			PCI_BUS_NUM(function), PCI_SLOT(function), PCI_FUNC(function));
		return;
	}
	/* They would need windows, and an owner in the ledger each. */
	if (pci_sriov_get_totalvfs(dev) && !pci_sriov_set_totalvfs(dev, 0))
		pci_info(dev, "mint: no virtual functions on a started node; node 0 can have them\n");
	dev->resource[PCI_ROM_RESOURCE].flags = 0;
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		mint_pci_keep_bar(dev, &dev->resource[i]);
}

/* Every bus is a root here: the bridges above it are node 0's. */
static int __init mint_pci_secondary_scan(void)
{
	struct pci_bus *bus;
	u16 function;
	int at = -1;

	while ((at = owners.next_own(at, &function)) >= 0)
		mint_pci_scan_function(function);
	list_for_each_entry(bus, &pci_root_buses, node)
		pci_bus_add_devices(bus);
	return 0;
}

/**
 * mint_pci_take_platform() - replace the hooks of the PCI code
 *
 * Called once, early, on every node.
 */
void __init mint_pci_take_platform(void)
{
	if (!mint_secondary()) {
		x86_init.pci.arch_init = mint_pci_node0_arch_init;
		return;
	}
	/* Whatever pci= said: no ports, not even early. */
	pci_probe = PCI_PROBE_MMCONF | PCI_PROBE_NOEARLY;
	x86_init.pci.arch_init = mint_pci_secondary_arch_init;
	x86_init.pci.init = mint_pci_secondary_scan;
	x86_init.pci.init_irq = x86_init_noop;
}

/* Vendor and device id of the function that node 0 found at 00:00.0 */
static u32 first_function __ro_after_init;
static bool window_lost;

static u32 mint_pci_read_first_function(void)
{
	u32 value = 0;

	pci_mmcfg.read(0, 0, 0, PCI_VENDOR_ID, 4, &value);
	return value;
}

/* Before any device wakes up. */
static void mint_pci_resume(void *unused)
{
	if (window_lost || mint_pci_read_first_function() == first_function)
		return;
	window_lost = true;
	raw_pci_ops = &pci_direct_conf1;
	raw_pci_ext_ops = NULL;
	pr_warn("the firmware came back without ECAM: no devices for nodes until the machine boots\n");
}

static const struct syscore_ops resume_ops = {
	.resume = mint_pci_resume,
};

static struct syscore resume_call = {
	.ops = &resume_ops,
};

/**
 * mint_pci_window_lost() - is the configuration space gone that was in memory?
 *
 * Node 0, which has suspended the machine, goes on by the ports then. The others
 * cannot; but none has a function, or node 0 could not have suspended it.
 */
bool mint_pci_window_lost(void)
{
	return window_lost;
}

/**
 * mint_pci_window() - where node 0 found the configuration space
 * @ecam: filled in
 *
 * Where only a device of ACPI says that the window is reserved, as on many machines
 * with UEFI, the kernel has used the ports until it knew those. It leaves them now,
 * before any other node can be started.
 *
 * Return: false if the machine has none, or if the kernel uses the ports.
 */
bool __init mint_pci_window(struct mint_ecam *ecam)
{
	struct pci_mmcfg_region *region = pci_mmconfig_lookup(0, 0);

	mint_pci_leave_ports();
	if (raw_pci_ext_ops != &own_functions || !region)
		return false;
	first_function = mint_pci_read_first_function();
	register_syscore(&resume_call);
	ecam->base = region->address;
	ecam->first_bus = region->start_bus;
	ecam->last_bus = region->end_bus;
	return true;
}

static void mint_pci_disable_msi(void __iomem *config, u8 at, u16 enable)
{
	u16 flags = mmio_config_readw(config + at + PCI_MSI_FLAGS);

	mmio_config_writew(config + at + PCI_MSI_FLAGS, flags & ~enable);
}

/* Resets a function by FLR, if it has that, and gives it its BARs back. */
static void mint_pci_reset(void __iomem *config, u8 express)
{
	u32 bars[PCI_STD_NUM_BARS];
	unsigned int i;
	u16 control;

	if (!(mmio_config_readl(config + express + PCI_EXP_DEVCAP) &
	      PCI_EXP_DEVCAP_FLR))
		return;
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		bars[i] = mmio_config_readl(config + PCI_BASE_ADDRESS_0 + 4 * i);
	control = mmio_config_readw(config + express + PCI_EXP_DEVCTL);
	mmio_config_writew(config + express + PCI_EXP_DEVCTL,
			   control | PCI_EXP_DEVCTL_BCR_FLR);
	msleep(100);	/* what the standard gives it */
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		mmio_config_writel(config + PCI_BASE_ADDRESS_0 + 4 * i, bars[i]);
	mmio_config_writew(config + PCI_COMMAND, PCI_COMMAND_INTX_DISABLE);
}

static void mint_pci_silence_capabilities(void __iomem *config)
{
	u8 at = mmio_config_readb(config + PCI_CAPABILITY_LIST) & ~3, express = 0;
	unsigned int i;

	for (i = 0; i < MAX_CAPABILITIES && at >= PCI_STD_HEADER_SIZEOF; i++) {
		u16 head = mmio_config_readw(config + at);

		if ((head & 0xff) == PCI_CAP_ID_MSI)
			mint_pci_disable_msi(config, at, PCI_MSI_FLAGS_ENABLE);
		if ((head & 0xff) == PCI_CAP_ID_MSIX)
			mint_pci_disable_msi(config, at, PCI_MSIX_FLAGS_ENABLE);
		if ((head & 0xff) == PCI_CAP_ID_EXP)
			express = at;
		at = head >> 8 & ~3;
	}
	if (express)
		mint_pci_reset(config, express);
}

/**
 * mint_pci_silence() - keep a function from memory and interrupts
 * @phys: physical address of its configuration space
 * @vendor: its vendor id; if another one is there, the function is gone
 *
 * Resets it if it can be reset, which takes 100 ms. For functions of fenced nodes,
 * which no driver uses.
 *
 * Context: may sleep.
 */
void mint_pci_silence(phys_addr_t phys, u16 vendor)
{
	void __iomem *config = ioremap(phys, PCI_CFG_SPACE_EXP_SIZE);
	u16 command;

	if (!config)
		return;
	if (mmio_config_readw(config + PCI_VENDOR_ID) == vendor) {
		/* A wired interrupt would come in at another node's IO-APIC. */
		command = mmio_config_readw(config + PCI_COMMAND);
		command = (command & ~PCI_COMMAND_MASTER) | PCI_COMMAND_INTX_DISABLE;
		mmio_config_writew(config + PCI_COMMAND, command);
		/* The answer comes behind what the function has sent before. */
		command = mmio_config_readw(config + PCI_STATUS);
		if (command & PCI_STATUS_CAP_LIST)
			mint_pci_silence_capabilities(config);
	}
	iounmap(config);
}
