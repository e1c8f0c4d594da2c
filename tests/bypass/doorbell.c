// SPDX-License-Identifier: GPL-2.0
/*
 * Lost wake-ups: a writer and a reader that go to sleep as often as they can.
 *
 * Usage: doorbell LIVES
 * By turns a pair lives in one of two ways. In the first the reader sleeps over an
 * empty lane, also one byte at a time, when no later byte makes up for a signal that
 * was not given, and over the end. In the second the writer sleeps over a full lane,
 * which is read at once. They sleep by spinning, which leaves the processor no time to
 * drain its store buffer: a missing full barrier shows.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "end.h"

#define UNITS		4
#define SLEEP_LIMIT_S	10
/* After so many bytes a lane is ended, and another pair goes on. */
#define SHORT_LIFE	(64 * UNIT_BYTES)
#define LONG_LIFE	(4096 * UNIT_BYTES)

struct bell {
	alignas(64) u32 count;
};

static struct mint_bypass geometry;
static struct fences fences;
static struct bell bells[2];
static struct mint_view view[2];
static void *section;
static u64 nr_lives;
static u64 nr_taken;

static void stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* On a machine with one CPU the test is weaker but right. */
	(void)!pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/* Spins until @word is another one than @seen: what never comes is the fault. */
static void spin(u32 *word, u32 seen)
{
	time_t limit = time(NULL) + SLEEP_LIMIT_S;
	unsigned long looks;

	for (looks = 1; mint_load_acquire(word) == seen; looks++) {
		mint_relax();
		if (looks % 4096)
			continue;
		CHECK(time(NULL) < limit);	/* lost wake-up */
		sched_yield();
	}
}

/* Vary where the two sides meet, by single nanoseconds. */
static void dawdle(u64 n)
{
	unsigned int left = (u32)(n * 2654435761u) >> 24;

	for (; left; left--)
		asm volatile("");
}

/* In every other life it is the writer that has to wait. */
static bool is_full(const struct end *e)
{
	return e->key % 2;
}

/* How far both have come, over all lives. */
static u64 mark(const struct end *e, u64 bytes)
{
	return (e->key << 32) + bytes;
}

static void tell(int from, const struct end *e)
{
	if (mint_signal(&view[from], !from, e->number))
		__atomic_fetch_add(&bells[!from].count, 1, __ATOMIC_RELEASE);
}

/* Until there is a signal, as a node with nothing else to do. */
static void sleep_on_bell(int who)
{
	for (;;) {
		u32 seen = mint_load_acquire(&bells[who].count);

		if (!mint_signals_sleep(&view[who]))
			break;
		spin(&bells[who].count, seen);
	}
	while (mint_signals_words(&view[who]))
		mint_signals_take(&view[who], 0);
}

/* As a node that looks for a while before it sleeps. */
static void look_for_news(int who, u64 n)
{
	unsigned int looks = n % 64;

	mint_signals_look(&view[who]);
	while (looks-- && !mint_signals_pending(&view[who]))
		mint_relax();
	sleep_on_bell(who);
}

static void rest(int who, u64 n)
{
	if (n & 256)
		look_for_news(who, n);
	else
		sleep_on_bell(who);
}

static void wait_taken(u64 n)
{
	time_t limit = time(NULL) + SLEEP_LIMIT_S;
	unsigned long looks;

	for (looks = 1; mint_load_acquire(&nr_taken) < n; looks++) {
		if (looks % 4096)
			continue;
		CHECK(time(NULL) < limit);	/* lost wake-up */
		sched_yield();
	}
}

/* Writes some bytes; those of a full lane say nothing. */
static u64 write_piece(struct end *e, u64 most)
{
	u64 span;
	void *at;

	if (!is_full(e))
		return end_write(e, most);
	span = mint_writer_span(&e->writer, &at);
	if (span)
		mint_writer_publish(&e->writer, span);
	return span;
}

/* Sleeps while there is no room. */
static void write_some(struct end *e, u64 most)
{
	struct mint_writer *writer = &e->writer;

	while (!write_piece(e, most)) {
		CHECK(!mint_writer_look(writer, &view[0]));
		if (mint_writer_room(writer))
			continue;
		dawdle(writer->tail);
		mint_writer_waits(writer, 0);
		CHECK(!mint_writer_look(writer, &view[0]));
		if (!mint_writer_room(writer))
			rest(0, writer->tail >> 12);
	}
	if (mint_writer_kicks(writer))
		tell(0, e);
}

