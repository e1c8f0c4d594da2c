// SPDX-License-Identifier: GPL-2.0
/*
 * DPDK's rte_ring, one producer and one consumer, in bulks: once with
 * pointers, as it is mostly used, once with descriptors of a cache line.
 *
 * Its operations are inline functions; the ring is filled in as
 * rte_ring_init() does it, which stands in a library that wants all of EAL.
 */
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "bench.h"

#define BULK_MAX	32

struct line {
	__u64 word;
	__u64 rest[7];
};

static void ring_init(struct bench *b)
{
	struct rte_ring *r = (void *)b->memory;

	memset(r, 0, sizeof(*r));
	r->flags = RING_F_SP_ENQ | RING_F_SC_DEQ;
	r->prod.sync_type = RTE_RING_SYNC_ST;
	r->cons.sync_type = RTE_RING_SYNC_ST;
	r->size = b->slots;
	r->mask = b->slots - 1;
	r->capacity = b->slots - 1;
}

static void dpdk_send(struct bench *b)
{
	struct rte_ring *r = (void *)b->memory;
	void *bulk[BULK_MAX];
	__u64 sent;
	__u32 i;

	for (sent = 0; sent < b->frames; sent += b->batch) {
		for (i = 0; i < b->batch; i++)
			bulk[i] = (void *)(uintptr_t)(sent + i);
		while (!rte_ring_sp_enqueue_bulk(r, bulk, b->batch, NULL))
			__builtin_ia32_pause();
	}
}

static void dpdk_receive(struct bench *b)
{
	struct rte_ring *r = (void *)b->memory;
	void *bulk[BULK_MAX];
	__u32 got, i;

	while (b->received < b->frames) {
		got = rte_ring_sc_dequeue_bulk(r, bulk, b->batch, NULL);
		for (i = 0; i < got; i++)
			REQUIRE((uintptr_t)bulk[i] == b->received + i);
		count_received(b, got);
	}
}

static void dpdk_lines_send(struct bench *b)
{
	struct rte_ring *r = (void *)b->memory;
	struct line bulk[BULK_MAX] = { 0 };
	__u64 sent;
	__u32 i;

	for (sent = 0; sent < b->frames; sent += b->batch) {
		for (i = 0; i < b->batch; i++)
			bulk[i].word = sent + i;
		while (!rte_ring_sp_enqueue_bulk_elem(r, bulk, sizeof(*bulk),
						      b->batch, NULL))
			__builtin_ia32_pause();
	}
}

static void dpdk_lines_receive(struct bench *b)
{
	struct rte_ring *r = (void *)b->memory;
	struct line bulk[BULK_MAX];
	__u32 got, i;

	while (b->received < b->frames) {
		got = rte_ring_sc_dequeue_bulk_elem(r, bulk, sizeof(*bulk),
						    b->batch, NULL);
		for (i = 0; i < got; i++)
			REQUIRE(bulk[i].word == b->received + i);
		count_received(b, got);
	}
}

const struct scheme dpdk_scheme = {
	.name = "dpdk",
	.setup = ring_init,
	.send = dpdk_send,
	.receive = dpdk_receive,
};

const struct scheme dpdk_lines_scheme = {
	.name = "dpdk-lines",
	.setup = ring_init,
	.send = dpdk_lines_send,
	.receive = dpdk_lines_receive,
};
