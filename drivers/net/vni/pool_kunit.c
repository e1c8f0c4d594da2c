// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_pool": layout of the section and buffer manager.
 *
 * What needs several CPUs or a node that dies in the middle is tested in
 * tests/ring, which also runs this file in user space.
 */
#include "ring_fixture.h"

static void layout_is_golden(struct kunit *test)
{
	struct fixture *f = test->priv;
	const struct vni_header *h = f->header;

	KUNIT_EXPECT_EQ(test, h->magic, 0x31494e56);
	KUNIT_EXPECT_EQ(test, offsetof(struct vni_header, ring_offset), 32);
	KUNIT_EXPECT_EQ(test, offsetof(struct vni_header, classes), 48);
	KUNIT_EXPECT_EQ(test, offsetof(struct vni_slot, generation), 12);
	KUNIT_EXPECT_EQ(test, offsetof(struct vni_slot, csum_start), 22);
	KUNIT_EXPECT_EQ(test, offsetof(struct vni_receiver, mcast), 32);
	KUNIT_EXPECT_EQ(test, offsetof(struct vni_ring, waiters), 200);
	KUNIT_EXPECT_EQ(test, offsetof(struct vni_ring, watchers), 208);
	KUNIT_EXPECT_EQ(test, h->ring_bytes, 4096);
	KUNIT_EXPECT_EQ(test, h->ring_offset, 4096);
	KUNIT_EXPECT_EQ(test, h->state_offset, 20480);
	KUNIT_EXPECT_EQ(test, h->classes[0].first, 0);
	KUNIT_EXPECT_EQ(test, h->classes[0].count, 44);
	KUNIT_EXPECT_EQ(test, h->classes[0].buf_bytes, 4096);
	KUNIT_EXPECT_EQ(test, h->classes[0].pool_offset, 24576);
	KUNIT_EXPECT_EQ(test, h->classes[0].data_offset, 36864);
	KUNIT_EXPECT_EQ(test, h->classes[1].first, 44);
	KUNIT_EXPECT_EQ(test, h->classes[1].count, 2);
	KUNIT_EXPECT_EQ(test, h->classes[1].buf_bytes, 69632);
	KUNIT_EXPECT_EQ(test, h->classes[1].pool_offset, 28672);
	KUNIT_EXPECT_EQ(test, h->classes[1].data_offset, 217088);
	KUNIT_EXPECT_EQ(test, h->classes[2].first, 46);
	KUNIT_EXPECT_EQ(test, h->classes[2].count, 0);
	KUNIT_EXPECT_EQ(test, h->classes[2].buf_bytes, 262144);
	KUNIT_EXPECT_EQ(test, h->classes[2].pool_offset, 32768);
	KUNIT_EXPECT_EQ(test, h->classes[2].data_offset, 356352);
	expect_all_free(test, f);
}

/* Half of the bytes for small buffers, a quarter for each of the others. */
static void sections_are_shared_out(struct kunit *test)
{
	static const struct {
		u64 bytes;
		u32 count[VNI_NR_CLASSES];
	} shares[] = {
		{ HUGE_SECTION_BYTES - 4096, { 2049, 120, 0 } },
		{ HUGE_SECTION_BYTES, { 2046, 60, HUGE_BUFS } },
		{ 2 * HUGE_SECTION_BYTES, { 4102, 120, 2 * HUGE_BUFS } },
	};
	struct fixture *f;
	unsigned int i, class;

	for (i = 0; i < ARRAY_SIZE(shares); i++) {
		setup_section(test, shares[i].bytes);
		f = test->priv;
		for (class = 0; class < VNI_NR_CLASSES; class++)
			KUNIT_EXPECT_EQ(test, f->header->classes[class].count,
					shares[i].count[class]);
		expect_all_free(test, f);
	}
}

