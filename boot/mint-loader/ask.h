/* SPDX-License-Identifier: GPL-2.0 */
/* Asks the other nodes for what they can tell of themselves. */
#ifndef MINT_LOADER_ASK_H
#define MINT_LOADER_ASK_H

#include <stdbool.h>
#include "figures.h"

struct region;
struct tables;

/**
 * struct answer - what came of a node
 * @fresh: @figures came in the last round
 * @generation: the start of the node that they are of
 * @figures: what it tells of itself
 * @why: why nothing came in the last round, safe to print
 */
struct answer {
	bool fresh;
	__u32 generation;
	struct figures figures;
	char why[256];
};

void ask_all(const struct region *region, const struct tables *tables, struct answer *answers,
	     unsigned int limit_ms);

#endif /* MINT_LOADER_ASK_H */
