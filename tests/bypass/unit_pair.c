// SPDX-License-Identifier: GPL-2.0
/*
 * Pairs: offered, joined, withdrawn, left, buried, and words that cannot be.
 *
 * What only shows when another node acts in the middle is tested by step.c.
 */
#include "fixture.h"

#define KEY	section_key(3, 0x1234)

static struct mint_pair *entry(struct fixture *f, u32 number)
{
	return mint_pair_at(&f->a, number);
}

static void set_word(struct fixture *f, u32 number, u32 kind, u32 client, u32 server)
{
	entry(f, number)->word = mint_pair_word(kind, client, server,
						client == MINT_PAIR_NOBODY ? 0 : 5,
						server == MINT_PAIR_NOBODY ? 0 : 5);
}

static void offer_is_joined_by_its_key(struct kunit *test)
{
	struct fixture *f = test->priv;
	int number = mint_pair_offer(&f->a, KEY, 7);

	KUNIT_ASSERT_EQ(test, number, 3);
	KUNIT_EXPECT_FALSE(test, mint_pair_joined(&f->a, number, KEY));
	KUNIT_EXPECT_EQ(test, pair_client(&f->a, number), 0);
	KUNIT_EXPECT_EQ(test, pair_server(&f->a, number), MINT_PAIR_NOBODY);
	KUNIT_EXPECT_EQ(test, mint_pairs_used(&f->c), 1);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY, 9), number);
	KUNIT_EXPECT_TRUE(test, mint_pair_joined(&f->a, number, KEY));
	KUNIT_EXPECT_EQ(test, pair_client(&f->b, number), 0);
	KUNIT_EXPECT_EQ(test, pair_server(&f->a, number), 1);
	KUNIT_EXPECT_EQ(test, mint_pair_partner(&f->a, number, false).generation, f->b.generation);
	KUNIT_EXPECT_EQ(test, mint_pair_partner(&f->b, number, true).generation, f->a.generation);
	KUNIT_EXPECT_EQ(test, entry(f, number)->lanes[MINT_LANE_TO_CLIENT].reader_cpu, 7);
	KUNIT_EXPECT_EQ(test, entry(f, number)->lanes[MINT_LANE_TO_SERVER].reader_cpu, 9);
	KUNIT_EXPECT_EQ(test, section_faults(&f->a) + section_faults(&f->b), 0);
}

static void offer_fills_its_entry_anew(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct mint_lane *lanes = entry(f, 3)->lanes, zero[2] = { 0 };

	memset(lanes, 0xff, sizeof(entry(f, 3)->lanes));
	entry(f, 3)->echo = KEY;
	KUNIT_ASSERT_EQ(test, mint_pair_offer(&f->a, KEY, 0), 3);
	KUNIT_EXPECT_FALSE(test, mint_pair_joined(&f->a, 3, KEY));
	KUNIT_EXPECT_EQ(test, lanes[0].needs_bytes + lanes[1].needs_bytes, 2);
	lanes[0].needs_bytes = 0;
	lanes[1].needs_bytes = 0;
	KUNIT_EXPECT_EQ(test, memcmp(lanes, zero, sizeof(zero)), 0);
}

static void nobody_joins_another_key(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY, 0), -ENOENT);
	KUNIT_ASSERT_EQ(test, mint_pair_offer(&f->a, KEY, 0), 3);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY + 1, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY + (1ULL << 32), 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY + ((u64)FIXTURE_PAIRS << 32), 0),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, 0, 0), -ENOENT);
	KUNIT_EXPECT_TRUE(test, mint_pair_withdraw(&f->a, 3));
	expect_free(test, f);
}

static void nobody_joins_an_offer_of_its_own(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, mint_pair_offer(&f->a, KEY, 0), 3);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->a, KEY, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY, 0), 3);
}

static void offer_is_joined_once(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, mint_pair_offer(&f->a, KEY, 0), 3);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY, 0), 3);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->c, KEY, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, pair_server(&f->a, 3), 1);
}

static void the_key_that_says_nobody_is_not_offered(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, mint_pair_offer(&f->a, 0, 0), -ENOSPC);
	expect_free(test, f);
}