static void format_rejects_bad_shapes(struct kunit *test)
{
	static const struct {
		u64 bytes;
		u32 nodes;
		u32 queues;
		u32 slots;
	} bad[] = {
		{ SECTION_BYTES, 0, 1, SLOTS },
		{ SECTION_BYTES, 65, 1, SLOTS },
		{ SECTION_BYTES, NODES, 0, SLOTS },
		{ SECTION_BYTES, NODES, 3, SLOTS },
		{ SECTION_BYTES, NODES, VNI_MAX_QUEUES * 2, SLOTS },
		{ SECTION_BYTES, NODES, 1, 0 },
		{ SECTION_BYTES, NODES, 1, 12 },
		{ SECTION_BYTES, NODES, 1, VNI_MAX_SLOTS * 2 },
		{ SECTION_BYTES, NODES, 1, VNI_MAX_SLOTS },
		{ 0, NODES, 1, SLOTS },
		{ 128 * 1024, NODES, 1, SLOTS },
	};
	struct fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ(test, vni_section_format(f->section, bad[i].bytes,
							 bad[i].nodes,
							 bad[i].queues,
							 bad[i].slots),
				-EINVAL);
}

static void port_rejects_bad_geometry(struct kunit *test)
{
	static const struct {
		unsigned int word;
		u64 value;
		int err;
	} bad[] = {
		{ 0, (u64)VNI_VERSION << 32, -EINVAL },			/* magic */
		{ 0, (u64)(VNI_VERSION + 1) << 32 | VNI_MAGIC, -EPROTO },
		{ 1, (u64)SLOTS << 32, -EINVAL },			/* nodes */
		{ 1, (u64)SLOTS << 32 | 65, -EINVAL },
		{ 1, (u64)12 << 32 | NODES, -EINVAL },			/* slots */
		{ 1, (u64)VNI_MAX_SLOTS << 33 | NODES, -EINVAL },
		{ 2, (u64)4096 << 32 | 48, -EINVAL },			/* buffers */
		{ 2, (u64)320 << 32 | 46, -EINVAL },			/* ring size */
		{ 2, (u64)4100 << 32 | 46, -EINVAL },
		{ 3, 0, -EINVAL },					/* queues */
		{ 3, 2, -EINVAL },
		{ 3, 3, -EINVAL },
		{ 3, VNI_MAX_QUEUES * 2, -EINVAL },
		{ 4, 0, -EINVAL },					/* rings */
		{ 4, 4097, -EINVAL },
		{ 4, SECTION_BYTES - 4096, -EINVAL },
		{ 4, ~0ULL - 4095, -EINVAL },
		{ 5, 4096, -EINVAL },					/* states */
		{ 5, 20484, -EINVAL },
		{ 5, SECTION_BYTES - 64, -EINVAL },
		{ 6, 44ULL << 32 | 1, -EINVAL },			/* first */
		{ 6, 0, -EINVAL },					/* count */
		{ 6, 0xffffffffULL << 32, -EINVAL },
		{ 7, 0, -EINVAL },					/* size */
		{ 7, 4097, -EINVAL },
		{ 7, 0xfffff000ULL, -EINVAL },
		{ 8, 28672, -EINVAL },					/* pool */
		{ 8, ~0ULL - 63, -EINVAL },
		{ 9, 36864 + 64, -EINVAL },				/* data */
		{ 9, 217088 - 4096, -EINVAL },
		{ 10, 44, -EINVAL },					/* no large ones */
		{ 13, ~0ULL & ~0xfffULL, -EINVAL },
		{ 14, 1ULL << 32 | 46, -EINVAL },			/* one too many */
		{ 14, 0, -EINVAL },					/* first */
		{ 15, VNI_LARGE_BYTES, -EINVAL },			/* size */
		{ 16, 28672, -EINVAL },					/* pool */
		{ 17, SECTION_BYTES + 4096, -EINVAL },			/* data */
	};
	struct fixture *f = test->priv;
	u64 *words = (u64 *)f->section;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		u64 good = words[bad[i].word];

		words[bad[i].word] = bad[i].value;
		KUNIT_EXPECT_EQ(test, port_init(f, &f->spare, 0, 1), bad[i].err);
		words[bad[i].word] = good;
		KUNIT_EXPECT_EQ(test, port_init(f, &f->spare, 0, 1), 0);
	}
}

