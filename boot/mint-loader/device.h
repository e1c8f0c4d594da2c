/* SPDX-License-Identifier: GPL-2.0 */
/* Calls of the device that name a node. */
#ifndef MINT_LOADER_DEVICE_H
#define MINT_LOADER_DEVICE_H

#include <mint/abi.h>

struct node_view;
struct region;

void device_block_signals(void);
int device_call(const struct region *region, unsigned long call, const struct node_view *node,
		__u32 *generation);
int device_failed(const struct node_view *node, int error);

#endif /* MINT_LOADER_DEVICE_H */
