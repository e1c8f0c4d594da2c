// SPDX-License-Identifier: GPL-2.0
/*
 * Lanes: what each end does, and what it does not believe.
 */
#include "fixture.h"

/* Node a is the client and writes; node b reads. */
struct ends {
	struct fixture *f;
	u32 number;
	struct mint_writer writer;
	struct mint_reader reader;
	struct mint_lane *lane;
};

static struct ends make_ends(struct kunit *test)
{
	struct ends e = { .f = test->priv };

	e.number = make_pair(test, &e.f->a, &e.f->b, section_key(0, 1));
	mint_writer_init(&e.writer, &e.f->a, e.number, MINT_LANE_TO_SERVER);
	mint_reader_init(&e.reader, &e.f->b, e.number, MINT_LANE_TO_SERVER);
	e.lane = &mint_pair_at(&e.f->a, e.number)->lanes[MINT_LANE_TO_SERVER];
	return e;
}

static u64 take_memory(struct kunit *test, struct ends *e, u32 order)
{
	u64 run = mint_run_claim(&e->f->a, 0, e->number, order, 0);

	KUNIT_ASSERT_NE(test, run, 0);
	mint_writer_use(&e->writer, &e->f->a, run);
	return run;
}

static u8 pattern(u64 n)
{
	return n * 7 + (n >> 8) * 13;
}

/* Writes up to @bytes; how many went. */
static u64 put(struct ends *e, u64 bytes)
{
	u64 left = bytes, span, i;
	void *at;

	while (left && (span = mint_writer_span(&e->writer, &at))) {
		if (span > left)
			span = left;
		for (i = 0; i < span; i++)
			((u8 *)at)[i] = pattern(e->writer.tail + i);
		mint_writer_publish(&e->writer, span);
		left -= span;
	}
	return bytes - left;
}