static void probes_go_round_the_end_of_the_table(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	for (i = 0; i < FIXTURE_PAIRS; i++) {
		int number = mint_pair_offer(&f->a, section_key(FIXTURE_PAIRS * 5 - 2, i), 0);

		KUNIT_EXPECT_EQ(test, number, (FIXTURE_PAIRS - 2 + i) % FIXTURE_PAIRS);
	}
	for (i = FIXTURE_PAIRS; i--;)
		KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, section_key(FIXTURE_PAIRS * 5 - 2, i),
						     0), (FIXTURE_PAIRS - 2 + i) % FIXTURE_PAIRS);
}

static void full_table_takes_no_offer(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	for (i = 0; i < FIXTURE_PAIRS; i++)
		KUNIT_EXPECT_EQ(test, mint_pair_offer(&f->c, section_key(~0U, i), 0),
				(~0U + i) % FIXTURE_PAIRS);
	KUNIT_EXPECT_EQ(test, mint_pair_offer(&f->a, KEY, 0), -ENOSPC);
	KUNIT_EXPECT_EQ(test, mint_pairs_used(&f->a), FIXTURE_PAIRS);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY, 0), -ENOENT);
	KUNIT_EXPECT_TRUE(test, mint_pair_withdraw(&f->c, 0));
	KUNIT_EXPECT_EQ(test, mint_pair_offer(&f->a, KEY, 0), 0);
}

static void entry_with_any_word_is_not_taken(struct kunit *test)
{
	struct fixture *f = test->priv;

	entry(f, 3)->word = 1ULL << 63;
	entry(f, 4)->word = 1ULL << 4;
	entry(f, 5)->word = 0xf;
	KUNIT_EXPECT_EQ(test, mint_pair_offer(&f->a, KEY, 0), 6);
	KUNIT_EXPECT_EQ(test, entry(f, 3)->word, 1ULL << 63);
}

static void withdrawn_offer_is_gone(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, mint_pair_offer(&f->a, KEY, 0), 3);
	KUNIT_EXPECT_FALSE(test, mint_pair_withdraw(&f->b, 3));
	KUNIT_EXPECT_TRUE(test, mint_pair_withdraw(&f->a, 3));
	KUNIT_EXPECT_FALSE(test, mint_pair_withdraw(&f->a, 3));
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY, 0), -ENOENT);
	expect_free(test, f);
}

static void joined_pair_is_not_withdrawn(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 number = make_pair(test, &f->a, &f->b, KEY);

	KUNIT_EXPECT_FALSE(test, mint_pair_withdraw(&f->a, number));
	KUNIT_EXPECT_TRUE(test, mint_pair_joined(&f->a, number, KEY));
	mint_pair_leave(&f->b, number, true);
	KUNIT_EXPECT_FALSE(test, mint_pair_withdraw(&f->a, number));
	mint_pair_leave(&f->a, number, false);
	expect_free(test, f);
}

/* Both ends have memory; the one that leaves last gives back both. */
static void leave_in_order(struct kunit *test, bool server_first)
{
	struct fixture *f = test->priv;
	u32 number = make_pair(test, &f->a, &f->b, KEY);
	struct mint_view *first = server_first ? &f->b : &f->a;
	struct mint_view *last = server_first ? &f->a : &f->b;

	KUNIT_EXPECT_NE(test, mint_run_claim(&f->a, 0, number, 1, 0), 0);
	KUNIT_EXPECT_NE(test, mint_run_claim(&f->b, 0, number, 0, 0), 0);
	mint_pair_leave(first, number, server_first);
	KUNIT_EXPECT_EQ(test, pair_client(&f->c, number), server_first ? 0 : MINT_PAIR_NOBODY);
	KUNIT_EXPECT_EQ(test, pair_server(&f->c, number), server_first ? MINT_PAIR_NOBODY : 1);
	KUNIT_EXPECT_EQ(test, mint_units_used(&f->c), 3);
	KUNIT_EXPECT_EQ(test, mint_pair_partner(last, number, !server_first).node, first->node);
	mint_pair_leave(last, number, !server_first);
	expect_free(test, f);
}

static void last_to_leave_gives_everything_back(struct kunit *test)
{
	leave_in_order(test, false);
	leave_in_order(test, true);
}

static void expect_no_leave(struct kunit *test, struct mint_view *view, bool server)
{
	struct fixture *f = test->priv;
	u64 word = entry(f, 3)->word;

	mint_pair_leave(view, 3, server);
	KUNIT_EXPECT_EQ(test, entry(f, 3)->word, word);
	expect_fault(test, view, MINT_FAULT_PAIR);
}

