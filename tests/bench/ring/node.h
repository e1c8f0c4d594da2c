/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two nodes on one section, as the schemes that use ring.c need them.
 */
#ifndef RING_BENCH_NODE_H
#define RING_BENCH_NODE_H

#include "bench.h"
#include "recover.h"
#include "ring.h"

#define SENDER		0
#define RECEIVER	1
#define GENERATION	1

struct node {
	alignas(4096) struct vni_port port;
	struct vni_cache cache;
};

extern struct node nodes[2];

void nodes_setup(struct bench *b);
void node_attach(struct node *node, void *section, size_t bytes, __u32 id);
void post_batch(const struct vni_frame *frames, unsigned int n);

#endif /* RING_BENCH_NODE_H */
