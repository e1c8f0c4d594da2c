// SPDX-License-Identifier: GPL-2.0
/*
 * Units of memory: claimed, given back, and the lock between.
 */
#include "fixture.h"

static u64 claim(struct mint_view *view, u32 pair, u32 order)
{
	return mint_run_claim(view, 0, pair, order, 0);
}

static u16 owner(struct fixture *f, u32 unit)
{
	return *mint_unit_owner(&f->a, unit);
}

static void run_word_says_what_it_was_made_of(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, mint_run_first(mint_run_word(0, 3)), 0);
	KUNIT_EXPECT_EQ(test, mint_run_order(mint_run_word(0, 3)), 3);
	KUNIT_EXPECT_EQ(test, mint_run_first(mint_run_word(4095, 0)), 4095);
	KUNIT_EXPECT_EQ(test, mint_run_order(mint_run_word(4095, 12)), 12);
	KUNIT_EXPECT_NE(test, mint_run_word(0, 0), 0);
}

static void units_are_claimed_until_there_are_none(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	for (i = 0; i < FIXTURE_UNITS; i++) {
		KUNIT_EXPECT_EQ(test, claim(&f->a, i % FIXTURE_PAIRS, 0), mint_run_word(i, 0));
		KUNIT_EXPECT_EQ(test, owner(f, i), i % FIXTURE_PAIRS + 1);
	}
	KUNIT_EXPECT_EQ(test, claim(&f->a, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, mint_units_used(&f->a), FIXTURE_UNITS);
	KUNIT_EXPECT_EQ(test, section_faults(&f->a), 0);
	KUNIT_EXPECT_EQ(test, f->section->lock.word, 0);
}

static void run_lies_in_one_piece(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	KUNIT_EXPECT_EQ(test, claim(&f->a, 1, 0), mint_run_word(0, 0));
	KUNIT_EXPECT_EQ(test, claim(&f->a, 2, 3), mint_run_word(1, 3));
	for (i = 1; i < 9; i++)
		KUNIT_EXPECT_EQ(test, owner(f, i), 3);
	KUNIT_EXPECT_EQ(test, owner(f, 9), 0);
	KUNIT_EXPECT_EQ(test, claim(&f->a, 3, 3), 0);
	KUNIT_EXPECT_EQ(test, claim(&f->a, 3, 2), mint_run_word(9, 2));
	KUNIT_EXPECT_EQ(test, claim(&f->a, 3, 5), 0);
}

static void whole_section_can_be_one_run(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 run = claim(&f->a, 7, 4);

	KUNIT_ASSERT_EQ(test, run, mint_run_word(0, 4));
	KUNIT_EXPECT_TRUE(test, mint_run_valid(&f->b, 7, run));
	mint_run_free(&f->a, run);
	expect_free(test, f);
}

static void scattered_units_make_no_run(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	for (i = 0; i < FIXTURE_UNITS; i++)
		claim(&f->a, 0, 0);
	for (i = 0; i < FIXTURE_UNITS; i += 2)
		mint_run_free(&f->a, mint_run_word(i, 0));
	KUNIT_EXPECT_EQ(test, claim(&f->a, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, claim(&f->a, 1, 0), mint_run_word(0, 0));
	mint_run_free(&f->a, mint_run_word(9, 0));
	KUNIT_EXPECT_EQ(test, claim(&f->a, 1, 1), mint_run_word(8, 1));
}

static void some_units_are_spared(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, mint_run_claim(&f->a, 0, 0, 2, 13), 0);
	KUNIT_EXPECT_EQ(test, mint_run_claim(&f->a, 0, 0, 2, ~0U - 4), 0);
	KUNIT_EXPECT_NE(test, mint_run_claim(&f->a, 0, 0, 2, 12), 0);
	KUNIT_EXPECT_EQ(test, mint_run_claim(&f->a, 0, 0, 2, 9), 0);
	KUNIT_EXPECT_NE(test, mint_run_claim(&f->a, 0, 0, 2, 8), 0);
	KUNIT_EXPECT_EQ(test, mint_units_used(&f->a), 8);
}

static void given_back_is_what_was_claimed(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 first = claim(&f->a, 0, 1), second = claim(&f->b, 0, 2), third = claim(&f->a, 1, 0);

	mint_run_free(&f->b, second);
	KUNIT_EXPECT_EQ(test, mint_units_used(&f->a), 3);
	KUNIT_EXPECT_TRUE(test, mint_run_valid(&f->a, 0, first));
	KUNIT_EXPECT_TRUE(test, mint_run_valid(&f->a, 1, third));
	mint_units_free(&f->c, 0);
	KUNIT_EXPECT_EQ(test, mint_units_used(&f->a), 1);
	mint_units_free(&f->c, 1);
	expect_free(test, f);
}

static void run_of_others_or_outside_is_not_valid(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 run = claim(&f->a, 3, 1);
	const u64 bad[] = {
		0, 1ULL << 16, mint_run_word(2, 0), mint_run_word(FIXTURE_UNITS, 0),
		mint_run_word(FIXTURE_UNITS - 1, 1), mint_run_word(0, 5), mint_run_word(0, 31),
		mint_run_word(0, 32), mint_run_word(0, 33), mint_run_word(0, 64), 0xffff,
		~0ULL, ~0ULL << 16, run | 1ULL << 32, run | 1ULL << 47, run | 1ULL << 63,
	};
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, mint_run_valid(&f->b, 3, run));
	KUNIT_EXPECT_FALSE(test, mint_run_valid(&f->b, 2, run));
	KUNIT_EXPECT_FALSE(test, mint_run_valid(&f->b, 4, run));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_FALSE(test, mint_run_valid(&f->b, 3, bad[i]));
	mint_run_free(&f->a, run);
	KUNIT_EXPECT_FALSE(test, mint_run_valid(&f->b, 3, run));
}