/* Reads up to @bytes that are known of; how many came. */
static u64 get(struct kunit *test, struct ends *e, u64 bytes)
{
	u64 left = bytes, span, i, wrong = 0;
	const void *at;

	while (left && (span = mint_reader_span(&e->reader, 0, &at))) {
		if (span > left)
			span = left;
		for (i = 0; i < span; i++)
			wrong += ((u8 *)at)[i] != pattern(e->reader.head + i);
		mint_reader_consume(&e->reader, span);
		left -= span;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	return bytes - left;
}

static void look_both(struct kunit *test, struct ends *e)
{
	KUNIT_EXPECT_EQ(test, mint_writer_look(&e->writer, &e->f->a), 0);
	KUNIT_EXPECT_EQ(test, mint_reader_look(&e->reader, &e->f->b), 0);
}

static void lane_begins_at_a_sequence_number(struct kunit *test)
{
	struct ends e = make_ends(test);
	u32 sequence;

	KUNIT_EXPECT_FALSE(test, mint_reader_started(&e.reader, &sequence));
	take_memory(test, &e, 0);
	mint_writer_start(&e.writer, 0);
	KUNIT_EXPECT_TRUE(test, mint_reader_started(&e.reader, &sequence));
	KUNIT_EXPECT_EQ(test, sequence, 0);
	mint_writer_start(&e.writer, 0xfffffffe);
	KUNIT_EXPECT_TRUE(test, mint_reader_started(&e.reader, &sequence));
	KUNIT_EXPECT_EQ(test, sequence, 0xfffffffe);
	/* Whatever else stands there. */
	e.lane->start = 0xffffffff;
	KUNIT_EXPECT_FALSE(test, mint_reader_started(&e.reader, &sequence));
}

static void lane_without_memory_has_no_room(struct kunit *test)
{
	struct ends e = make_ends(test);
	const void *from;
	void *to;

	KUNIT_EXPECT_EQ(test, mint_writer_room(&e.writer), 0);
	KUNIT_EXPECT_EQ(test, mint_writer_span(&e.writer, &to), 0);
	look_both(test, &e);
	KUNIT_EXPECT_EQ(test, mint_reader_bytes(&e.reader), 0);
	KUNIT_EXPECT_EQ(test, mint_reader_span(&e.reader, 0, &from), 0);
	KUNIT_EXPECT_TRUE(test, mint_writer_idle(&e.writer));
}

static void bytes_come_out_as_they_went_in(struct kunit *test)
{
	struct ends e = make_ends(test);
	u64 total = 0, step;

	take_memory(test, &e, 0);
	KUNIT_EXPECT_EQ(test, mint_writer_room(&e.writer), UNIT_BYTES);
	for (step = 1; total < 20 * UNIT_BYTES; step = step * 3 % 4093) {
		KUNIT_EXPECT_EQ(test, put(&e, step), step);
		KUNIT_EXPECT_FALSE(test, mint_writer_idle(&e.writer));
		look_both(test, &e);
		KUNIT_EXPECT_EQ(test, mint_reader_bytes(&e.reader), step);
		KUNIT_EXPECT_EQ(test, get(test, &e, step + 1), step);
		look_both(test, &e);
		KUNIT_EXPECT_TRUE(test, mint_writer_idle(&e.writer));
		total += step;
	}
	KUNIT_EXPECT_EQ(test, section_faults(&e.f->a) + section_faults(&e.f->b), 0);
}

static void full_lane_takes_no_more(struct kunit *test)
{
	struct ends e = make_ends(test);

	take_memory(test, &e, 1);
	KUNIT_EXPECT_EQ(test, put(&e, 100), 100);
	look_both(test, &e);
	KUNIT_EXPECT_EQ(test, get(test, &e, 100), 100);
	look_both(test, &e);
	/* In two pieces: up to the end of the memory, and from its beginning. */
	KUNIT_EXPECT_EQ(test, put(&e, 3 * UNIT_BYTES), 2 * UNIT_BYTES);
	KUNIT_EXPECT_EQ(test, mint_writer_room(&e.writer), 0);
	look_both(test, &e);
	KUNIT_EXPECT_EQ(test, put(&e, 1), 0);
	KUNIT_EXPECT_EQ(test, get(test, &e, 1), 1);
	KUNIT_EXPECT_EQ(test, put(&e, 1), 0);
	look_both(test, &e);
	KUNIT_EXPECT_EQ(test, put(&e, 2), 1);
	look_both(test, &e);
	KUNIT_EXPECT_EQ(test, get(test, &e, 3 * UNIT_BYTES), 2 * UNIT_BYTES);
}

static void reader_may_look_ahead(struct kunit *test)
{
	struct ends e = make_ends(test);
	const void *first, *at;
	u64 i;

	take_memory(test, &e, 0);
	put(&e, 4000);
	look_both(test, &e);
	get(test, &e, 4000);
	look_both(test, &e);
	put(&e, 200);
	look_both(test, &e);
	KUNIT_EXPECT_EQ(test, mint_reader_span(&e.reader, 0, &first), 96);
	for (i = 0; i < 200; i++) {
		KUNIT_EXPECT_EQ(test, mint_reader_span(&e.reader, i, &at), (i < 96 ? 96 : 200) - i);
		KUNIT_EXPECT_EQ(test, *(u8 *)at, pattern(4000 + i));
	}
	KUNIT_EXPECT_EQ(test, mint_reader_span(&e.reader, 200, &at), 0);
	KUNIT_EXPECT_EQ(test, mint_reader_span(&e.reader, ~0ULL, &at), 0);
	KUNIT_EXPECT_EQ(test, mint_reader_bytes(&e.reader), 200);
}

static void lane_changes_its_memory_when_all_is_read(struct kunit *test)
{
	const u32 orders[] = { 0, 1, 3, 1, 0, 2 };
	struct ends e = make_ends(test);
	unsigned int i;
	u64 old = 0;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		u64 run = take_memory(test, &e, orders[i]), size = UNIT_BYTES << orders[i];

		if (old)
			mint_run_free(&e.f->a, old);
		old = run;
		KUNIT_EXPECT_EQ(test, put(&e, 10 * UNIT_BYTES), size);
		look_both(test, &e);
		KUNIT_EXPECT_EQ(test, get(test, &e, size - 5), size - 5);
		look_both(test, &e);
		KUNIT_EXPECT_EQ(test, put(&e, 70), 70);
		look_both(test, &e);
		KUNIT_EXPECT_EQ(test, get(test, &e, size), 75);
		look_both(test, &e);
	}
	KUNIT_EXPECT_EQ(test, mint_units_used(&e.f->a), 4);
	KUNIT_EXPECT_EQ(test, section_faults(&e.f->a) + section_faults(&e.f->b), 0);
}

static void ended_lane_has_its_last_bytes(struct kunit *test)
{
	struct ends e = make_ends(test);

	take_memory(test, &e, 0);
	KUNIT_EXPECT_EQ(test, put(&e, 10), 10);
	KUNIT_EXPECT_FALSE(test, mint_reader_ended(&e.reader));
	mint_writer_end(&e.writer);
	KUNIT_EXPECT_TRUE(test, mint_reader_ended(&e.reader));
	look_both(test, &e);
	KUNIT_EXPECT_EQ(test, get(test, &e, 11), 10);
}

