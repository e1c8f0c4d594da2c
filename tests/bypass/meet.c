// SPDX-License-Identifier: GPL-2.0
/*
 * Two nodes that do something at the same time.
 *
 * Usage: meet [NAME...]
 * A child does what one node does, and is stopped after each of its instructions in
 * turn: there another node does all of its part. Then the child goes on to its end.
 * What both have found must go together, and when all have left, all must be free.
 */
#include "end.h"
#include "stepped.h"

#define NODES	3
#define PAIRS	MINT_BYPASS_PROBES
#define UNITS	8
#define PLACE	3
#define KEY	section_key(PLACE, 1)
#define NEXT	section_key(PLACE, 2)

/* Shared with the child; mapped at the same place there. */
struct room {
	struct mint_view view[NODES];
	struct fences fences;
	struct end end[2];
	u64 stepped;
	u64 meanwhile;
	u64 also;
};

struct meeting {
	const char *name;
	void (*set_up)(void);
	void (*stepped)(void *unused);
	void (*meanwhile)(void);
	void (*judge)(void);
};

static struct mint_bypass geometry;
static void *section;
static struct room *room;
static struct mint_view *a, *b, *c;

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
static void pair_of_both(void)
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

static void leave_both(void)
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

/* Something to be read. */
static void b_has_bytes(void)
{
	pair_of_both();
	CHECK(end_write(&room->end[0], 100) == 100);
}

/* All is read: the lane can have other memory. */
static void b_has_read(void)
{
	b_has_bytes();
	end_drain(&room->end[1], b);
	CHECK(!mint_writer_look(&room->end[0].writer, a));
}

static void a_changes_memory(void)
{
	CHECK(end_memory(&room->end[0], a, 1, 0));
	CHECK(end_write(&room->end[0], 3) == 3);
}

static void a_changes_memory_stepped(void *unused)
{
	(void)unused;
	a_changes_memory();
}

static void b_drains(void)
{
	end_drain(&room->end[1], b);
}

static void b_drains_stepped(void *unused)
{
	(void)unused;
	b_drains();
}

static void judge_bytes(void)
{
	b_drains();
	CHECK(room->end[1].reader.head == 103);
	leave_both();
}

/* Where it lies must be memory, whatever the words were while they were looked at. */
static void b_looks(void *unused)
{
	struct mint_reader *reader = &room->end[1].reader;
	const char *data = mint_unit_data(b, 0);
	const void *at;
	u64 span;

	(void)unused;
	if (mint_reader_look(reader, b))
		return;
	span = mint_reader_span(reader, 0, &at);
	if (span)
		CHECK((const char *)at >= data &&
		      (const char *)at + span <= data + (u64)UNITS * UNIT_BYTES);
	CHECK(mint_reader_bytes(reader) <= reader->size);
}

static void tail_is_forged(void)
{
	room->end[0].writer.lane->tail = 1ULL << 40;
}

static void run_is_forged(void)
{
	room->end[0].writer.lane->run = mint_run_word(1 << 14, 1);
}

static void all_is_forged(void)
{
	tail_is_forged();
	run_is_forged();
}

static void judge_forgery(void)
{
	memset(b->faults, 0, sizeof(b->faults));
	memset(a->faults, 0, sizeof(a->faults));
	leave_both();
}

static void a_looks(void *unused)
{
	struct mint_writer *writer = &room->end[0].writer;

	(void)unused;
	(void)!mint_writer_look(writer, a);
	CHECK(mint_writer_room(writer) <= writer->size);
}

static void head_is_forged(void)
{
	room->end[1].reader.lane->head = 1ULL << 40;
}

static void b_waits_for_bytes(void *unused)
{
	struct mint_reader *reader = &room->end[1].reader;

	(void)unused;
	mint_reader_waits(reader, 0);
	CHECK(!mint_reader_look(reader, b));
	room->stepped = mint_reader_bytes(reader) || mint_reader_ended(reader);
}

static void a_sends(void)
{
	end_write(&room->end[0], 1);
	room->meanwhile = mint_writer_kicks(&room->end[0].writer);
}

static void a_ends(void)
{
	mint_writer_end(&room->end[0].writer);
	room->meanwhile = mint_writer_kicks(&room->end[0].writer);
}

/* Who has found nothing is told. */
static void judge_wake_up(void)
{
	CHECK(room->stepped || room->meanwhile);
	leave_both();
}

static void a_sends_stepped(void *unused)
{
	(void)unused;
	end_write(&room->end[0], 1);
	room->stepped = mint_writer_kicks(&room->end[0].writer);
}

static void b_waits_meanwhile(void)
{
	struct mint_reader *reader = &room->end[1].reader;

	mint_reader_waits(reader, 0);
	CHECK(!mint_reader_look(reader, b));
	room->meanwhile = mint_reader_bytes(reader);
}

static void full_lane(void)
{
	pair_of_both();
	CHECK(end_write(&room->end[0], UNIT_BYTES) == UNIT_BYTES);
	CHECK(!mint_reader_look(&room->end[1].reader, b));
}

static void a_waits_for_room(void *unused)
{
	struct mint_writer *writer = &room->end[0].writer;

	(void)unused;
	mint_writer_waits(writer, 0);
	CHECK(!mint_writer_look(writer, a));
	room->stepped = mint_writer_room(writer) || mint_writer_refused(writer);
}

