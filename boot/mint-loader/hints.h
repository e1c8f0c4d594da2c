/* SPDX-License-Identifier: GPL-2.0 */
/* What can be known of a start that was not reported. */
#ifndef MINT_LOADER_HINTS_H
#define MINT_LOADER_HINTS_H

#include <mint/abi.h>

struct node_view;
struct region;

/**
 * struct launch - what of a start matters if nothing is heard of it
 * @cmdline: the kernel's command line
 * @nr_extents: entries of @extents
 * @extents: the node's RAM
 */
struct launch {
	const char *cmdline;
	unsigned int nr_extents;
	const struct mint_extent *extents;
};

int hint_no_report(const struct region *region, const struct node_view *node,
		   const struct launch *start, unsigned int timeout_s);

#endif /* MINT_LOADER_HINTS_H */