static void writer_hears_of_a_refusal(struct kunit *test)
{
	struct ends e = make_ends(test);

	take_memory(test, &e, 0);
	KUNIT_EXPECT_FALSE(test, mint_writer_refused(&e.writer));
	KUNIT_EXPECT_EQ(test, put(&e, 2 * UNIT_BYTES), UNIT_BYTES);
	mint_writer_waits(&e.writer, 3);
	look_both(test, &e);
	KUNIT_EXPECT_FALSE(test, mint_reader_kicks(&e.reader));
	mint_reader_refuse(&e.reader);
	KUNIT_EXPECT_TRUE(test, mint_writer_refused(&e.writer));
	/* Though there is no more room than before. */
	KUNIT_EXPECT_TRUE(test, mint_reader_kicks(&e.reader));
	KUNIT_EXPECT_FALSE(test, mint_reader_kicks(&e.reader));
	KUNIT_EXPECT_EQ(test, get(test, &e, ~0ULL), UNIT_BYTES);
}

static void reader_is_signalled_once_when_it_waits(struct kunit *test)
{
	struct ends e = make_ends(test);

	take_memory(test, &e, 0);
	/* Of the first bytes it hears without having asked. */
	KUNIT_EXPECT_TRUE(test, mint_writer_kicks(&e.writer));
	KUNIT_EXPECT_FALSE(test, mint_writer_kicks(&e.writer));
	mint_reader_waits(&e.reader, 11);
	KUNIT_EXPECT_EQ(test, e.lane->reader_cpu, 11);
	KUNIT_EXPECT_TRUE(test, mint_writer_kicks(&e.writer));
	KUNIT_EXPECT_FALSE(test, mint_writer_kicks(&e.writer));
	e.lane->needs_bytes = ~0ULL;
	KUNIT_EXPECT_TRUE(test, mint_writer_kicks(&e.writer));
	KUNIT_EXPECT_EQ(test, e.lane->needs_bytes, 0);
	mint_reader_waits(&e.reader, 7);
	mint_reader_looks(&e.reader);
	KUNIT_EXPECT_FALSE(test, mint_writer_kicks(&e.writer));
}

static void writer_is_signalled_when_a_quarter_is_free(struct kunit *test)
{
	struct ends e = make_ends(test);

	take_memory(test, &e, 0);
	KUNIT_EXPECT_EQ(test, put(&e, UNIT_BYTES), UNIT_BYTES);
	look_both(test, &e);
	KUNIT_EXPECT_FALSE(test, mint_reader_kicks(&e.reader));
	mint_writer_waits(&e.writer, 12);
	KUNIT_EXPECT_EQ(test, e.lane->writer_cpu, 12);
	get(test, &e, UNIT_BYTES / 4 - 1);
	KUNIT_EXPECT_FALSE(test, mint_reader_kicks(&e.reader));
	KUNIT_EXPECT_EQ(test, e.lane->needs_room, 1);
	get(test, &e, 1);
	KUNIT_EXPECT_TRUE(test, mint_reader_kicks(&e.reader));
	KUNIT_EXPECT_EQ(test, e.lane->needs_room, 0);
	KUNIT_EXPECT_FALSE(test, mint_reader_kicks(&e.reader));
}

/* What the writer adds meanwhile takes room away. */
static void room_is_counted_up_to_the_last_byte(struct kunit *test)
{
	struct ends e = make_ends(test);

	take_memory(test, &e, 0);
	put(&e, 100);
	look_both(test, &e);
	KUNIT_EXPECT_EQ(test, put(&e, UNIT_BYTES), UNIT_BYTES - 100);
	mint_writer_waits(&e.writer, 0);
	KUNIT_EXPECT_EQ(test, get(test, &e, UNIT_BYTES), 100);
	KUNIT_EXPECT_FALSE(test, mint_reader_kicks(&e.reader));
	look_both(test, &e);
	KUNIT_EXPECT_EQ(test, get(test, &e, UNIT_BYTES), UNIT_BYTES - 100);
	KUNIT_EXPECT_TRUE(test, mint_reader_kicks(&e.reader));
}

static void expect_bad_head(struct kunit *test, struct ends *e, u64 head)
{
	u64 good = e->lane->head, known = e->writer.head;

	e->lane->head = head;
	KUNIT_EXPECT_EQ(test, mint_writer_look(&e->writer, &e->f->a), -EPROTO);
	expect_fault(test, &e->f->a, MINT_FAULT_HEAD);
	KUNIT_EXPECT_EQ(test, e->writer.head, known);
	e->lane->head = good;
	KUNIT_EXPECT_EQ(test, mint_writer_look(&e->writer, &e->f->a), 0);
}

static void writer_does_not_believe_any_head(struct kunit *test)
{
	struct ends e = make_ends(test);

	take_memory(test, &e, 0);
	expect_bad_head(test, &e, 1);
	expect_bad_head(test, &e, ~0ULL);
	put(&e, 200);
	look_both(test, &e);
	get(test, &e, 100);
	look_both(test, &e);
	expect_bad_head(test, &e, 201);
	expect_bad_head(test, &e, 99);
	expect_bad_head(test, &e, 0);
	expect_bad_head(test, &e, 1ULL << 63);
	expect_bad_head(test, &e, ~0ULL);
	expect_bad_head(test, &e, 100 + (1ULL << 32));
	e.lane->head = 200;
	KUNIT_EXPECT_EQ(test, mint_writer_look(&e.writer, &e.f->a), 0);
}