static void nobody_leaves_what_is_not_its_own(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 kind;

	for (kind = 0; kind < 16; kind++) {
		if (kind == MINT_PAIR_JOINED)
			continue;
		set_word(f, 3, kind, 0, 1);
		expect_no_leave(test, &f->a, false);
		expect_no_leave(test, &f->b, true);
	}
	set_word(f, 3, MINT_PAIR_JOINED, 0, 1);
	expect_no_leave(test, &f->a, true);
	expect_no_leave(test, &f->b, false);
	expect_no_leave(test, &f->c, true);
	expect_no_leave(test, &f->c, false);
	mint_pair_leave(&f->a, 3, false);
	expect_no_leave(test, &f->a, false);
	mint_pair_leave(&f->b, 3, true);
	expect_no_leave(test, &f->b, true);
}

static void dead_offer_is_buried(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 kind;

	for (kind = MINT_PAIR_FILLED; kind <= MINT_PAIR_OFFERED; kind++) {
		set_word(f, 1, kind, 0, MINT_PAIR_NOBODY);
		set_word(f, 2, kind, 1, MINT_PAIR_NOBODY);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 5), 1);
		KUNIT_EXPECT_EQ(test, entry(f, 1)->word, 0);
		KUNIT_EXPECT_NE(test, entry(f, 2)->word, 0);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 5), 0);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 1, 5), 1);
		expect_free(test, f);
	}
}

static void dead_end_leaves_the_pair_to_the_living(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 dead, number;

	for (dead = 0; dead < 2; dead++) {
		struct mint_view *survivor = dead ? &f->a : &f->b;

		number = make_pair(test, &f->a, &f->b, KEY);
		mint_run_claim(&f->a, 0, number, 0, 0);
		mint_run_claim(&f->b, 0, number, 0, 0);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, dead, 5), 1);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(survivor, dead, 5), 0);
		KUNIT_EXPECT_EQ(test, mint_units_used(&f->c), 2);
		KUNIT_EXPECT_EQ(test, dead ? pair_client(&f->c, number) :
				pair_server(&f->c, number), survivor->node);
		mint_pair_leave(survivor, number, !dead);
		expect_free(test, f);
	}
}

static void last_end_that_dies_is_cleared_away(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 first, number;

	for (first = 0; first < 2; first++) {
		number = make_pair(test, &f->a, &f->b, KEY);
		mint_run_claim(&f->a, 0, number, 2, 0);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, first, 5), 1);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, !first, 5), 1);
		expect_free(test, f);
		number = make_pair(test, &f->a, &f->b, KEY);
		mint_run_claim(&f->b, 0, number, 2, 0);
		mint_pair_leave(first ? &f->a : &f->b, number, !first);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, first, 5), 1);
		expect_free(test, f);
	}
}

static void who_dies_while_clearing_is_cleared_away(struct kunit *test)
{
	struct fixture *f = test->priv;

	set_word(f, 6, MINT_PAIR_CLEARED, 1, MINT_PAIR_NOBODY);
	KUNIT_ASSERT_NE(test, mint_run_claim(&f->b, 0, 6, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 5), 0);
	KUNIT_EXPECT_EQ(test, mint_units_used(&f->c), 2);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 1, 5), 1);
	expect_free(test, f);
}

static void only_the_dead_are_buried(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 number = make_pair(test, &f->a, &f->b, KEY);
	u64 word = entry(f, number)->word;

	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 4), 0);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 1, 4), 0);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 2, 5), 0);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 63, 5), 0);
	KUNIT_EXPECT_EQ(test, entry(f, number)->word, word);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 6), 1);
}

/* Of a generation a word has 22 bits. */
static void generations_go_round(struct kunit *test)
{
	struct fixture *f = test->priv;
	const u32 lives[] = { 1, MINT_PAIR_GENERATION, MINT_PAIR_GENERATION + 1, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lives); i++) {
		struct mint_view node;

		section_attach(&node, f->section, &f->geometry, 0, lives[i], &f->fences);
		KUNIT_ASSERT_EQ(test, mint_pair_offer(&node, KEY, 0), 3);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->b, 0, lives[i] - 1), 0);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->b, 0, lives[i]), 1);
		KUNIT_ASSERT_EQ(test, mint_pair_offer(&node, KEY, 0), 3);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->b, 0, lives[i] + 3), 1);
		KUNIT_ASSERT_EQ(test, mint_pair_offer(&node, KEY, 0), 3);
		KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY, 0), 3);
		KUNIT_EXPECT_FALSE(test, mint_pair_withdraw(&node, 3));
		mint_pair_leave(&f->b, 3, true);
		mint_pair_leave(&node, 3, false);
		expect_free(test, f);
	}
}