static void port_rejects_bad_arguments(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_port *port = &f->spare;

	KUNIT_EXPECT_EQ(test, port_init(f, port, NODES, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, port_init(f, port, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, vni_port_init(port, f->section, 64, 0, 1, fenced, f), -EINVAL);
	KUNIT_EXPECT_EQ(test, vni_port_init(port, f->section, SECTION_BYTES / 2, 0, 1,
					    fenced, f), -EINVAL);
	KUNIT_EXPECT_EQ(test, vni_port_init(port, f->section + 8, SECTION_BYTES - 8, 0, 1,
					    fenced, f), -EINVAL);
}

static void class_is_smallest_that_fits(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, vni_class_for(&f->a, 14), VNI_CLASS_SMALL);
	KUNIT_EXPECT_EQ(test, vni_class_for(&f->a, 4096), VNI_CLASS_SMALL);
	KUNIT_EXPECT_EQ(test, vni_class_for(&f->a, 4097), VNI_CLASS_LARGE);
	KUNIT_EXPECT_EQ(test, vni_class_for(&f->a, VNI_LARGE_BYTES), VNI_CLASS_LARGE);
	KUNIT_EXPECT_EQ(test, vni_class_for(&f->a, VNI_LARGE_BYTES + 1), -EMSGSIZE);

	setup_section(test, HUGE_SECTION_BYTES);
	f = test->priv;
	KUNIT_EXPECT_EQ(test, vni_class_for(&f->a, VNI_LARGE_BYTES), VNI_CLASS_LARGE);
	KUNIT_EXPECT_EQ(test, vni_class_for(&f->a, VNI_LARGE_BYTES + 1), VNI_CLASS_HUGE);
	KUNIT_EXPECT_EQ(test, vni_class_for(&f->a, VNI_MAX_FRAME), VNI_CLASS_HUGE);
	KUNIT_EXPECT_EQ(test, vni_class_for(&f->a, VNI_MAX_FRAME + 1), -EMSGSIZE);
}

static void buffers_lie_apart_and_within(struct kunit *test)
{
	struct fixture *f = test->priv;
	u8 *end = f->section + f->header->classes[0].data_offset;
	u32 i;

	for (i = 0; i < f->header->nr_bufs; i++) {
		KUNIT_EXPECT_TRUE(test, vni_buf_data(&f->a, i) == end);
		end += vni_buf_bytes(&f->a, i);
	}
	KUNIT_EXPECT_TRUE(test, end <= f->section + SECTION_BYTES);
	KUNIT_EXPECT_TRUE(test, !vni_buf_data(&f->a, i));
	KUNIT_EXPECT_EQ(test, vni_buf_bytes(&f->a, i), 0);
}

static void alloc_empties_the_pool_and_free_fills_it(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 handles[SMALL_BUFS], i;

	KUNIT_EXPECT_EQ(test, vni_pool_level(&f->a, VNI_CLASS_SMALL), SMALL_BUFS);
	for (i = 0; i < SMALL_BUFS; i++) {
		handles[i] = vni_buf_alloc(&f->a, &f->ca, VNI_CLASS_SMALL);
		KUNIT_ASSERT_EQ(test, *state_of(f, handles[i]), state(VNI_STATE_ALLOC, 0, 5));
	}
	KUNIT_EXPECT_EQ(test, vni_buf_alloc(&f->a, &f->ca, VNI_CLASS_SMALL), VNI_NO_BUF);
	KUNIT_EXPECT_EQ(test, vni_buf_alloc(&f->a, &f->ca, VNI_NR_CLASSES), VNI_NO_BUF);
	KUNIT_EXPECT_EQ(test, vni_pool_level(&f->a, VNI_CLASS_SMALL), 0);
	KUNIT_EXPECT_EQ(test, census(f).state[VNI_STATE_ALLOC], SMALL_BUFS);
	for (i = 0; i < SMALL_BUFS; i++)
		vni_buf_free(&f->a, &f->ca, handles[i]);
	KUNIT_EXPECT_EQ(test, census(f).state[VNI_STATE_CACHED], SMALL_BUFS);
	expect_all_free(test, f);
	expect_faults(test, &f->a, VNI_FAULT_NONE, 0);
}

/* The handle of a buffer that was taken, and at once put back into the pool. */
static u32 take_and_put_back(struct fixture *f, int class)
{
	u32 handle = vni_buf_alloc(&f->a, &f->ca, class);

	vni_buf_free(&f->a, &f->ca, handle);
	vni_cache_flush(&f->a, &f->ca);
	return handle;
}

/* Of those that a refill takes at once. */
static void few_small_buffers_are_used_again(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < 3 * SMALL_BUFS; i++)
		KUNIT_EXPECT_GT(test, VNI_BATCH, take_and_put_back(f, VNI_CLASS_SMALL));
	expect_all_free(test, f);
}

