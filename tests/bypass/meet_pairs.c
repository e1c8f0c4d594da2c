// SPDX-License-Identifier: GPL-2.0
/* Nodes that offer, join, leave and bury pairs, and claim and free memory. */
#include "meet.h"

/* What a function may return that has found nothing. */
static bool found(u64 number)
{
	return (long)number >= 0;
}

static void leave_last(u64 number, struct mint_view *view, bool server)
{
	if (found(number))
		mint_pair_leave(view, number, server);
}

static void nothing(void)
{
}

static void offer_of_a(void)
{
	CHECK(mint_pair_offer(a, KEY, 0) == PLACE);
}

/* Nodes 0 and 1 have a pair, and memory in both directions. */
void pair_of_both(void)
{
	int i;

	offer_of_a();
	CHECK(mint_pair_join(b, KEY, 0) == PLACE);
	for (i = 0; i < 2; i++) {
		end_init(&room->end[i], i ? b : a, PLACE, KEY, i);
		CHECK(end_memory(&room->end[i], i ? b : a, 0, 0));
	}
}

static void dead_a_and_b(void)
{
	pair_of_both();
	room->fences.fenced[0] = 1;
}

static void dead_offer(void)
{
	offer_of_a();
	room->fences.fenced[0] = 1;
}

static void a_leaves(void *unused)
{
	(void)unused;
	mint_pair_leave(a, PLACE, false);
}

static void b_leaves(void)
{
	mint_pair_leave(b, PLACE, true);
}

static void b_joins(void *unused)
{
	(void)unused;
	room->stepped = mint_pair_join(b, KEY, 0);
}

/* Who sees that somebody has joined sees who. */
static void a_sees_its_partner(void)
{
	if (mint_pair_joined(a, PLACE, KEY))
		CHECK(mint_pair_partner(a, PLACE, false).node == b->node);
}

static void b_joins_meanwhile(void)
{
	room->meanwhile = mint_pair_join(b, KEY, 0);
}

static void c_joins_meanwhile(void)
{
	room->meanwhile = mint_pair_join(c, KEY, 0);
}

static void a_withdraws(void *unused)
{
	(void)unused;
	room->stepped = mint_pair_withdraw(a, PLACE);
}

static void a_withdraws_meanwhile(void)
{
	room->meanwhile = mint_pair_withdraw(a, PLACE);
}

static void c_buries(void *unused)
{
	(void)unused;
	mint_pairs_bury(c, 0, 1);
}

static void c_buries_meanwhile(void)
{
	room->fences.fenced[0] = 1;
	mint_pairs_bury(c, 0, 1);
}

static void b_buries(void)
{
	mint_pairs_bury(b, 0, 1);
}

/* On one of its CPUs, while another one has to do with the pair. */
static void b_buries_stepped(void *unused)
{
	(void)unused;
	b_buries();
}

static void b_buries_and_leaves(void)
{
	b_buries();
	b_leaves();
}

/* Node 0 takes its offer back and offers another connection in its place. */
static void a_offers_next(void)
{
	room->meanwhile = mint_pair_withdraw(a, PLACE);
	room->also = mint_pair_offer(a, NEXT, 0);
	CHECK(found(room->also) && !mint_pair_joined(a, room->also, NEXT));
}

static void judge_join_of_the_dead(void)
{
	if (!found(room->meanwhile))
		return;
	CHECK(pair_client(b, PLACE) == MINT_PAIR_DEAD);
	b_leaves();
}

static void judge_join_of_the_buried(void)
{
	leave_last(room->stepped, b, true);
}

static void judge_offer_of_next(void)
{
	/* Either it was joined, or withdrawn in time. */
	CHECK(found(room->stepped) == !room->meanwhile);
	CHECK(mint_pair_joined(a, PLACE, KEY) == found(room->stepped));
	CHECK(!mint_pair_joined(a, room->also, NEXT));
	/* The second look leaves an offer that no one will join, as TCP tells its client. */
	if (!mint_pair_withdraw(a, room->also))
		mint_pair_leave(a, room->also, false);
	if (found(room->stepped)) {
		b_leaves();
		mint_pair_leave(a, PLACE, false);
	}
}

static void judge_join_and_withdraw(void)
{
	CHECK(found(room->stepped) == !room->meanwhile);
	if (found(room->stepped)) {
		b_leaves();
		mint_pair_leave(a, PLACE, false);
	}
}

static void judge_withdraw_and_join(void)
{
	CHECK(found(room->meanwhile) == !room->stepped);
	if (found(room->meanwhile)) {
		b_leaves();
		mint_pair_leave(a, PLACE, false);
	}
}

static void judge_two_joins(void)
{
	CHECK(found(room->stepped) != found(room->meanwhile));
	leave_last(room->stepped, b, true);
	leave_last(room->meanwhile, c, true);
	mint_pair_leave(a, PLACE, false);
}

static void a_offers(void *unused)
{
	(void)unused;
	room->stepped = mint_pair_offer(a, KEY, 0);
}

static void b_offers(void)
{
	room->meanwhile = mint_pair_offer(b, NEXT, 0);
}

static void judge_two_offers(void)
{
	CHECK(found(room->stepped) && found(room->meanwhile));
	CHECK(mint_pair_join(c, KEY, 0) == (int)room->stepped);
	CHECK(mint_pair_join(c, NEXT, 0) == (int)room->meanwhile);
	mint_pair_leave(a, room->stepped, false);
	mint_pair_leave(b, room->meanwhile, false);
	mint_pair_leave(c, room->stepped, true);
	mint_pair_leave(c, room->meanwhile, true);
}

