// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: any contents of the section, changed between any two
 * operations.
 *
 * The input is a program. Its first byte chooses the section and how it starts:
 * formatted, or formatted and then overwritten by the input. Each step after
 * that pokes a word or has one of two nodes do something. What comes out of
 * the functions under test is used as a driver would use it, so that
 * AddressSanitizer sees a handle or length that leads outside.
 */
#include <string.h>

#include "input.h"
#include "ringtest.h"

#define NODES		3
#define SLOTS		8
/* Without huge buffers, and with one. */
#define SECTION_BYTES	(352 * 1024)
#define HUGE_SECTION_BYTES	(1064 * 1024)
#define MAX_STEPS	400
#define MAX_MINE	64

struct player {
	struct node node;
	__u32 mine[MAX_MINE];
	unsigned int nr_mine;
	int attached;
};

static struct fences fences;
static __u8 *sections[2];
static __u8 *section;
static size_t section_bytes;
static size_t meta_bytes;

/* Change a word among header, rings, states and lists. */
static void poke(struct input *in)
{
	__u64 *word = (__u64 *)section + input_eat(in, 2) % (meta_bytes / 8);
	__u32 kind = input_eat(in, 1);

	if (kind < 64)
		*word ^= 1ULL << kind;
	else if (kind < 128)
		*word += (signed char)input_eat(in, 1);
	else if (kind < 192)
		*word = input_eat(in, 8);
	else
		*word = ((__u64 *)section)[input_eat(in, 2) % (meta_bytes / 8)];
}

/* Write and read a frame end to end, as a copy of it does. */
static void touch(struct player *p, const struct vni_frame *frame)
{
	__u32 length = frame->length;
	__u8 *data = vni_frame_data(&p->node.port, frame);

	CHECK(vni_frame_start(frame) + length <=
	      vni_buf_bytes(&p->node.port, frame->handle));
	data[0] = data[length - 1];
	data[length - 1] = data[0] + 1;
}

static void do_alloc(struct player *p, struct input *in)
{
	unsigned int class = input_eat(in, 1) % (VNI_NR_CLASSES + 1);
	__u32 handle = vni_buf_alloc(&p->node.port, &p->node.cache, class);

	if (handle == VNI_NO_BUF)
		return;
	CHECK(handle < p->node.port.geometry.nr_bufs);
	touch(p, &(struct vni_frame){
		.handle = handle,
		.length = vni_buf_bytes(&p->node.port, handle),
	});
	if (p->nr_mine < MAX_MINE)
		p->mine[p->nr_mine++] = handle;
	else
		vni_buf_free(&p->node.port, &p->node.cache, handle);
}

static void do_free(struct player *p, struct input *in)
{
	__u32 pick = input_eat(in, 1);

	if (!p->nr_mine) {
		vni_buf_free(&p->node.port, &p->node.cache, input_eat(in, 4));
		return;
	}
	pick %= p->nr_mine;
	vni_buf_free(&p->node.port, &p->node.cache, p->mine[pick]);
	if (!(pick & 1))	/* else keep it, and free it twice */
		p->mine[pick] = p->mine[--p->nr_mine];
}

/* Of a length that is eaten: the frame has a struct vni_start, made of other bytes. */
#define LATE	0x800000u

static void do_post(struct player *p, struct input *in)
{
	unsigned int n = input_eat(in, 1) % (SLOTS + 2), i, rest;
	struct vni_frame frames[SLOTS + 2] = { 0 };
	int posted;

	for (i = 0; i < n; i++) {
		frames[i].handle = i < p->nr_mine ? p->mine[i] : input_eat(in, 4);
		if (frames[i].handle >> 31)
			frames[i].handle = VNI_NO_BUF;
		frames[i].length = input_eat(in, 3);
		rest = input_eat(in, 1);
		frames[i].flags = rest & 0xf;
		frames[i].slot.head = rest & 0xf0;
		if (frames[i].length & LATE) {
			frames[i].length &= ~LATE;
			frames[i].slot.vnet_flags = VNI_NET_START;
			frames[i].slot.data[0] = rest;
			frames[i].slot.data[1] = frames[i].length;
		}
	}
	posted = vni_ring_post(&p->node.port, 0, input_eat(in, 1) % (NODES + 1),
			       input_eat(in, 1), frames, n);
	CHECK(posted <= (int)n);
	vni_ring_needs_kick(&p->node.port, input_eat(in, 1) % (NODES + 1));
	for (i = 0; (int)i < posted && p->nr_mine; i++)
		p->mine[0] = p->mine[--p->nr_mine];
}

