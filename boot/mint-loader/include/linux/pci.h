/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The number of a PCI function.
 */
#ifndef MINT_LOADER_LINUX_PCI_H
#define MINT_LOADER_LINUX_PCI_H

#define PCI_DEVFN(device, function)	((device) << 3 | (function))
#define PCI_DEVID(bus, devfn)		((bus) << 8 | (devfn))

#endif /* MINT_LOADER_LINUX_PCI_H */