/* None comes twice before all have come, however often the list wraps. */
static void huge_buffers_are_used_in_turn(struct kunit *test)
{
	u32 used[3 * HUGE_BUFS];
	struct fixture *f;
	unsigned int i, j;

	setup_section(test, HUGE_SECTION_BYTES);
	f = test->priv;
	for (i = 0; i < ARRAY_SIZE(used); i++) {
		used[i] = take_and_put_back(f, VNI_CLASS_HUGE);
		for (j = i < HUGE_BUFS ? 0 : i - HUGE_BUFS + 1; j < i; j++)
			KUNIT_EXPECT_NE(test, used[j], used[i]);
	}
	expect_all_free(test, f);
}

static void free_refuses_what_is_not_ours(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 handle = vni_buf_alloc(&f->a, &f->ca, VNI_CLASS_SMALL);

	vni_buf_free(&f->b, &f->cb, handle);
	KUNIT_EXPECT_EQ(test, f->b.faults[VNI_FAULT_STATE], 1);
	vni_buf_free(&f->a, &f->ca, handle);
	vni_buf_free(&f->a, &f->ca, handle);
	KUNIT_EXPECT_EQ(test, f->a.faults[VNI_FAULT_STATE], 1);
	vni_buf_free(&f->a, &f->ca, f->header->nr_bufs);
	KUNIT_EXPECT_EQ(test, f->a.faults[VNI_FAULT_HANDLE], 1);
	*state_of(f, 7) = state(VNI_STATE_ALLOC, 0, 4);
	vni_buf_free(&f->a, &f->ca, 7);
	KUNIT_EXPECT_EQ(test, f->a.faults[VNI_FAULT_STATE], 2);
	*state_of(f, 7) = VNI_STATE_POOL;
	expect_all_free(test, f);
}