static void do_take(struct player *p, struct input *in)
{
	unsigned int n = input_eat(in, 1) % (2 * SLOTS);
	struct vni_frame frame;
	int got;

	while (n-- && (got = vni_ring_take(&p->node.port, 0, &frame))) {
		if (got < 0)
			continue;
		CHECK(frame.slot.source < NODES);
		CHECK(frame.length >= VNI_MIN_FRAME &&
		      frame.length <= VNI_MAX_FRAME);
		if (vni_frame_inline(&frame)) {
			CHECK(frame.length <= VNI_INLINE_BYTES);
			continue;
		}
		CHECK(!frame.slot.head || (frame.slot.head >= VNI_MIN_HEAD &&
					   frame.slot.head <= frame.length &&
					   !(frame.slot.vnet_flags & VNI_NET_START)));
		touch(p, &frame);
		if (n & 1 && p->nr_mine < MAX_MINE)
			p->mine[p->nr_mine++] = frame.handle;
		else
			vni_buf_free(&p->node.port, &p->node.cache, frame.handle);
	}
}

static void do_bury(struct player *p, struct input *in)
{
	__u32 node = input_eat(in, 1) % (NODES + 1);
	__u32 generation = input_eat(in, 4);

	if (node < NODES)
		fences.fenced[node] = generation;
	vni_port_bury(&p->node.port, &p->node.cache, node, generation);
}

static void do_attach(struct player *p, __u32 id, __u32 generation)
{
	memset(p, 0, sizeof(*p));
	if (vni_port_init(&p->node.port, section, section_bytes, id, generation,
			  fences_dead, &fences))
		return;
	p->node.port.lock_spins = 4;
	p->attached = !vni_ring_open(&p->node.port, 0, 0, &ringtest_receiver);
}

static void do_small(struct player *p, struct input *in)
{
	struct vni_port *port = &p->node.port;
	struct vni_census census;
	__u32 to;

	switch (input_eat(in, 1) % 7) {
	case 0:
		to = input_eat(in, 1);
		vni_ring_wait_space(port, to);
		/* The header is fuzzed too: another sound size may stand there. */
		CHECK(vni_ring_space(port, to) <= port->geometry.nr_slots);
		break;
	case 1:
		vni_ring_pending(port, 0);
		vni_ring_mend(port, 0);
		vni_ring_arm(port, 0, 1);
		break;
	case 2:
		vni_ring_disarm(port, 0);
		break;
	case 3:
		CHECK(!(vni_ring_release(port, 0) >> port->geometry.nr_nodes));
		break;
	case 4:
		vni_cache_flush(port, &p->node.cache);
		break;
	case 5:
		vni_port_census(port, &census);
		break;
	default:
		vni_ring_close(port, 0, &p->node.cache);
		p->attached = 0;
	}
}

static void act(struct player *players, struct input *in)
{
	__u32 what = input_eat(in, 1);
	struct player *p = &players[what & 1];

	if (!p->attached) {
		do_attach(p, what & 1, 1 + (what >> 4));
		return;
	}
	switch (what >> 1 & 7) {
	case 0:
		do_alloc(p, in);
		break;
	case 1:
		do_free(p, in);
		break;
	case 2:
		do_post(p, in);
		break;
	case 3:
		do_take(p, in);
		break;
	case 4:
		do_bury(p, in);
		break;
	case 5:
		do_small(p, in);
		break;
	default:
		poke(in);
	}
}

/* Each of its own, so that AddressSanitizer knows where it ends. */
static void choose_section(int huge)
{
	section_bytes = huge ? HUGE_SECTION_BYTES : SECTION_BYTES;
	if (!sections[huge])
		sections[huge] = aligned_alloc(4096, section_bytes);
	section = sections[huge];
	CHECK(section);
	CHECK(!vni_section_format(section, section_bytes, NODES, 1, SLOTS));
}

static void set_up(struct input *in)
{
	__u32 how = input_eat(in, 1);
	size_t bytes = 0;

	choose_section(how >> 2 & 1);
	meta_bytes = ((struct vni_header *)section)->classes[0].data_offset;
	memset(&fences, 0, sizeof(fences));
	switch (how & 3) {
	case 1:
		bytes = sizeof(struct vni_header);
		break;
	case 2:
		bytes = meta_bytes;
		break;
	}
	if (bytes > in->left)
		bytes = in->left;
	memcpy(section, in->data, bytes);
	in->data += bytes;
	in->left -= bytes;
}

int fuzz_one(const __u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

int fuzz_one(const __u8 *data, size_t size)
{
	struct input in = { data, size };
	static struct player players[2];
	unsigned int steps;

	memset(players, 0, sizeof(players));
	set_up(&in);
	do_attach(&players[0], 0, 1);
	do_attach(&players[1], 1, 1);
	for (steps = 0; in.left && steps < MAX_STEPS; steps++)
		act(players, &in);
	return 0;
}
