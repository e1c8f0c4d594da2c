// SPDX-License-Identifier: GPL-2.0
/*
 * Which memory is node 0's: maps that machines have, and nonsense.
 */
#include <kunit/test.h>

#include "memory.h"

#define MB(n)	((u64)(n) << 20)

static struct mint_machine machine;
static struct mint_spans spans;
static struct mint_span open_ram;

static int set_up(struct kunit *test)
{
	(void)test;
	memset(&machine, 0, sizeof(machine));
	memset(&spans, 0, sizeof(spans));
	memset(&open_ram, 0, sizeof(open_ram));
	return 0;
}

static void add(u64 base, u64 end)
{
	mint_ram_add(&machine, &open_ram, base, end);
}

static void close_ram(void)
{
	mint_ram_close(&machine, &open_ram);
}

static void expect_extents(struct kunit *test, const struct mint_extent *extents, u32 nr,
			   const struct mint_span *wanted, u32 n)
{
	u32 i;

	KUNIT_ASSERT_EQ(test, nr, n);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, extents[i].base, wanted[i].base);
		KUNIT_EXPECT_EQ(test, extents[i].base + extents[i].bytes, wanted[i].end);
	}
}

#define EXPECT_RAM(test, ...)						\
do {									\
	static const struct mint_span wanted[] = { __VA_ARGS__ };	\
									\
	expect_extents(test, machine.ram, machine.nr_ram, wanted,	\
		       ARRAY_SIZE(wanted));				\
} while (0)

#define EXPECT_OWN(test, ...)						\
do {									\
	static const struct mint_span wanted[] = { __VA_ARGS__ };	\
									\
	expect_extents(test, machine.own, machine.nr_own, wanted,	\
		       ARRAY_SIZE(wanted));				\
} while (0)

/* 3 GB below and 5 GB above the hole below 4 GB, as QEMU has it. */
static void add_usual_ram(void)
{
	add(0, 0x9fc00);
	add(MB(1), MB(3072) - 0x21000);
	add(MB(4096), MB(9216));
	close_ram();
}

static void memory_is_counted_in_whole_extents(struct kunit *test)
{
	add_usual_ram();
	EXPECT_RAM(test, { MB(2), MB(3070) }, { MB(4096), MB(9216) });
}

static void pieces_that_touch_or_overlap_are_one(struct kunit *test)
{
	add(MB(2), MB(10));
	add(MB(10), MB(10) + 200);
	add(MB(10) + 200, MB(20));
	add(MB(15), MB(30));
	add(MB(16), MB(18));
	add(MB(30) + 4096, MB(40));
	close_ram();
	EXPECT_RAM(test, { MB(2), MB(30) }, { MB(32), MB(40) });
}

static void pieces_without_a_whole_extent_do_not_count(struct kunit *test)
{
	add(MB(3), MB(5));
	add(MB(7) - 1, MB(9) - 1);
	add(MB(11), MB(11));
	add(MB(20), MB(12));
	close_ram();
	KUNIT_EXPECT_EQ(test, machine.nr_ram, 0);
}

static void memory_ends_where_addresses_end(struct kunit *test)
{
	add(MB(4), 1ULL << 63);
	add(~0ULL - 4096, ~0ULL);
	close_ram();
	EXPECT_RAM(test, { MB(4), 1ULL << 52 });
}

static void of_too_many_pieces_the_largest_count(struct kunit *test)
{
	u32 i;

	for (i = 0; i < MINT_MAX_RAM + 20; i++)
		add(MB(4 + 100 * i), MB(4 + 100 * i) + (i % 10 ? MB(8) : MB(2)));
	add(MB(65536), MB(131072));
	close_ram();
	KUNIT_ASSERT_EQ(test, machine.nr_ram, MINT_MAX_RAM);
	KUNIT_EXPECT_EQ(test, machine.ram[MINT_MAX_RAM - 1].bytes, MB(65536));
	KUNIT_EXPECT_EQ(test, machine.ram[0].base, MB(204));
	for (i = 1; i < MINT_MAX_RAM; i++)
		KUNIT_EXPECT_GT(test, machine.ram[i].base, machine.ram[i - 1].base);
	/* 15 of 2 MB, and as many as then are too many. */
	KUNIT_EXPECT_EQ(test, machine.ram_left_out, MB(15 * 2 + 6 * 8));
}

static void the_lowest_memory_leaves_out_holes(struct kunit *test)
{
	u64 missing;

	add_usual_ram();
	KUNIT_EXPECT_EQ(test, mint_ram_lowest(&machine, MB(512), &missing), MB(512));
	KUNIT_EXPECT_EQ(test, mint_ram_lowest(&machine, MB(3070), &missing), MB(3070));
	KUNIT_EXPECT_EQ(test, mint_ram_lowest(&machine, MB(3072), &missing), MB(4098));
	KUNIT_EXPECT_EQ(test, missing, 0);
	mint_ram_lowest(&machine, MB(3070 + 5120 + 4), &missing);
	KUNIT_EXPECT_EQ(test, missing, MB(4));
}

static void a_share_across_a_hole_has_its_size(struct kunit *test)
{
	u64 missing;

	add_usual_ram();
	mint_spans_add(&spans, 0, mint_ram_lowest(&machine, MB(3072), &missing));
	mint_own_enter(&machine, &spans);
	EXPECT_OWN(test, { 0, MB(3070) }, { MB(4096), MB(4098) });
}

