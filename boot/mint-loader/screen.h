/* SPDX-License-Identifier: GPL-2.0 */
/* The nodes and what they do, as text for people. */
#ifndef MINT_LOADER_SCREEN_H
#define MINT_LOADER_SCREEN_H

#include <stdio.h>
#include <mint/abi.h>

struct figures;
struct node_view;
struct rates;

/**
 * struct row - what there is to say of a node
 * @node: the node
 * @cpus: how many it owns
 * @memory_bytes: how much it owns
 * @figures: what it tells of itself; or NULL
 * @rates: since the last time that it did; or NULL
 * @why: why there is no @figures, or an empty string
 */
struct row {
	const struct node_view *node;
	unsigned int cpus;
	__u64 memory_bytes;
	const struct figures *figures;
	const struct rates *rates;
	const char *why;
};

void screen_print(FILE *to, const char *when, const struct row *rows, unsigned int nr);

#endif /* MINT_LOADER_SCREEN_H */
