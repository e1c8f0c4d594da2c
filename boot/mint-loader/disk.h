/* SPDX-License-Identifier: GPL-2.0 */
/* The disks of a PCI function, as this kernel sees them. */
#ifndef MINT_LOADER_DISK_H
#define MINT_LOADER_DISK_H

#include <stdbool.h>
#include <stddef.h>

bool disk_in_use(const char *function, char *what, size_t room);
bool disk_of(const char *function, char *name, size_t room);

#endif /* MINT_LOADER_DISK_H */