static void expect_bad_tail(struct kunit *test, struct ends *e, u64 tail, enum mint_fault kind)
{
	u64 good = e->lane->tail, known = e->reader.tail;

	e->lane->tail = tail;
	KUNIT_EXPECT_EQ(test, mint_reader_look(&e->reader, &e->f->b), -EPROTO);
	expect_fault(test, &e->f->b, kind);
	KUNIT_EXPECT_EQ(test, e->reader.tail, known);
	e->lane->tail = good;
}

static void reader_does_not_believe_any_tail(struct kunit *test)
{
	struct ends e = make_ends(test);

	/* Bytes that have no memory. */
	expect_bad_tail(test, &e, 1, MINT_FAULT_TAIL);
	expect_bad_tail(test, &e, ~0ULL, MINT_FAULT_TAIL);
	take_memory(test, &e, 0);
	expect_bad_tail(test, &e, UNIT_BYTES + 1, MINT_FAULT_TAIL);
	put(&e, 200);
	look_both(test, &e);
	get(test, &e, 100);
	expect_bad_tail(test, &e, 199, MINT_FAULT_TAIL);
	expect_bad_tail(test, &e, 100, MINT_FAULT_TAIL);
	expect_bad_tail(test, &e, 99, MINT_FAULT_TAIL);
	expect_bad_tail(test, &e, 0, MINT_FAULT_TAIL);
	expect_bad_tail(test, &e, 100 + UNIT_BYTES + 1, MINT_FAULT_TAIL);
	expect_bad_tail(test, &e, 200 + (1ULL << 32), MINT_FAULT_TAIL);
	expect_bad_tail(test, &e, 1ULL << 63, MINT_FAULT_TAIL);
	expect_bad_tail(test, &e, ~0ULL, MINT_FAULT_TAIL);
	e.lane->tail = 100 + UNIT_BYTES;
	KUNIT_EXPECT_EQ(test, mint_reader_look(&e.reader, &e.f->b), 0);
	KUNIT_EXPECT_EQ(test, mint_reader_bytes(&e.reader), UNIT_BYTES);
}

static void reader_does_not_believe_any_run(struct kunit *test)
{
	struct ends e = make_ends(test);
	u32 other = make_pair(test, &e.f->a, &e.f->c, section_key(1, 1));
	u64 others = mint_run_claim(&e.f->a, 0, other, 1, 0);
	u64 run = take_memory(test, &e, 0);
	u64 next = mint_run_claim(&e.f->a, 0, e.number, 0, 0);
	const u64 bad[] = { others, mint_run_word(15, 0), mint_run_word(16, 0), run | 1ULL << 40,
		mint_run_first(run) | 31ULL << 16, ~0ULL, 1ULL << 16 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		e.lane->run = bad[i];
		expect_bad_tail(test, &e, 1, MINT_FAULT_RUN);
	}
	e.lane->run = run;
	put(&e, 10);
	look_both(test, &e);
	get(test, &e, 9);
	/* A good one, and none, while a byte is not read. */
	e.lane->run = next;
	expect_bad_tail(test, &e, 11, MINT_FAULT_RUN);
	e.lane->run = 0;
	expect_bad_tail(test, &e, 11, MINT_FAULT_RUN);
	get(test, &e, 1);
	expect_bad_tail(test, &e, 11, MINT_FAULT_RUN);
	e.lane->run = next;
	put(&e, 1);
	KUNIT_EXPECT_EQ(test, mint_reader_look(&e.reader, &e.f->b), 0);
	KUNIT_EXPECT_EQ(test, mint_reader_bytes(&e.reader), 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(lane_begins_at_a_sequence_number),
	KUNIT_CASE(lane_without_memory_has_no_room),
	KUNIT_CASE(bytes_come_out_as_they_went_in),
	KUNIT_CASE(full_lane_takes_no_more),
	KUNIT_CASE(reader_may_look_ahead),
	KUNIT_CASE(lane_changes_its_memory_when_all_is_read),
	KUNIT_CASE(ended_lane_has_its_last_bytes),
	KUNIT_CASE(writer_hears_of_a_refusal),
	KUNIT_CASE(reader_is_signalled_once_when_it_waits),
	KUNIT_CASE(writer_is_signalled_when_a_quarter_is_free),
	KUNIT_CASE(room_is_counted_up_to_the_last_byte),
	KUNIT_CASE(writer_does_not_believe_any_head),
	KUNIT_CASE(reader_does_not_believe_any_tail),
	KUNIT_CASE(reader_does_not_believe_any_run),
	{}
};

static struct kunit_suite suite = {
	.name = "mint_lane",
	.init = fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
