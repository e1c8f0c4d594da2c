// SPDX-License-Identifier: GPL-2.0
/*
 * One pool for all destinations against buffers of each destination's own, on
 * ring.c in both cases and with about as many buffers in sum.
 *
 * "split" gives each destination a section of its own, so its own pool. Each
 * batch goes to one destination; every second one to the same.
 */
#include "layouts.h"

struct way ways[DESTINATIONS];
static struct node senders[DESTINATIONS];

static void way_join(struct way *way, struct node *sender, void *section,
		     size_t bytes, __u32 id)
{
	memset(way, 0, sizeof(*way));
	way->port = &sender->port;
	way->cache = &sender->cache;
	way->ring = id;
	node_attach(&way->receiver, section, bytes, id);
}

/* Leave a sender as many buffers as it is to have, by keeping the others. */
static void keep_surplus(struct node *sender, __u32 buffers)
{
	__u32 n = sender->port.geometry.classes[VNI_CLASS_SMALL].count;

	REQUIRE(n >= buffers);
	for (; n > buffers; n--)
		REQUIRE(vni_buf_alloc(&sender->port, &sender->cache,
				      VNI_CLASS_SMALL) != VNI_NO_BUF);
}

static void shared_setup(struct bench *b)
{
	__u32 i;

	REQUIRE(!vni_section_format(b->memory, b->memory_bytes,
				    1 + DESTINATIONS, 1, b->slots));
	node_attach(&senders[0], b->memory, b->memory_bytes, 0);
	keep_surplus(&senders[0], BUFFERS);
	for (i = 0; i < DESTINATIONS; i++)
		way_join(&ways[i], &senders[0], b->memory, b->memory_bytes, 1 + i);
}

static void split_setup(struct bench *b)
{
	size_t bytes = b->memory_bytes / DESTINATIONS;
	__u32 i;

	for (i = 0; i < DESTINATIONS; i++) {
		char *section = b->memory + i * bytes;

		REQUIRE(!vni_section_format(section, bytes, 2, 1, b->slots));
		node_attach(&senders[i], section, bytes, 0);
		keep_surplus(&senders[i], BUFFERS / DESTINATIONS);
		way_join(&ways[i], &senders[i], section, bytes, 1);
	}
}

/* Up to @n frames for a destination; fewer when it has no buffers. */
unsigned int way_fill(struct bench *b, struct way *way,
		      struct vni_frame *frames, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		memset(&frames[i], 0, sizeof(frames[i]));
		frames[i].length = b->bytes;
		frames[i].handle = vni_buf_alloc(way->port, way->cache,
						 VNI_CLASS_SMALL);
		if (frames[i].handle == VNI_NO_BUF)
			break;
		frame_in(b, vni_buf_data(way->port, frames[i].handle),
			 way->sent++);
	}
	return i;
}

/* Post all of them; the ring has more slots than there are buffers. */
void way_post(struct way *way, const struct vni_frame *frames, unsigned int n)
{
	unsigned int done = 0;

	while (done < n) {
		int posted = vni_ring_post(way->port, 0, way->ring, GENERATION,
					   frames + done, n - done);

		REQUIRE(posted >= 0);
		done += posted;
		vni_ring_needs_kick(way->port, way->ring);
	}
}

static void layouts_send(struct bench *b)
{
	struct vni_frame frames[VNI_BATCH];
	__u64 sent = 0, turn;

	for (turn = 0; sent < b->frames; turn++) {
		struct way *way = &ways[turn & 1 ? turn / 2 % DESTINATIONS : 0];
		__u64 left = b->frames - sent;
		unsigned int n;

		n = way_fill(b, way, frames, left < b->batch ? left : b->batch);
		if (!n)
			__builtin_ia32_pause();
		way_post(way, frames, n);
		sent += n;
	}
}

/* One poll of a receiver; how many frames did it bring? */
unsigned int way_drain(struct bench *b, struct way *way)
{
	struct node *me = &way->receiver;
	struct vni_frame frame;
	unsigned int n;

	for (n = 0; n < POLL_BUDGET; n++) {
		int got = vni_ring_take(&me->port, 0, &frame);

		if (!got)
			break;
		REQUIRE(got == 1);
		frame_out(b, vni_buf_data(&me->port, frame.handle),
			  frame.length, way->expected++);
		vni_buf_free(&me->port, &me->cache, frame.handle);
	}
	vni_ring_release(&me->port, 0);
	return n;
}

static void layouts_receive(struct bench *b)
{
	while (b->received < b->frames) {
		unsigned int i, n = 0;

		for (i = 0; i < DESTINATIONS; i++)
			n += way_drain(b, &ways[i]);
		count_received(b, n);
	}
}

const struct scheme shared_scheme = {
	.name = "shared",
	.setup = shared_setup,
	.send = layouts_send,
	.receive = layouts_receive,
};

const struct scheme split_scheme = {
	.name = "split",
	.setup = split_setup,
	.send = layouts_send,
	.receive = layouts_receive,
};