static void damaged_list_is_rebuilt(struct kunit *test)
{
	static const u32 bad_entry[] = { SMALL_BUFS, 0xffffffff, 0 };
	struct fixture *f = test->priv;
	struct vni_pool *pool = pool_of(f, VNI_CLASS_SMALL);
	unsigned int i;
	u32 handle;

	for (i = 0; i < ARRAY_SIZE(bad_entry); i++) {
		pool->list[SMALL_BUFS - 1] = bad_entry[i];
		pool->list[SMALL_BUFS - 2] = 0;
		handle = vni_buf_alloc(&f->a, &f->ca, VNI_CLASS_SMALL);
		KUNIT_ASSERT_NE(test, handle, VNI_NO_BUF);
		KUNIT_EXPECT_EQ(test, f->a.faults[VNI_FAULT_POOL], i + 1);
		vni_buf_free(&f->a, &f->ca, handle);
		expect_all_free(test, f);
	}
	pool->level = SMALL_BUFS + 1;
	handle = vni_buf_alloc(&f->a, &f->ca, VNI_CLASS_SMALL);
	KUNIT_ASSERT_NE(test, handle, VNI_NO_BUF);
	pool->level = SMALL_BUFS;
	vni_buf_free(&f->a, &f->ca, handle);
	expect_all_free(test, f);
	KUNIT_EXPECT_EQ(test, f->a.faults[VNI_FAULT_POOL], i + 2);
	pool->first = SMALL_BUFS;
	handle = vni_buf_alloc(&f->a, &f->ca, VNI_CLASS_SMALL);
	KUNIT_ASSERT_NE(test, handle, VNI_NO_BUF);
	vni_buf_free(&f->a, &f->ca, handle);
	expect_all_free(test, f);
	KUNIT_EXPECT_EQ(test, f->a.faults[VNI_FAULT_POOL], i + 3);
}

static void busy_pool_lock_is_not_waited_for_long(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_pool *pool = pool_of(f, VNI_CLASS_LARGE);
	u32 handle = vni_buf_alloc(&f->a, &f->ca, VNI_CLASS_LARGE);

	vni_buf_free(&f->a, &f->ca, handle);
	pool->lock.word = mint_lock_word(2, 0, 1);
	KUNIT_EXPECT_EQ(test, vni_buf_alloc(&f->b, &f->cb, VNI_CLASS_LARGE), VNI_NO_BUF);
	expect_faults(test, &f->b, VNI_FAULT_LOCK_TIMEOUT, 1);
	/* Freed all the same; the list learns of it at the next chance. */
	vni_cache_flush(&f->a, &f->ca);
	KUNIT_EXPECT_EQ(test, census(f).state[VNI_STATE_POOL], f->header->nr_bufs);
	pool->lock.word = 0;
	handle = vni_buf_alloc(&f->a, &f->ca, VNI_CLASS_LARGE);
	KUNIT_ASSERT_NE(test, handle, VNI_NO_BUF);
	vni_buf_free(&f->a, &f->ca, handle);
	expect_all_free(test, f);
}

static void pool_lock_of_the_dead_is_taken_over(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vni_pool *pool = pool_of(f, VNI_CLASS_SMALL);
	u32 handle;

	f->fenced[2] = 3;
	pool->lock.word = mint_lock_word(2, 0, 3);
	pool->level = 0;
	handle = vni_buf_alloc(&f->a, &f->ca, VNI_CLASS_SMALL);
	KUNIT_ASSERT_NE(test, handle, VNI_NO_BUF);
	KUNIT_EXPECT_EQ(test, f->a.takeovers, 1);
	vni_buf_free(&f->a, &f->ca, handle);
	expect_all_free(test, f);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(layout_is_golden),
	KUNIT_CASE(sections_are_shared_out),
	KUNIT_CASE(format_rejects_bad_shapes),
	KUNIT_CASE(port_rejects_bad_geometry),
	KUNIT_CASE(port_rejects_bad_arguments),
	KUNIT_CASE(class_is_smallest_that_fits),
	KUNIT_CASE(buffers_lie_apart_and_within),
	KUNIT_CASE(alloc_empties_the_pool_and_free_fills_it),
	KUNIT_CASE(few_small_buffers_are_used_again),
	KUNIT_CASE(huge_buffers_are_used_in_turn),
	KUNIT_CASE(free_refuses_what_is_not_ours),
	KUNIT_CASE(damaged_list_is_rebuilt),
	KUNIT_CASE(busy_pool_lock_is_not_waited_for_long),
	KUNIT_CASE(pool_lock_of_the_dead_is_taken_over),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "vni_pool",
	.init = setup,
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);