static void all_entries_of_the_dead_are_buried(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	for (i = 0; i < FIXTURE_PAIRS; i++)
		if (i % 2)
			make_pair(test, &f->a, &f->b, section_key(i, i + 1));
		else
			mint_pair_offer(&f->a, section_key(i, i + 1), 0);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 5), FIXTURE_PAIRS);
	KUNIT_EXPECT_EQ(test, mint_pairs_used(&f->c), FIXTURE_PAIRS / 2);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 1, 5), FIXTURE_PAIRS / 2);
	expect_free(test, f);
}

static void impossible_words_are_left_alone(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 kind;

	entry(f, 3)->key = KEY;
	for (kind = MINT_PAIR_CLEARED + 1; kind < 16; kind++) {
		set_word(f, 3, kind, 0, 1);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 5), 0);
		KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 1, 5), 0);
		KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY, 0), -ENOENT);
		KUNIT_EXPECT_FALSE(test, mint_pair_withdraw(&f->a, 3));
	}
	/* A free entry that names somebody, and one of nobody. */
	set_word(f, 3, MINT_PAIR_FREE, 0, 1);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 5), 0);
	set_word(f, 3, MINT_PAIR_JOINED, MINT_PAIR_NOBODY, MINT_PAIR_NOBODY);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 5), 0);
	/* A client that is no node offers: its key may be joined all the same. */
	set_word(f, 3, MINT_PAIR_OFFERED, 200, MINT_PAIR_NOBODY);
	KUNIT_EXPECT_EQ(test, mint_pair_join(&f->b, KEY, 0), 3);
	KUNIT_EXPECT_EQ(test, pair_client(&f->b, 3), 200);
}

static void wrong_side_of_a_word_is_buried_too(struct kunit *test)
{
	struct fixture *f = test->priv;

	set_word(f, 3, MINT_PAIR_CLEARED, 1, 0);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 5), 1);
	KUNIT_EXPECT_EQ(test, pair_client(&f->c, 3), 1);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 1, 5), 1);
	set_word(f, 3, MINT_PAIR_JOINED, 0, 0);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 5), 1);
	set_word(f, 3, MINT_PAIR_OFFERED, 1, 0);
	KUNIT_EXPECT_EQ(test, mint_pairs_bury(&f->c, 0, 5), 1);
	expect_free(test, f);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(offer_is_joined_by_its_key),
	KUNIT_CASE(offer_fills_its_entry_anew),
	KUNIT_CASE(nobody_joins_another_key),
	KUNIT_CASE(nobody_joins_an_offer_of_its_own),
	KUNIT_CASE(offer_is_joined_once),
	KUNIT_CASE(the_key_that_says_nobody_is_not_offered),
	KUNIT_CASE(probes_go_round_the_end_of_the_table),
	KUNIT_CASE(full_table_takes_no_offer),
	KUNIT_CASE(entry_with_any_word_is_not_taken),
	KUNIT_CASE(withdrawn_offer_is_gone),
	KUNIT_CASE(joined_pair_is_not_withdrawn),
	KUNIT_CASE(last_to_leave_gives_everything_back),
	KUNIT_CASE(nobody_leaves_what_is_not_its_own),
	KUNIT_CASE(dead_offer_is_buried),
	KUNIT_CASE(dead_end_leaves_the_pair_to_the_living),
	KUNIT_CASE(last_end_that_dies_is_cleared_away),
	KUNIT_CASE(who_dies_while_clearing_is_cleared_away),
	KUNIT_CASE(only_the_dead_are_buried),
	KUNIT_CASE(generations_go_round),
	KUNIT_CASE(all_entries_of_the_dead_are_buried),
	KUNIT_CASE(impossible_words_are_left_alone),
	KUNIT_CASE(wrong_side_of_a_word_is_buried_too),
	{}
};

static struct kunit_suite suite = {
	.name = "mint_pair",
	.init = fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
