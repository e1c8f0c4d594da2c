/* SPDX-License-Identifier: GPL-2.0 */
/* What can be known of a start that was not reported. */
#ifndef MINT_LOADER_UNREPORTED_H
#define MINT_LOADER_UNREPORTED_H

struct node_view;
struct region;

int unreported_failed(const struct region *region, const struct node_view *node,
		      unsigned int timeout_s);

#endif /* MINT_LOADER_UNREPORTED_H */
