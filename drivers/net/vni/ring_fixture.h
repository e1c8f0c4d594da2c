/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the KUnit suites of the protocol start from: a small section with two
 * open rings in ordinary memory, and short ways to look into it.
 *
 * They run in the kernel and, by tests/ring, in user space.
 */
#ifndef VNI_RING_FIXTURE_H
#define VNI_RING_FIXTURE_H

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "recover.h"
#include "ring.h"

#define NODES		4
#define SLOTS		8
#define SECTION_BYTES	(352 * 1024)
#define SMALL_BUFS	44
/* The least that gives this many nodes huge buffers, four each. */
#define HUGE_SECTION_BYTES	(16424 * 1024)
#define HUGE_BUFS		16

/* Two nodes with open rings, the section they meet in, and a port to try. */
struct fixture {
	u8 *section;
	u64 bytes;
	struct vni_header *header;
	struct vni_port a;
	struct vni_port b;
	struct vni_port spare;
	struct vni_cache ca;
	struct vni_cache cb;
	u32 fenced[NODES];
};

static const struct vni_receiver anyone = { .max_frame = VNI_MAX_FRAME };

static inline int fenced(void *context, u32 node, u32 generation)
{
	struct fixture *f = context;

	return node < NODES && generation <= f->fenced[node];
}

static inline int port_init(struct fixture *f, struct vni_port *port, u32 node,
			    u32 generation)
{
	int err = vni_port_init(port, f->section, f->bytes, node, generation,
				fenced, f);

	port->lock_spins = 16;
	return err;
}

KUNIT_DEFINE_ACTION_WRAPPER(section_free, vfree, const void *);

static inline void *section_alloc(struct kunit *test, u64 bytes)
{
	void *section = vzalloc(bytes);

	if (section && kunit_add_action_or_reset(test, section_free, section))
		return NULL;
	return section;
}

static inline void setup_section(struct kunit *test, u64 bytes)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->section = section_alloc(test, bytes);
	KUNIT_ASSERT_NOT_NULL(test, f->section);
	f->header = (void *)f->section;
	f->bytes = bytes;
	KUNIT_ASSERT_EQ(test, vni_section_format(f->section, bytes, NODES, 1,
						 SLOTS), 0);
	KUNIT_ASSERT_EQ(test, port_init(f, &f->a, 0, 5), 0);
	KUNIT_ASSERT_EQ(test, port_init(f, &f->b, 1, 9), 0);
	KUNIT_ASSERT_EQ(test, vni_ring_open(&f->a, 0, 0, &anyone), 0);
	KUNIT_ASSERT_EQ(test, vni_ring_open(&f->b, 0, 0, &anyone), 0);
	test->priv = f;
}

static inline int setup(struct kunit *test)
{
	setup_section(test, SECTION_BYTES);
	return 0;
}

static inline u64 *state_of(struct fixture *f, u32 handle)
{
	return (u64 *)(f->section + f->header->state_offset) + handle;
}

static inline struct vni_pool *pool_of(struct fixture *f, int class)
{
	return (void *)(f->section + f->header->classes[class].pool_offset);
}

static inline u64 state(u64 kind, u64 node, u64 generation)
{
	return kind | node << 4 | generation << 20;
}

static inline u64 inflight(u64 from, u64 from_generation, u64 to, u64 to_generation)
{
	return state(VNI_STATE_INFLIGHT, from, from_generation) | to << 12 |
	       to_generation << 42;
}

static inline struct vni_census census(struct fixture *f)
{
	struct vni_census c;

	vni_port_census(&f->a, &c);
	return c;
}

/* Nothing may be held by anyone any more. */
static inline void expect_all_free(struct kunit *test, struct fixture *f)
{
	struct vni_census c;

	vni_cache_flush(&f->a, &f->ca);
	vni_cache_flush(&f->b, &f->cb);
	c = census(f);
	KUNIT_EXPECT_EQ(test, c.state[VNI_STATE_POOL], f->header->nr_bufs);
	KUNIT_EXPECT_EQ(test, c.listed, f->header->nr_bufs);
}

static inline void expect_faults(struct kunit *test, const struct vni_port *port,
				 enum vni_fault kind, u64 count)
{
	enum vni_fault i;

	for (i = 0; i < VNI_NR_FAULTS; i++)
		KUNIT_EXPECT_EQ(test, port->faults[i], i == kind ? count : 0);
}

static inline struct vni_frame frame_make(struct fixture *f, u32 length)
{
	struct vni_frame frame = { .length = length };
	int class = vni_class_for(&f->a, length);

	frame.handle = vni_buf_alloc(&f->a, &f->ca, class < 0 ? 0 : class);
	return frame;
}

static inline int send(struct fixture *f, u32 length)
{
	struct vni_frame frame = frame_make(f, length);

	return vni_ring_post(&f->a, 0, 1, 9, &frame, 1);
}

/* Take and free everything in the ring of b; how many frames were good? */
static inline int drain(struct fixture *f)
{
	struct vni_frame frame;
	int n = 0, err;

	while ((err = vni_ring_take(&f->b, 0, &frame))) {
		if (err < 0)
			continue;
		vni_buf_free(&f->b, &f->cb, frame.handle);
		n++;
	}
	return n;
}

static inline struct vni_slot *slot_b(struct fixture *f, u32 position)
{
	return &vni_ring_of(&f->b, 1)->slots[position % SLOTS];
}

/* What makes a descriptor wrong, and what that is called. */
struct damage {
	unsigned int word;
	u64 xor;
	enum vni_fault fault;
};

/* The i-th way to damage any frame of 60 bytes from a to b; NULL: no more. */
static inline const struct damage *damage_nr(unsigned int i)
{
	static const struct damage damages[] = {
		{ 0, 0x800000, VNI_FAULT_HANDLE },
		{ 0, 60ULL << 24, VNI_FAULT_LENGTH },
		{ 0, (60ULL ^ 13) << 24, VNI_FAULT_LENGTH },
		{ 0, 0xfffffULL << 24, VNI_FAULT_LENGTH },
		{ 0, 8ULL << 44, VNI_FAULT_SLOT },
		{ 1, 1, VNI_FAULT_SLOT },		/* source: b itself */
		{ 1, NODES, VNI_FAULT_SLOT },		/* source */
		{ 1, 1 << 8, VNI_FAULT_LENGTH },	/* head: too short */
		{ 1, VNI_MIN_HEAD << 8, VNI_FAULT_LENGTH },	/* no room */
		{ 1, 0xff << 8, VNI_FAULT_LENGTH },	/* longer than all */
		{ 1, 1 << 16, VNI_FAULT_SLOT },		/* queue */
	};

	return i < ARRAY_SIZE(damages) ? &damages[i] : NULL;
}

/* Damages the only frame in the ring of b: it is counted, and skipped. */
static inline void expect_rejected(struct kunit *test, struct fixture *f,
				   const struct damage *damage)
{
	struct vni_frame frame;

	((u64 *)slot_b(f, f->b.rx[0].head))[damage->word] ^= damage->xor;
	memset(f->b.faults, 0, sizeof(f->b.faults));
	KUNIT_EXPECT_EQ(test, vni_ring_take(&f->b, 0, &frame), -EBADMSG);
	expect_faults(test, &f->b, damage->fault, 1);
	KUNIT_EXPECT_EQ(test, vni_ring_take(&f->b, 0, &frame), 0);
}

#endif /* VNI_RING_FIXTURE_H */
