// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: any contents of the section, changed between any two operations.
 *
 * The input is a program. Its first byte chooses how the section starts: formatted,
 * or formatted and then overwritten by the input. Each step after that pokes a word or
 * has one of two nodes do something. What comes out of the functions under test is
 * used as a socket would use it, so that AddressSanitizer sees what leads outside.
 */
#include "end.h"
#include "input.h"

#define NODES		2
#define UNITS		8
#define MAX_STEPS	400
#define MAX_ENDS	4

/* @offered: nobody has joined yet, as far as is known. */
struct slot {
	struct end end;
	bool used;
	bool offered;
};

struct player {
	struct mint_view view;
	struct slot slots[MAX_ENDS];
	bool attached;
};

static struct mint_bypass geometry;
static struct fences fences;
static u8 *section;

/* Change a word among all that are not data. */
static void poke(struct input *in)
{
	u64 words = geometry.data_offset / 8;
	u32 at = input_eat(in, 2), kind = input_eat(in, 1);
	u64 *word = (u64 *)section;

	/* Most lines are those of nodes that do not play. */
	if (at & 0x8000)
		word += (geometry.pair_offset / 8) + (at & 0x7fff) %
			(words - geometry.pair_offset / 8);
	else
		word += at % words;
	if (kind < 64)
		*word ^= 1ULL << kind;
	else if (kind < 128)
		*word += (signed char)input_eat(in, 1);
	else if (kind < 192)
		*word = input_eat(in, 8);
	else
		*word = ((u64 *)section)[input_eat(in, 2) % words];
}

/* Is all of it memory of units? */
static void check_span(const struct player *p, const void *at, u64 span)
{
	const u8 *data = mint_unit_data(&p->view, 0);
	u64 bytes = (u64)p->view.geometry.nr_units * p->view.geometry.unit_bytes;

	CHECK(span <= bytes && (const u8 *)at >= data);
	CHECK((u64)((const u8 *)at - data) <= bytes - span);
}

/* A few keys, so that offers are joined, and meet in the table. */
static u64 eat_key(struct input *in)
{
	u32 key = input_eat(in, 1);

	return section_key(key >> 4, key & 7);
}

static void do_offer(struct player *p, struct slot *s, struct input *in)
{
	u64 key = eat_key(in);
	int number = mint_pair_offer(&p->view, key, 0);

	if (number < 0)
		return;
	CHECK(number < (int)p->view.geometry.nr_pairs);
	s->used = true;
	s->offered = true;
	s->end.number = number;
	s->end.key = key;
}

static void do_join(struct player *p, struct slot *s, struct input *in)
{
	u64 key = eat_key(in);
	int number = mint_pair_join(&p->view, key, 0);

	if (number < 0)
		return;
	CHECK(number < (int)p->view.geometry.nr_pairs);
	CHECK(pair_client(&p->view, number) <= 0xff);
	s->used = true;
	s->offered = false;
	end_init(&s->end, &p->view, number, key, true);
}

static void do_settle(struct player *p, struct slot *s)
{
	struct end *e = &s->end;

	if (!mint_pair_joined(&p->view, e->number, e->key) &&
	    mint_pair_withdraw(&p->view, e->number)) {
		s->used = false;
		return;
	}
	s->offered = false;
	end_init(e, &p->view, e->number, e->key, false);
	CHECK(pair_server(&p->view, e->number) <= 0xff);
}

/* Only while all bytes are read; then it is freed, or not, as a dead node would. */
static void do_memory(struct player *p, struct slot *s, struct input *in)
{
	struct mint_writer *writer = &s->end.writer;
	u32 order = input_eat(in, 1);

	if (mint_writer_look(writer, &p->view) || !mint_writer_idle(writer))
		return;
	if (!end_memory(&s->end, &p->view, order & 3, order >> 4))
		return;
	check_span(p, writer->data, writer->size);
	mint_writer_start(writer, order);
}

static void do_write(struct player *p, struct slot *s, struct input *in)
{
	struct mint_writer *writer = &s->end.writer;
	u64 bytes = input_eat(in, 2), span;
	void *at;

	if (bytes & 1)
		(void)!mint_writer_look(writer, &p->view);
	CHECK(mint_writer_room(writer) <= writer->size);
	span = mint_writer_span(writer, &at);
	if (!span)
		return;
	check_span(p, at, span);
	if (span > bytes)
		span = bytes;
	memset(at, 1, span);
	mint_writer_publish(writer, span);
	if (mint_writer_kicks(writer))
		mint_signal(&p->view, 1 - p->view.node, s->end.number);
}