/* As with a kernel that KASLR has put anywhere, and what a firmware has left. */
static void what_the_kernel_uses_is_its_own(struct kunit *test)
{
	add_usual_ram();
	mint_spans_add(&spans, 0, MB(512));
	mint_spans_add(&spans, MB(5496), MB(5496) + 45000000);
	mint_spans_add(&spans, MB(3000) + 4095, MB(3000) + 4096);
	mint_spans_add(&spans, MB(100), MB(200));
	mint_spans_add(&spans, MB(3001), MB(3003));
	mint_own_enter(&machine, &spans);
	EXPECT_OWN(test, { 0, MB(512) }, { MB(3000), MB(3004) }, { MB(5496), MB(5540) });
}

static void what_is_no_memory_is_nobodys(struct kunit *test)
{
	add_usual_ram();
	mint_spans_add(&spans, 0, MB(512));
	mint_spans_add(&spans, MB(3068), MB(3080));
	mint_spans_add(&spans, MB(4000), MB(4001));
	mint_spans_add(&spans, ~0ULL - 100, ~0ULL);
	mint_own_enter(&machine, &spans);
	EXPECT_OWN(test, { 0, MB(512) }, { MB(3068), MB(3070) });
}

static void domains_do_not_split_a_share(struct kunit *test)
{
	add_usual_ram();
	machine.ram[2] = machine.ram[1];
	machine.ram[1] = (struct mint_extent){ .base = MB(1024), .bytes = MB(2046) };
	machine.ram[0].bytes = MB(1022);
	machine.nr_ram = 3;
	mint_spans_add(&spans, 0, MB(2048));
	mint_own_enter(&machine, &spans);
	EXPECT_OWN(test, { 0, MB(2048) });
}

static void spans_are_in_order_and_apart(struct kunit *test)
{
	mint_spans_add(&spans, MB(40), MB(50));
	mint_spans_add(&spans, MB(10), MB(20));
	mint_spans_add(&spans, MB(60), MB(70));
	mint_spans_add(&spans, MB(20), MB(22));
	KUNIT_EXPECT_EQ(test, spans.nr, 3);
	mint_spans_add(&spans, MB(15), MB(65));
	KUNIT_ASSERT_EQ(test, spans.nr, 1);
	KUNIT_EXPECT_EQ(test, spans.span[0].base, MB(10));
	KUNIT_EXPECT_EQ(test, spans.span[0].end, MB(70));
}

static void of_too_many_spans_the_nearest_are_joined(struct kunit *test)
{
	u32 i;

	for (i = 0; i < MINT_MAX_SPANS; i++)
		mint_spans_add(&spans, MB(100 * i), MB(100 * i + 2));
	KUNIT_EXPECT_EQ(test, spans.nr, MINT_MAX_SPANS);
	mint_spans_add(&spans, MB(1010), MB(1012));
	KUNIT_EXPECT_EQ(test, spans.nr, MINT_MAX_SPANS);
	KUNIT_EXPECT_EQ(test, spans.span[10].base, MB(1000));
	KUNIT_EXPECT_EQ(test, spans.span[10].end, MB(1012));
}

static void the_region_takes_the_lowest_place(struct kunit *test)
{
	add_usual_ram();
	mint_spans_add(&spans, 0, MB(512));
	KUNIT_EXPECT_EQ(test, mint_region_find(&machine, &spans, MB(64)), MB(512));
	mint_spans_add(&spans, MB(570), MB(571));
	KUNIT_EXPECT_EQ(test, mint_region_find(&machine, &spans, MB(64)), MB(572));
	KUNIT_EXPECT_EQ(test, mint_region_find(&machine, &spans, MB(2500)), MB(4096));
	KUNIT_EXPECT_EQ(test, mint_region_find(&machine, &spans, MB(5122)), MINT_NOWHERE);
}

static void the_region_may_cross_a_border_of_domains(struct kunit *test)
{
	add(MB(2), MB(1024));
	close_ram();
	machine.ram[machine.nr_ram++] = (struct mint_extent) {
		.base = MB(1024), .bytes = MB(1024), .domain = 1,
	};
	mint_spans_add(&spans, 0, MB(1000));
	KUNIT_EXPECT_EQ(test, mint_region_find(&machine, &spans, MB(64)), MB(1000));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(memory_is_counted_in_whole_extents),
	KUNIT_CASE(pieces_that_touch_or_overlap_are_one),
	KUNIT_CASE(pieces_without_a_whole_extent_do_not_count),
	KUNIT_CASE(memory_ends_where_addresses_end),
	KUNIT_CASE(of_too_many_pieces_the_largest_count),
	KUNIT_CASE(the_lowest_memory_leaves_out_holes),
	KUNIT_CASE(a_share_across_a_hole_has_its_size),
	KUNIT_CASE(what_the_kernel_uses_is_its_own),
	KUNIT_CASE(what_is_no_memory_is_nobodys),
	KUNIT_CASE(domains_do_not_split_a_share),
	KUNIT_CASE(spans_are_in_order_and_apart),
	KUNIT_CASE(of_too_many_spans_the_nearest_are_joined),
	KUNIT_CASE(the_region_takes_the_lowest_place),
	KUNIT_CASE(the_region_may_cross_a_border_of_domains),
	{}
};

static struct kunit_suite suite = {
	.name = "memory",
	.init = set_up,
	.test_cases = cases,
};

kunit_test_suite(suite);
