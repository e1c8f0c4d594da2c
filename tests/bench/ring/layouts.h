/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Destinations whose buffers come from one pool, or each from its own.
 */
#ifndef RING_BENCH_LAYOUTS_H
#define RING_BENCH_LAYOUTS_H

#include "node.h"

#define DESTINATIONS	8
#define BUFFERS		(DESTINATIONS * 400)	/* in sum, in both layouts */

struct way {
	struct vni_port *port;		/* the sender's */
	struct vni_cache *cache;
	__u32 ring;
	struct node receiver;
	__u64 expected;
	__u64 sent;
};

extern struct way ways[DESTINATIONS];

unsigned int way_fill(struct bench *b, struct way *way,
		      struct vni_frame *frames, unsigned int n);
void way_post(struct way *way, const struct vni_frame *frames, unsigned int n);
unsigned int way_drain(struct bench *b, struct way *way);

#endif /* RING_BENCH_LAYOUTS_H */
