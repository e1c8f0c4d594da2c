// SPDX-License-Identifier: GPL-2.0
/*
 * Signals, and what a node says of itself.
 */
#include "fixture.h"

static void line_is_open_for_one_generation(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_FALSE(test, mint_line_is_open(&f->b, 0, 5));
	KUNIT_EXPECT_FALSE(test, mint_line_is_open(&f->b, 0, 0));
	mint_line_open(&f->a, true);
	KUNIT_EXPECT_TRUE(test, mint_line_is_open(&f->b, 0, 5));
	KUNIT_EXPECT_FALSE(test, mint_line_is_open(&f->b, 0, 4));
	KUNIT_EXPECT_FALSE(test, mint_line_is_open(&f->b, 0, 6));
	KUNIT_EXPECT_FALSE(test, mint_line_is_open(&f->b, 1, 5));
	mint_line_open(&f->a, false);
	KUNIT_EXPECT_FALSE(test, mint_line_is_open(&f->b, 0, 5));
	mint_line_at(&f->a, 0)->open = 2;
	KUNIT_EXPECT_FALSE(test, mint_line_is_open(&f->b, 0, 5));
}

/* Its former incarnation may have died while it looked. */
static void line_that_is_opened_needs_doorbells(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct mint_view again;

	mint_signals_look(&f->a);
	section_attach(&again, f->section, &f->geometry, 0, 6, &f->fences);
	mint_line_open(&again, true);
	KUNIT_EXPECT_TRUE(test, mint_signal(&f->b, 0, 1));
}

static void signal_is_taken_once(struct kunit *test)
{
	const u32 pairs[] = { 0, 1, 63, 64, 511, MINT_BYPASS_MAX_PAIRS - 1 };
	struct fixture *f = test->priv;
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, mint_signals_pending(&f->a));
	KUNIT_EXPECT_EQ(test, mint_signals_words(&f->a), 0);
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		u32 word = pairs[i] / 64;

		mint_signal(&f->b, 0, pairs[i]);
		mint_signal(&f->c, 0, pairs[i]);
		KUNIT_EXPECT_TRUE(test, mint_signals_pending(&f->a));
		KUNIT_EXPECT_FALSE(test, mint_signals_pending(&f->b));
		KUNIT_EXPECT_EQ(test, mint_signals_words(&f->a), 1ULL << word);
		KUNIT_EXPECT_FALSE(test, mint_signals_pending(&f->a));
		KUNIT_EXPECT_EQ(test, mint_signals_take(&f->a, word), 1ULL << pairs[i] % 64);
		KUNIT_EXPECT_EQ(test, mint_signals_take(&f->a, word), 0);
	}
}

static void signals_of_many_pairs_are_kept_apart(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	for (i = 0; i < MINT_BYPASS_MAX_PAIRS; i++)
		mint_signal(&f->b, 0, i);
	mint_signal(&f->a, 1, 3);
	KUNIT_EXPECT_EQ(test, mint_signals_words(&f->a), (1 << MINT_BYPASS_MAX_PAIRS / 64) - 1);
	for (i = 0; i < MINT_BYPASS_MAX_PAIRS / 64; i++)
		KUNIT_EXPECT_EQ(test, mint_signals_take(&f->a, i), ~0ULL);
	KUNIT_EXPECT_EQ(test, mint_signals_words(&f->b), 1);
	KUNIT_EXPECT_EQ(test, mint_signals_take(&f->b, 0), 8);
}

static void who_looks_needs_no_doorbell(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_TRUE(test, mint_signal(&f->b, 0, 1));
	mint_signals_look(&f->a);
	KUNIT_EXPECT_FALSE(test, mint_signal(&f->b, 0, 1));
	KUNIT_EXPECT_TRUE(test, mint_signal(&f->a, 1, 1));
	KUNIT_EXPECT_FALSE(test, mint_signals_sleep(&f->a));
	KUNIT_EXPECT_TRUE(test, mint_signal(&f->b, 0, 1));
	KUNIT_EXPECT_EQ(test, mint_signals_words(&f->a), 1);
	KUNIT_EXPECT_TRUE(test, mint_signals_sleep(&f->a));
	KUNIT_EXPECT_TRUE(test, mint_signal(&f->b, 0, 1));
}

/* A peer that died between its two bits: found by who looks at all words. */
static void half_a_signal_is_no_news(struct kunit *test)
{
	struct fixture *f = test->priv;

	mint_line_at(&f->a, 0)->signalled[2] = 4;
	KUNIT_EXPECT_FALSE(test, mint_signals_pending(&f->a));
	KUNIT_EXPECT_TRUE(test, mint_signals_sleep(&f->a));
	KUNIT_EXPECT_EQ(test, mint_signals_take(&f->a, 2), 4);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(line_is_open_for_one_generation),
	KUNIT_CASE(line_that_is_opened_needs_doorbells),
	KUNIT_CASE(signal_is_taken_once),
	KUNIT_CASE(signals_of_many_pairs_are_kept_apart),
	KUNIT_CASE(who_looks_needs_no_doorbell),
	KUNIT_CASE(half_a_signal_is_no_news),
	{}
};

static struct kunit_suite suite = {
	.name = "mint_signal",
	.init = fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
