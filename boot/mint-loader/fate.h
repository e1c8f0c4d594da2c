/* SPDX-License-Identifier: GPL-2.0 */
/* What became of a start that has not come as far as it should. */
#ifndef MINT_LOADER_FATE_H
#define MINT_LOADER_FATE_H

struct config;
struct node_view;
struct region;

int fate_ended(const struct region *region, const struct node_view *node,
	       const struct config *config);
int fate_late(const struct region *region, const struct node_view *node, unsigned int timeout_s);

#endif /* MINT_LOADER_FATE_H */
