// SPDX-License-Identifier: GPL-2.0
/*
 * The layout of the section: what is formatted, and what is refused.
 */
#include "fixture.h"

static void *map_large(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static int attach(struct fixture *f, u64 bytes)
{
	return mint_view_init(&f->a, f->section, bytes, 0, 1, fences_dead, &f->fences);
}

static void expect_sound(struct kunit *test, const struct mint_view *view, u64 bytes)
{
	const struct mint_bypass *h = &view->geometry;

	KUNIT_EXPECT_TRUE(test, h->nr_units && h->nr_units <= MINT_BYPASS_MAX_UNITS);
	KUNIT_EXPECT_TRUE(test, h->nr_pairs >= MINT_BYPASS_PROBES &&
			  h->nr_pairs <= MINT_BYPASS_MAX_PAIRS);
	KUNIT_EXPECT_TRUE(test, section_bytes(h) <= bytes);
	KUNIT_EXPECT_TRUE(test, section_all_free(view));
}

static void formatted_section_is_attached_to(struct kunit *test)
{
	size_t sizes[] = { 1 << 16, 1 << 20, 8 << 20, 64 << 20, 1 << 30 };
	void *section = map_large(1 << 30);
	struct mint_view view;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(section, 0xff, 65536);
		KUNIT_ASSERT_EQ(test, mint_bypass_format(section, sizes[i]), 0);
		KUNIT_ASSERT_EQ(test, mint_view_init(&view, section, sizes[i], MINT_MAX_NODES - 1,
						     ~0U, fences_dead, NULL), 0);
		expect_sound(test, &view, sizes[i]);
		KUNIT_EXPECT_EQ(test, view.node, MINT_MAX_NODES - 1);
		KUNIT_EXPECT_EQ(test, view.generation, ~0U);
	}
	KUNIT_EXPECT_EQ(test, view.geometry.nr_pairs, MINT_BYPASS_MAX_PAIRS);
	KUNIT_EXPECT_EQ(test, munmap(section, 1 << 30), 0);
}