static void b_reads(void)
{
	mint_reader_consume(&room->end[1].reader, UNIT_BYTES / 4);
	room->meanwhile = mint_reader_kicks(&room->end[1].reader);
}

static void b_refuses(void)
{
	mint_reader_refuse(&room->end[1].reader);
	room->meanwhile = mint_reader_kicks(&room->end[1].reader);
}

static void b_looks_for_news(void)
{
	mint_signals_look(b);
}

static void a_signals(void *unused)
{
	(void)unused;
	room->stepped = mint_signal(a, 1, PLACE);
}

/* Takes what there is, and goes to sleep over what there is not. */
static void b_sleeps(void)
{
	if (mint_signals_words(b))
		room->also = mint_signals_take(b, 0);
	room->meanwhile = mint_signals_sleep(b);
}

/* A bit that was not taken, of a node that sleeps, is followed by a doorbell. */
static void judge_signal(void)
{
	bool taken = room->also, slept = room->meanwhile;

	CHECK(taken || mint_signals_words(b));
	CHECK(taken || !slept || room->stepped);
	CHECK((taken ? room->also : mint_signals_take(b, 0)) == 1ULL << PLACE);
}

static void b_sleeps_stepped(void *unused)
{
	(void)unused;
	room->stepped = mint_signals_sleep(b);
}

static void a_signals_meanwhile(void)
{
	room->meanwhile = mint_signal(a, 1, PLACE);
}

static void judge_sleep(void)
{
	CHECK(!room->stepped || room->meanwhile);
	CHECK(mint_signals_words(b) && mint_signals_take(b, 0) == 1ULL << PLACE);
}

static void b_takes(void *unused)
{
	(void)unused;
	if (mint_signals_words(b))
		room->stepped = mint_signals_take(b, 0);
}

static void news_of_another(void)
{
	mint_signal(c, 1, PLACE + 1);
}

static void judge_take(void)
{
	u64 both = room->stepped;

	if (mint_signals_words(b))
		both |= mint_signals_take(b, 0);
	CHECK(both == 3ULL << PLACE);
}

static const struct meeting meetings[] = {
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
	{ "grow-look", b_has_read, a_changes_memory_stepped, b_drains, judge_bytes },
	{ "look-grow", b_has_read, b_drains_stepped, a_changes_memory, judge_bytes },
	{ "look-tail", b_has_bytes, b_looks, tail_is_forged, judge_forgery },
	{ "look-run", b_has_bytes, b_looks, run_is_forged, judge_forgery },
	{ "look-both", b_has_bytes, b_looks, all_is_forged, judge_forgery },
	{ "look-head", b_has_bytes, a_looks, head_is_forged, judge_forgery },
	{ "wait-send", pair_of_both, b_waits_for_bytes, a_sends, judge_wake_up },
	{ "wait-end", pair_of_both, b_waits_for_bytes, a_ends, judge_wake_up },
	{ "send-wait", pair_of_both, a_sends_stepped, b_waits_meanwhile, judge_wake_up },
	{ "wait-read", full_lane, a_waits_for_room, b_reads, judge_wake_up },
	{ "wait-refuse", full_lane, a_waits_for_room, b_refuses, judge_wake_up },
	{ "signal-sleep", b_looks_for_news, a_signals, b_sleeps, judge_signal },
	{ "sleep-signal", b_looks_for_news, b_sleeps_stepped, a_signals_meanwhile, judge_sleep },
	{ "take-signal", news_of_another, b_takes, a_signals_meanwhile, judge_take },
	{ NULL }
};

static void set_up(const struct meeting *m)
{
	u32 i;

	memset(room, 0, sizeof(*room));
	section_reset(section, &geometry);
	for (i = 0; i < NODES; i++) {
		section_attach(&room->view[i], section, &geometry, i, 1, &room->fences);
		room->view[i].lock_spins = 64;
	}
	m->set_up();
}

/* Meets after the @n-th instruction; false if there are not so many. */
static bool meet_after(const struct meeting *m, unsigned long n)
{
	bool going = true;
	unsigned long i;
	pid_t pid;

	set_up(m);
	pid = stepped_start(m->stepped, NULL);
	for (i = 0; i < n && going; i++)
		going = stepped_step(pid);
	m->meanwhile();
	if (going)
		stepped_finish(pid);
	m->judge();
	CHECK(section_all_free(c));
	for (i = 0; i < NODES; i++)
		CHECK(!section_faults(&room->view[i]));
	return going;
}

static bool is_named(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 1;
}

int main(int argc, char **argv)
{
	const struct meeting *m;
	unsigned long sum = 0, n;

	geometry = section_geometry(PAIRS, UNITS);
	section = world_map(section_bytes(&geometry));
	room = world_map(sizeof(*room));
	a = &room->view[0];
	b = &room->view[1];
	c = &room->view[2];
	for (m = meetings; m->name; m++) {
		if (!is_named(m->name, argc, argv))
			continue;
		printf("%s\n", m->name);
		fflush(stdout);
		for (n = 0; meet_after(m, n); n++)
			;
		sum += n;
	}
	CHECK(sum);
	printf("met after each of %lu instructions\n", sum);
	return 0;
}
