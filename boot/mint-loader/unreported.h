/* SPDX-License-Identifier: GPL-2.0 */
/* What can be known of a start that was not reported. */
#ifndef MINT_LOADER_UNREPORTED_H
#define MINT_LOADER_UNREPORTED_H

#include <mint/abi.h>

struct node_view;
struct region;

/**
 * struct unreported - a start from which no report has come
 * @region: the region
 * @node: the node as it is now
 * @cmdline: the kernel's command line
 * @nr_extents: entries of @extents
 * @extents: the node's RAM
 * @timeout_s: how long the report was waited for
 */
struct unreported {
	const struct region *region;
	const struct node_view *node;
	const char *cmdline;
	unsigned int nr_extents;
	const struct mint_extent *extents;
	unsigned int timeout_s;
};

int unreported_failed(const struct unreported *start);

#endif /* MINT_LOADER_UNREPORTED_H */