/* An offer of the living, made while the dead are buried. */
static void judge_offer_survives(void)
{
	CHECK(found(room->meanwhile) && mint_pairs_used(c) == 1);
	CHECK(mint_pair_withdraw(b, room->meanwhile));
}

static void judge_offer_and_join(void)
{
	CHECK(room->stepped == PLACE);
	if (found(room->meanwhile))
		b_leaves();
	else
		CHECK(mint_pair_withdraw(a, PLACE));
	if (found(room->meanwhile))
		mint_pair_leave(a, PLACE, false);
}

static void a_claims(void *unused)
{
	(void)unused;
	room->stepped = mint_run_claim(a, 0, PLACE, 1, 0);
}

static void b_claims(void)
{
	room->meanwhile = mint_run_claim(b, 0, PLACE + 1, 1, 0);
}

static void judge_two_claims(void)
{
	/* The second of them may have met the lock. */
	CHECK(room->stepped);
	CHECK(mint_run_valid(a, PLACE, room->stepped));
	CHECK(!b->faults[MINT_FAULT_LOCK] == !!room->meanwhile);
	b->faults[MINT_FAULT_LOCK] = 0;
	if (room->meanwhile) {
		CHECK(mint_run_valid(b, PLACE + 1, room->meanwhile));
		CHECK(mint_run_first(room->meanwhile) != mint_run_first(room->stepped));
		mint_run_free(b, room->meanwhile);
	}
	CHECK(mint_units_used(a) == 2);
	mint_run_free(a, room->stepped);
}

static void claimed_pair(void)
{
	CHECK(mint_run_claim(b, 0, PLACE + 1, 2, 0));
}

static void b_frees(void)
{
	mint_units_free(b, PLACE + 1);
}

static void judge_claim_and_free(void)
{
	CHECK(room->stepped && mint_units_used(a) == 2);
	mint_run_free(a, room->stepped);
}

static void b_has_left(void)
{
	pair_of_both();
	b_leaves();
}

/* Node 0 has died while it gave back the memory of a pair that both had left. */
static void dead_in_clearing(void)
{
	b_has_left();
	mint_pair_at(c, PLACE)->word = mint_pair_word(MINT_PAIR_CLEARED, 0, MINT_PAIR_NOBODY, 1, 0);
	room->fences.fenced[0] = 1;
}

/* The entry is free then, and used again at once. */
static void b_buries_and_offers(void)
{
	b_buries();
	b_offers();
}

/* Other nodes use the entry, as soon as it is free, and its memory. */
static void c_meets_b(void)
{
	room->meanwhile = mint_pair_offer(c, NEXT, 0);
	CHECK(mint_pair_join(b, NEXT, 0) == (int)room->meanwhile);
	room->also = mint_run_claim(b, 0, room->meanwhile, 1, 0);
	CHECK(room->also);
}

static void judge_entry_used_again(void)
{
	CHECK(mint_run_valid(c, room->meanwhile, room->also) && mint_units_used(c) == 2);
	CHECK(pair_server(c, room->meanwhile) == 1);
	mint_pair_leave(c, room->meanwhile, false);
	mint_pair_leave(b, room->meanwhile, true);
}

void leave_both(void)
{
	mint_pair_leave(a, PLACE, false);
	mint_pair_leave(b, PLACE, true);
}

static void judge_partner(void)
{
	CHECK(mint_pair_joined(a, PLACE, KEY));
	a_sees_its_partner();
	leave_both();
}

const struct meeting pair_meetings[] = {
	{ "leave-leave", pair_of_both, a_leaves, b_leaves, nothing },
	{ "bury-leave", dead_a_and_b, b_buries_stepped, b_leaves, nothing },
	{ "bury-bury", dead_a_and_b, c_buries, b_buries, b_leaves },
	{ "bury-bury-leave", dead_a_and_b, c_buries, b_buries_and_leaves, nothing },
	{ "bury-join", dead_offer, b_buries_stepped, b_joins_meanwhile, judge_join_of_the_dead },
	{ "bury-offer", dead_offer, c_buries, b_offers, judge_offer_survives },
	{ "bury-cleared", dead_in_clearing, c_buries, b_buries_and_offers, judge_offer_survives },
	{ "join-bury", offer_of_a, b_joins, c_buries_meanwhile, judge_join_of_the_buried },
	{ "join-next", offer_of_a, b_joins, a_offers_next, judge_offer_of_next },
	{ "join-withdraw", offer_of_a, b_joins, a_withdraws_meanwhile, judge_join_and_withdraw },
	{ "withdraw-join", offer_of_a, a_withdraws, b_joins_meanwhile, judge_withdraw_and_join },
	{ "join-join", offer_of_a, b_joins, c_joins_meanwhile, judge_two_joins },
	{ "join-partner", offer_of_a, b_joins, a_sees_its_partner, judge_partner },
	{ "offer-offer", nothing, a_offers, b_offers, judge_two_offers },
	{ "offer-join", nothing, a_offers, b_joins_meanwhile, judge_offer_and_join },
	{ "claim-claim", nothing, a_claims, b_claims, judge_two_claims },
	{ "claim-free", claimed_pair, a_claims, b_frees, judge_claim_and_free },
	{ "leave-offer", b_has_left, a_leaves, c_meets_b, judge_entry_used_again },
	{ NULL }
};
