// SPDX-License-Identifier: GPL-2.0
/*
 * A trial of what the ABI does not have: frames of up to 92 B that travel in
 * the ring, 28 B in the descriptor's line and the rest in the one after it, so
 * that a small frame needs no buffer. Lock, publication and head as in ring.c.
 */
#include "node.h"
#include "ring_priv.h"

#define HEAD_BYTES	28
#define TAIL_BYTES	64
#define SLOTS		512

struct wide_slot {
	alignas(LINE) __u64 words[4];
	__u32 tsc;
	char head[HEAD_BYTES];
	alignas(LINE) char tail[TAIL_BYTES];
};

static_assert(sizeof(struct wide_slot) == 2 * LINE);

struct wide_ring {
	alignas(LINE) struct mint_lock lock;
	alignas(LINE) __u32 tail;
	alignas(LINE) __u32 head;
	alignas(LINE) __u64 armed;
	alignas(4096) struct wide_slot slots[SLOTS];
};

static struct wide_ring *ring;

static void inline_setup(struct bench *b)
{
	REQUIRE(b->bytes > HEAD_BYTES && b->bytes <= HEAD_BYTES + TAIL_BYTES);
	nodes_setup(b);
	ring = (void *)(b->memory + b->memory_bytes - sizeof(*ring));
	memset(ring, 0, sizeof(*ring));
}

static void slot_put(struct bench *b, __u32 position, __u64 sent)
{
	struct wide_slot *slot = &ring->slots[position % SLOTS];

	if (b->check)
		memset(b->source, (int)(sent * 31 + 7) & 0xff, b->bytes);
	mint_store(&slot->words[1], vni_slot_from(SENDER, 0, GENERATION));
	mint_store(&slot->words[2], 0ULL);
	mint_store(&slot->words[3], 0ULL);
	mint_store(&slot->tsc, 0U);
	copy_bytes(slot->head, b->source, HEAD_BYTES);
	copy_bytes(slot->tail, b->source + HEAD_BYTES, b->bytes - HEAD_BYTES);
}

static void batch_put(struct bench *b, __u32 tail, __u32 n, __u64 sent)
{
	__u32 i;

	for (i = 0; i < n; i++) {
		mint_store(&ring->slots[(tail + i) % SLOTS].words[1], 0ULL);
		mint_store((__u64 *)ring->slots[(tail + i) % SLOTS].tail, 0ULL);
	}
	for (i = 0; i < n; i++)
		slot_put(b, tail + i, sent + i);
	for (i = 0; i < n; i++)
		mint_store_release(&ring->slots[(tail + i) % SLOTS].words[0],
				   vni_slot_word(tail + i, 0, b->bytes, 0));
	mint_store_release(&ring->tail, tail + n);
}

static void inline_send(struct bench *b)
{
	struct vni_port *port = &nodes[SENDER].port;
	__u32 tail = 0, head = 0;

	while (tail < b->frames) {
		while (tail + b->batch - head > SLOTS)
			head = mint_load_acquire(&ring->head);
		REQUIRE(vni_lock(port, &ring->lock, 0) == MINT_LOCK_TAKEN);
		batch_put(b, tail, b->batch, tail);
		vni_unlock(port, &ring->lock, 0);
		tail += b->batch;
		mint_mb();
		REQUIRE(!mint_load(&ring->armed));
	}
}

/* Take a frame out of its slot: zero if it is not there yet. */
static int slot_take(struct bench *b, __u32 position)
{
	struct wide_slot *slot = &ring->slots[position % SLOTS];
	__u64 word = mint_load_acquire(&slot->words[0]);
	char frame[HEAD_BYTES + TAIL_BYTES];
	__u32 length;

	if (!vni_word_fills(word, position))
		return 0;
	length = (word >> 24) & 0xfffff;
	REQUIRE(length > HEAD_BYTES && length <= sizeof(frame));
	REQUIRE(mint_load(&slot->words[1]) == vni_slot_from(SENDER, 0, GENERATION));
	copy_bytes(frame, slot->head, HEAD_BYTES);
	copy_bytes(frame + HEAD_BYTES, slot->tail, length - HEAD_BYTES);
	if (b->check)
		frame_out(b, frame, length, position);
	return 1;
}

static void inline_receive(struct bench *b)
{
	__u32 head = 0, n;

	while (b->received < b->frames) {
		for (n = 0; n < POLL_BUDGET && slot_take(b, head); n++)
			head++;
		if (n)
			mint_store_release(&ring->head, head);
		mint_mb();
		count_received(b, n);
	}
}

const struct scheme inline_scheme = {
	.name = "inline",
	.setup = inline_setup,
	.send = inline_send,
	.receive = inline_receive,
};