/* Either it is refused, or it can be used. */
static void section_of_any_size_is_sound_or_refused(struct kunit *test)
{
	void *section = map_large(256 * 1024);
	unsigned int refused = 0;
	struct mint_view view;
	u64 bytes;

	for (bytes = 0; bytes <= 256 * 1024; bytes += 512) {
		if (mint_bypass_format(section, bytes)) {
			refused++;
			continue;
		}
		KUNIT_ASSERT_EQ(test, mint_view_init(&view, section, bytes, 0, 1, fences_dead,
						     NULL), 0);
		expect_sound(test, &view, bytes);
	}
	KUNIT_EXPECT_TRUE(test, refused && refused < 128);
	KUNIT_EXPECT_EQ(test, mint_bypass_format(section, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, munmap(section, 256 * 1024), 0);
}

static void section_without_magic_is_refused(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->section->magic ^= 1;
	KUNIT_EXPECT_EQ(test, attach(f, section_bytes(&f->geometry)), -EINVAL);
	f->section->magic = 0;
	KUNIT_EXPECT_EQ(test, attach(f, section_bytes(&f->geometry)), -EINVAL);
}

static void another_version_is_refused(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->section->version++;
	KUNIT_EXPECT_EQ(test, attach(f, section_bytes(&f->geometry)), -EPROTO);
	f->section->version = 0;
	KUNIT_EXPECT_EQ(test, attach(f, section_bytes(&f->geometry)), -EPROTO);
}

static void section_that_is_too_small_is_refused(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, attach(f, section_bytes(&f->geometry)), 0);
	KUNIT_EXPECT_EQ(test, attach(f, section_bytes(&f->geometry) - 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, attach(f, sizeof(struct mint_bypass) - 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, attach(f, 0), -EINVAL);
}

static void callers_that_cannot_be_are_refused(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 bytes = section_bytes(&f->geometry);

	KUNIT_EXPECT_EQ(test, mint_view_init(&f->a, f->section, bytes, MINT_MAX_NODES, 1,
					     fences_dead, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, mint_view_init(&f->a, f->section, bytes, 0, 0, fences_dead,
					     NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, mint_view_init(&f->a, (char *)f->section + 32, bytes - 64, 0, 1,
					     fences_dead, NULL), -EINVAL);
}

static void numbers_out_of_range_are_refused(struct kunit *test)
{
	struct fixture *f = test->priv;
	const struct {
		u32 *field;
		u32 value;
	} bad[] = {
		{ &f->section->nr_pairs, 0 },
		{ &f->section->nr_pairs, MINT_BYPASS_PROBES - 1 },
		{ &f->section->nr_pairs, MINT_BYPASS_MAX_PAIRS + 1 },
		{ &f->section->nr_pairs, ~0U },
		{ &f->section->nr_units, 0 },
		{ &f->section->nr_units, FIXTURE_UNITS + 1 },
		{ &f->section->nr_units, MINT_BYPASS_MAX_UNITS + 1 },
		{ &f->section->nr_units, ~0U },
		{ &f->section->unit_bytes, 0 },
		{ &f->section->unit_bytes, 2048 },
		{ &f->section->unit_bytes, UNIT_BYTES + 1 },
		{ &f->section->unit_bytes, 3 * 4096 },
		{ &f->section->unit_bytes, 2 * UNIT_BYTES },
		{ &f->section->unit_bytes, 1U << 31 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		u32 good = *bad[i].field;

		*bad[i].field = bad[i].value;
		KUNIT_EXPECT_EQ(test, attach(f, section_bytes(&f->geometry)), -EINVAL);
		*bad[i].field = good;
	}
	KUNIT_EXPECT_EQ(test, attach(f, section_bytes(&f->geometry)), 0);
}

/* Each part in turn lies across each other one, askew, or outside. */
static void parts_out_of_place_are_refused(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 *offsets = &f->section->line_offset, good[4], i, j;
	u64 bytes = section_bytes(&f->geometry);

	memcpy(good, offsets, sizeof(good));
	for (i = 0; i < 4; i++) {
		const u64 bad[] = { 0, 64, good[i] + 8, good[i] - 8, good[i] + 1, bytes, bytes - 64,
			bytes + 4096, 1ULL << 63, ~0ULL << 12, good[(i + 1) % 4],
			good[(i + 2) % 4], good[(i + 3) % 4], good[3] + 4096 };

		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			offsets[i] = bad[j];
			KUNIT_EXPECT_EQ(test, attach(f, bytes), -EINVAL);
		}
		offsets[i] = good[i];
	}
	KUNIT_EXPECT_EQ(test, attach(f, bytes), 0);
}

static void geometry_is_read_once(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, attach(f, section_bytes(&f->geometry)), 0);
	f->section->nr_units = ~0U;
	f->section->nr_pairs = ~0U;
	f->section->pair_offset = 1ULL << 60;
	KUNIT_EXPECT_EQ(test, mint_pairs_used(&f->a), 0);
	KUNIT_EXPECT_EQ(test, mint_units_used(&f->a), 0);
	KUNIT_EXPECT_EQ(test, mint_pair_offer(&f->a, section_key(1, 1), 0), 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(formatted_section_is_attached_to),
	KUNIT_CASE(section_of_any_size_is_sound_or_refused),
	KUNIT_CASE(section_without_magic_is_refused),
	KUNIT_CASE(another_version_is_refused),
	KUNIT_CASE(section_that_is_too_small_is_refused),
	KUNIT_CASE(callers_that_cannot_be_are_refused),
	KUNIT_CASE(numbers_out_of_range_are_refused),
	KUNIT_CASE(parts_out_of_place_are_refused),
	KUNIT_CASE(geometry_is_read_once),
	{}
};

static struct kunit_suite suite = {
	.name = "mint_section",
	.init = fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
