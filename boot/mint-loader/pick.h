/* SPDX-License-Identifier: GPL-2.0 */
/* What a new node could have. */
#ifndef MINT_LOADER_PICK_H
#define MINT_LOADER_PICK_H

#include <mint/abi.h>

struct tables;

int pick_cpus(const struct tables *tables, unsigned int nr, __u64 *cpus);
int pick_kernel(const char *dir, char **path);

#endif /* MINT_LOADER_PICK_H */
