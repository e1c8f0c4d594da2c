// SPDX-License-Identifier: GPL-2.0
/* The two ends of a lane: bytes, memory, waiting and signals. */
#include "meet.h"

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

const struct meeting lane_meetings[] = {
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