/* By pieces of any size, or by single bytes that are waited for. */
static void write_life(struct end *e)
{
	struct mint_writer *writer = &e->writer;
	u64 life = is_full(e) ? LONG_LIFE : SHORT_LIFE;

	while (writer->tail < life) {
		bool single = !is_full(e) && writer->tail & 64;

		write_some(e, single ? 1 : 1 + writer->tail % 777);
		if (single)
			wait_taken(mark(e, writer->tail));
		if (!is_full(e))
			dawdle(writer->tail * 7 + 3);
	}
	mint_writer_end(writer);
	if (mint_writer_kicks(writer))
		tell(0, e);
	wait_taken(mark(e, ~0U));
}

static void *write_all(void *unused)
{
	u64 life;

	stay_on_cpu(0);
	for (life = 1; life <= nr_lives; life++) {
		int number = mint_pair_offer(&view[0], life, 0);
		struct end e;

		CHECK(number >= 0);
		end_init(&e, &view[0], number, life, false);
		tell(0, &e);	/* as TCP would: the offer is what the reader waits for */
		while (!mint_pair_joined(&view[0], number, life))
			mint_relax();
		CHECK(end_memory(&e, &view[0], 0, 0));
		write_life(&e);
		end_leave(&e, &view[0]);
	}
	return unused;
}

/* Waits until the lane is full, or ended, and takes all of it at once. */
static u64 take_full(struct end *e)
{
	struct mint_reader *reader = &e->reader;
	time_t limit = time(NULL) + SLEEP_LIMIT_S;
	unsigned long looks;
	u64 bytes;

	for (looks = 1; mint_load(&reader->lane->tail) - reader->head < UNIT_BYTES &&
	     !mint_reader_ended(reader); looks++)
		if (looks % 4096 == 0) {
			CHECK(time(NULL) < limit);	/* lost wake-up */
			sched_yield();
		}
	CHECK(!mint_reader_look(reader, &view[1]));
	bytes = mint_reader_bytes(reader);
	dawdle(reader->head >> 12);
	if (bytes)
		mint_reader_consume(reader, bytes);
	return bytes;
}

/* Reads to the end of the lane, sleeping while there is nothing. */
static void read_life(struct end *e)
{
	struct mint_reader *reader = &e->reader;

	for (;;) {
		bool ended = mint_reader_ended(reader);

		CHECK(!mint_reader_look(reader, &view[1]));
		if (is_full(e) ? take_full(e) : end_read(e, 1 + reader->head % 999)) {
			if (mint_reader_kicks(reader))
				tell(1, e);
			mint_store_release(&nr_taken, mark(e, reader->head));
			if (!is_full(e))
				dawdle(reader->head);
			continue;
		}
		if (ended)
			break;
		mint_reader_waits(reader, 0);
		CHECK(!mint_reader_look(reader, &view[1]));
		if (!mint_reader_bytes(reader) && !mint_reader_ended(reader))
			rest(1, reader->head);
	}
	mint_store_release(&nr_taken, mark(e, ~0U));
}

static void *read_all(void *unused)
{
	u64 life;

	stay_on_cpu(1);
	for (life = 1; life <= nr_lives; life++) {
		struct end e;
		int number;

		while ((number = mint_pair_join(&view[1], life, 0)) < 0)
			sleep_on_bell(1);
		end_init(&e, &view[1], number, life, true);
		read_life(&e);
		end_leave(&e, &view[1]);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	u32 i;

	if (argc != 2)
		return 2;
	nr_lives = strtoull(argv[1], NULL, 0);
	geometry = section_geometry(MINT_BYPASS_PROBES, UNITS);
	section = world_map(section_bytes(&geometry));
	section_reset(section, &geometry);
	for (i = 0; i < 2; i++) {
		section_attach(&view[i], section, &geometry, i, 1, &fences);
		view[i].lock_spins = 1U << 24;
	}
	CHECK(!pthread_create(&threads[0], NULL, write_all, NULL));
	CHECK(!pthread_create(&threads[1], NULL, read_all, NULL));
	CHECK(!pthread_join(threads[0], NULL) && !pthread_join(threads[1], NULL));
	for (i = 0; i < 2; i++)
		CHECK(!section_faults(&view[i]));
	CHECK(section_all_free(&view[0]));
	printf("%llu lives; the reader was rung %u times, the writer %u\n",
	       (unsigned long long)nr_lives, bells[1].count, bells[0].count);
	return 0;
}