static void do_read(struct player *p, struct slot *s, struct input *in)
{
	struct mint_reader *reader = &s->end.reader;
	u64 bytes = input_eat(in, 2), span, sum = 0, i;
	const void *at;

	if (bytes & 1 && mint_reader_look(reader, &p->view))
		return;
	CHECK(mint_reader_bytes(reader) <= reader->size);
	span = mint_reader_span(reader, bytes & 2 ? bytes : 0, &at);
	if (!span)
		return;
	check_span(p, at, span);
	for (i = 0; i < span; i++)
		sum += ((const u8 *)at)[i];
	asm volatile("" : : "r"(sum));
	mint_reader_consume(reader, span > bytes ? bytes : span);
	if (mint_reader_kicks(reader))
		mint_signal(&p->view, 1 - p->view.node, s->end.number);
}

static void do_words(struct player *p, struct slot *s, struct input *in)
{
	struct end *e = &s->end;
	u32 sequence;

	switch (input_eat(in, 1) % 8) {
	case 0:
		mint_writer_waits(&e->writer, 1);
		break;
	case 1:
		mint_reader_waits(&e->reader, 1);
		break;
	case 2:
		mint_writer_end(&e->writer);
		break;
	case 3:
		mint_reader_refuse(&e->reader);
		break;
	case 4:
		mint_writer_refused(&e->writer);
		mint_reader_ended(&e->reader);
		break;
	case 5:
		mint_reader_started(&e->reader, &sequence);
		break;
	default:
		mint_pair_leave(&p->view, e->number, e->server);
		s->used = false;
	}
}

static void do_bury(struct player *p, struct input *in)
{
	u32 node = input_eat(in, 1) % (NODES + 1), generation = input_eat(in, 4);

	fences.fenced[node] = generation;
	mint_pairs_bury(&p->view, node, generation);
}

static void do_node(struct player *p, struct input *in)
{
	u32 what = input_eat(in, 1);

	switch (what % 8) {
	case 0:
		mint_line_open(&p->view, what >> 4);
		mint_line_is_open(&p->view, what >> 4, 1);
		break;
	case 1:
		mint_signals_look(&p->view);
		break;
	case 2:
		mint_signals_sleep(&p->view);
		mint_signals_pending(&p->view);
		break;
	case 3:
		mint_signals_words(&p->view);
		mint_signals_take(&p->view, what >> 4);
		break;
	case 4:
		CHECK(mint_units_used(&p->view) <= p->view.geometry.nr_units);
		CHECK(mint_pairs_used(&p->view) <= p->view.geometry.nr_pairs);
		break;
	case 5:
		p->attached = false;
		break;
	default:
		do_bury(p, in);
	}
}

static void do_attach(struct player *p, u32 node, u32 generation)
{
	memset(p, 0, sizeof(*p));
	if (mint_view_init(&p->view, section, section_bytes(&geometry), node, generation,
			   fences_dead, &fences))
		return;
	p->view.lock_spins = 4;
	p->attached = true;
	mint_pairs_bury(&p->view, node, generation - 1);
}

static void do_end(struct player *p, struct slot *s, u32 what, struct input *in)
{
	switch (what) {
	case 0:
		do_memory(p, s, in);
		break;
	case 1:
	case 2:
		do_write(p, s, in);
		break;
	case 3:
	case 4:
		do_read(p, s, in);
		break;
	default:
		do_words(p, s, in);
	}
}

static void act(struct player *players, struct input *in)
{
	u32 what = input_eat(in, 1), verb = what >> 1 & 7;
	struct player *p = &players[what & 1];
	struct slot *s = &p->slots[what >> 4 & 3];

	if (!p->attached)
		do_attach(p, what & 1, 1 + (what >> 4));
	else if (verb == 6)
		do_node(p, in);
	else if (verb == 7)
		poke(in);
	else if (s->used && s->offered)
		do_settle(p, s);
	else if (s->used)
		do_end(p, s, verb, in);
	else if (verb & 1)
		do_join(p, s, in);
	else
		do_offer(p, s, in);
}

static void set_up(struct input *in)
{
	u32 how = input_eat(in, 1) & 3;
	size_t bytes = 0;

	geometry = section_geometry(MINT_BYPASS_PROBES, UNITS);
	if (!section)
		section = aligned_alloc(4096, section_bytes(&geometry));
	CHECK(section);
	section_reset(section, &geometry);
	memset(&fences, 0, sizeof(fences));
	if (how == 1)
		bytes = sizeof(struct mint_bypass);
	if (how == 2)
		bytes = geometry.data_offset - geometry.pair_offset;
	if (bytes > in->left)
		bytes = in->left;
	memcpy(section + (how == 2 ? geometry.pair_offset : 0), in->data, bytes);
	in->data += bytes;
	in->left -= bytes;
}

int fuzz_one(const u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

int fuzz_one(const u8 *data, size_t size)
{
	struct input in = { data, size };
	static struct player players[NODES];
	unsigned int steps;

	set_up(&in);
	do_attach(&players[0], 0, 1);
	do_attach(&players[1], 1, 1);
	for (steps = 0; in.left && steps < MAX_STEPS; steps++)
		act(players, &in);
	return 0;
}