static void expect_busy(struct kunit *test, u64 word)
{
	struct fixture *f = test->priv;

	f->section->lock.word = word;
	KUNIT_EXPECT_EQ(test, claim(&f->a, 0, 0), 0);
	expect_fault(test, &f->a, MINT_FAULT_LOCK);
	KUNIT_EXPECT_EQ(test, f->section->lock.word, word);
	KUNIT_EXPECT_EQ(test, mint_units_used(&f->a), 0);
}

static void expect_taken_over(struct kunit *test, u64 word)
{
	struct fixture *f = test->priv;
	u64 run, before = f->section->lock.takeovers;

	f->section->lock.word = word;
	run = claim(&f->a, 0, 0);
	KUNIT_EXPECT_EQ(test, run, mint_run_word(0, 0));
	KUNIT_EXPECT_EQ(test, f->section->lock.word, 0);
	KUNIT_EXPECT_EQ(test, f->section->lock.takeovers, before + 1);
	mint_run_free(&f->a, run);
	expect_free(test, f);
}

static void lock_of_the_living_is_left_alone(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->fences.fenced[1] = 4;
	expect_busy(test, mint_lock_word(1, 0, 5));
	expect_busy(test, mint_lock_word(2, 0, 1));
	/* Own: another CPU, and this one. */
	expect_busy(test, mint_lock_word(0, 1, 5));
	expect_busy(test, mint_lock_word(0, 0, 5));
	/* Nobody: garbage. */
	expect_busy(test, ~0ULL);
	expect_busy(test, 0xdead0000ULL);
}

static void lock_of_the_dead_is_taken_over(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->fences.fenced[1] = 5;
	expect_taken_over(test, mint_lock_word(1, 0, 5));
	expect_taken_over(test, mint_lock_word(1, 9, 2));
	/* Own, of a former start, which no fence has to tell. */
	expect_taken_over(test, mint_lock_word(0, 0, 4));
	expect_taken_over(test, mint_lock_word(0, 3, 1));
}

static void own_lock_of_a_later_start_is_garbage(struct kunit *test)
{
	expect_busy(test, mint_lock_word(0, 0, 6));
}

static void claim_of_the_dead_goes_with_its_pair(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 number = make_pair(test, &f->a, &f->b, section_key(0, 1));

	/* As it is left in the middle of a claim. */
	f->section->lock.word = mint_lock_word(1, 0, 5);
	*mint_unit_owner(&f->b, 0) = number + 1;
	*mint_unit_owner(&f->b, 1) = number + 1;
	f->fences.fenced[1] = 5;
	KUNIT_EXPECT_EQ(test, claim(&f->a, number, 0), mint_run_word(2, 0));
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->a, 1, 5), 1);
	KUNIT_EXPECT_EQ(test, mint_units_used(&f->a), 3);
	mint_pair_leave(&f->a, number, false);
	expect_free(test, f);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(run_word_says_what_it_was_made_of),
	KUNIT_CASE(units_are_claimed_until_there_are_none),
	KUNIT_CASE(run_lies_in_one_piece),
	KUNIT_CASE(whole_section_can_be_one_run),
	KUNIT_CASE(scattered_units_make_no_run),
	KUNIT_CASE(some_units_are_spared),
	KUNIT_CASE(given_back_is_what_was_claimed),
	KUNIT_CASE(run_of_others_or_outside_is_not_valid),
	KUNIT_CASE(lock_of_the_living_is_left_alone),
	KUNIT_CASE(lock_of_the_dead_is_taken_over),
	KUNIT_CASE(own_lock_of_a_later_start_is_garbage),
	KUNIT_CASE(claim_of_the_dead_goes_with_its_pair),
	{}
};

static struct kunit_suite suite = {
	.name = "mint_units",
	.init = fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
