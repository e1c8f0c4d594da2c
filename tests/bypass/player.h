/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A node that makes connections, moves bytes in both directions and ends them, woken
 * by nothing but signals.
 *
 * What TCP would do stands in a letter box for each direction between two nodes: the
 * client's key, and that the server has looked for it.
 */
#ifndef TESTS_BYPASS_PLAYER_H
#define TESTS_BYPASS_PLAYER_H

#include <sched.h>

#include "bell.h"
#include "end.h"

#define PLAYERS		4
#define PLAYER_PAIRS	96
#define PLAYER_CALLS	5	/* of a client to one server at a time */
#define PLAYER_ORDERS	3	/* a lane grows up to 2^3 units */
#define PLAYER_LOOKS	200

enum letter_state {
	LETTER_NONE,
	LETTER_SENT,		/* by the client: it offers */
	LETTER_ANSWERED,	/* by the server: it has looked, once */
};

struct letter {
	alignas(64) u64 key;
	u32 state;
};

/* Shared by all players, beside the section. */
struct post {
	alignas(64) u32 bell[PLAYERS];
	struct fences fences;
	struct letter letters[PLAYERS][PLAYERS][PLAYER_CALLS];
};

/* What became of a client's offer. */
enum stage {
	STAGE_NONE,
	STAGE_OFFERED,
	STAGE_JOINED,
};

/**
 * struct line - an end of a pair in use
 * @end: the end; by its number it is found
 * @stage: how far it has come
 * @peer: node at the other end
 * @order: of the memory that it has
 * @full: it met a full lane, so more memory is good for it
 * @ready: it has something to do
 * @sent: it has written all, or may not write more, and has ended its lane
 * @got: it has read all there is
 */
struct line {
	struct end end;
	enum stage stage;
	u32 peer;
	u32 order;
	bool full;
	bool ready;
	bool sent;
	bool got;
};

/**
 * struct player - one node as one process or thread plays it
 * @view: its view of the section
 * @post: shared
 * @nr_players: how many nodes there are
 * @random: state of its chance
 * @calls: by server and call, the pair that is offered there, or -1
 * @lines: by number of a pair
 * @to_call: connections that it still has to make as a client
 * @next_key: makes a key unlike all others
 * @may_break: nodes take back what they have offered, as when a peer dies
 * @nr_open: lines in use
 * @nr_done: connections that were made and have ended
 * @nr_alone: offers that the server did not join
 * @nr_slept: how often it waited for its doorbell
 * @nr_grown: how often a lane got other memory
 */
struct player {
	struct mint_view view;
	struct post *post;
	u32 nr_players;
	u64 random;
	int calls[PLAYERS][PLAYER_CALLS];
	struct line lines[PLAYER_PAIRS];
	u64 to_call;
	u64 next_key;
	bool may_break;
	u32 nr_open;
	u64 nr_done;
	u64 nr_alone;
	u64 nr_slept;
	u64 nr_grown;
};

static inline u32 player_draw(struct player *p, u32 below)
{
	return world_draw(&p->random, below);
}

/* What both ends know of a connection without having been told. */
static inline u32 key_chance(u64 key, u32 what, u32 below)
{
	u64 state = key ^ (u64)what << 48;

	world_draw(&state, 2);
	return world_draw(&state, below);
}

/* How many bytes an end sends, if it is let. */
static inline u64 key_bytes(u64 key, bool server)
{
	u32 what = 1 + server;

	return key_chance(key, what, 4) ? key_chance(key, what + 2, 3000) :
		key_chance(key, what + 2, 16 * UNIT_BYTES);
}

/* Of how many bytes an end has enough; most never have. */
static inline u64 key_refusal(u64 key, bool server)
{
	return key_chance(key, 5 + server, 8) ? ~0ULL : key_chance(key, 7 + server, 2000);
}

static inline bool key_is_joined(u64 key)
{
	return key_chance(key, 9, 10);
}

static inline void player_tell(struct player *p, const struct line *line)
{
	if (line->peer < p->nr_players && mint_signal(&p->view, line->peer, line->end.number))
		bell_ring(&p->post->bell[line->peer]);
}

static inline void line_join(struct player *p, u32 number, u64 key, u32 peer, bool server)
{
	struct line *line = &p->lines[number];

	end_init(&line->end, &p->view, number, key, server);
	line->stage = STAGE_JOINED;
	line->peer = peer;
	line->ready = true;
	line->sent = false;
	line->got = false;
	line->full = false;
}

static inline void line_drop(struct player *p, struct line *line)
{
	line->stage = STAGE_NONE;
	p->nr_open--;
}

/* Ends its lane, if it has none more to write; the reader hears of that. */
static inline void line_end(struct player *p, struct line *line)
{
	mint_writer_end(&line->end.writer);
	line->sent = true;
	if (mint_writer_kicks(&line->end.writer))
		player_tell(p, line);
}

/* More memory for a lane that was full and is empty; it may be had or not. */
static inline void line_grow(struct player *p, struct line *line)
{
	struct mint_writer *writer = &line->end.writer;
	u32 spare = p->view.geometry.nr_units / 2;

	if (!line->full || !mint_writer_idle(writer) || line->order == PLAYER_ORDERS)
		return;
	line->full = false;
	if (end_memory(&line->end, &p->view, line->order + 1, spare)) {
		line->order++;
		p->nr_grown++;
	}
}

/* Writes a piece. Returns false if the line has to wait for room. */
static inline bool line_send(struct player *p, struct line *line)
{
	struct mint_writer *writer = &line->end.writer;
	u64 left = key_bytes(line->end.key, line->end.server) - writer->tail;

	CHECK(!mint_writer_look(writer, &p->view));
	if (!left || mint_writer_refused(writer)) {
		line_end(p, line);
		return true;
	}
	if (!writer->run) {
		CHECK(end_memory(&line->end, &p->view, 0, 0));
		line->order = 0;
		mint_writer_start(writer, line->end.key);
	}
	line_grow(p, line);
	if (left > 1)
		left = 1 + player_draw(p, left);
	if (end_write(&line->end, left)) {
		if (mint_writer_kicks(writer))
			player_tell(p, line);
		return true;
	}
	line->full = true;
	mint_writer_waits(writer, 0);
	CHECK(!mint_writer_look(writer, &p->view));
	return mint_writer_room(writer) || mint_writer_refused(writer);
}

static inline void line_check_end(const struct line *line)
{
	const struct end *e = &line->end;
	u64 bytes = key_bytes(e->key, !e->server);

	CHECK(e->reader.head == bytes ||
	      (e->reader.head < bytes && key_refusal(e->key, e->server) <= e->reader.head));
}

/* Reads a piece. Returns false if the line has to wait for bytes. */
static inline bool line_receive(struct player *p, struct line *line)
{
	struct mint_reader *reader = &line->end.reader;
	bool ended = mint_reader_ended(reader);
	u32 sequence;

	CHECK(!mint_reader_look(reader, &p->view));
	if (end_read(&line->end, 1 + player_draw(p, 2 * UNIT_BYTES))) {
		CHECK(mint_reader_started(reader, &sequence) && sequence == (u32)line->end.key);
		if (reader->head >= key_refusal(line->end.key, line->end.server))
			mint_reader_refuse(reader);
		if (mint_reader_kicks(reader))
			player_tell(p, line);
		return true;
	}
	if (ended) {
		line_check_end(line);
		line->got = true;
		return true;
	}
	mint_reader_waits(reader, 0);
	CHECK(!mint_reader_look(reader, &p->view));
	return mint_reader_bytes(reader) || mint_reader_ended(reader);
}

/* Does some work on a line that is ready. */
static inline void line_work(struct player *p, struct line *line)
{
	bool more = false;

	if (!line->sent)
		more |= line_send(p, line);
	if (!line->got)
		more |= line_receive(p, line);
	line->ready = more;
	if (line->sent && line->got) {
		mint_pair_leave(&p->view, line->end.number, line->end.server);
		line_drop(p, line);
		p->nr_done++;
	}
}

/* As a client: a key that nobody has, in any of the places. */
static inline u64 player_key(struct player *p)
{
	u64 number = ++p->next_key * PLAYERS + p->view.node;

	return (u64)player_draw(p, 1 << 20) << 32 | (u32)(number + (p->view.generation << 24));
}

static inline void player_call(struct player *p, u32 to, u32 call)
{
	struct letter *letter = &p->post->letters[p->view.node][to][call];
	u64 key = player_key(p);
	int number = mint_pair_offer(&p->view, key, 0);
	struct line *line;

	if (number < 0) {
		sched_yield();	/* nobody rings for a free entry */
		return;
	}
	line = &p->lines[number];
	CHECK(line->stage == STAGE_NONE);
	line->stage = STAGE_OFFERED;
	line->peer = to;
	line->ready = false;
	line->end.key = key;
	line->end.number = number;
	p->calls[to][call] = number;
	p->nr_open++;
	p->to_call--;
	mint_store(&letter->key, key);
	mint_store_release(&letter->state, LETTER_SENT);
	bell_ring(&p->post->bell[to]);
}

/* The server has looked: the client has a partner now or never. */
static inline void player_hear(struct player *p, struct letter *letter, u32 to, u32 call)
{
	struct line *line = &p->lines[p->calls[to][call]];
	u64 key = line->end.key;
	u32 number = line->end.number;

	mint_store(&letter->state, LETTER_NONE);
	p->calls[to][call] = -1;
	if (mint_pair_joined(&p->view, number, key)) {
		line_join(p, number, key, to, false);
		return;
	}
	CHECK(!key_is_joined(key) || p->may_break);
	/* Unless a server has it that had looked for the former key of this entry. */
	if (!mint_pair_withdraw(&p->view, number))
		mint_pair_leave(&p->view, number, false);
	p->nr_alone++;
	line_drop(p, line);
}

static inline bool player_calls(struct player *p, u32 to)
{
	bool busy = false;
	u32 call;

	for (call = 0; call < PLAYER_CALLS; call++) {
		struct letter *letter = &p->post->letters[p->view.node][to][call];

		if (p->calls[to][call] < 0) {
			if (!p->to_call)
				continue;
			player_call(p, to, call);
			busy = true;
		} else if (mint_load_acquire(&letter->state) == LETTER_ANSWERED) {
			player_hear(p, letter, to, call);
			busy = true;
		}
	}
	return busy;
}

/* As a server: looks once for what a client has called for. */
static inline void player_answer(struct player *p, u32 from, u64 key)
{
	int number;

	if (!key_is_joined(key))
		return;
	number = mint_pair_join(&p->view, key, 0);
	if (number < 0) {
		CHECK(p->may_break);
		return;
	}
	CHECK(p->lines[number].stage == STAGE_NONE);
	p->nr_open++;
	line_join(p, number, key, from, true);
}

static inline bool player_answers(struct player *p, u32 from)
{
	bool busy = false;
	u32 call;

	for (call = 0; call < PLAYER_CALLS; call++) {
		struct letter *letter = &p->post->letters[from][p->view.node][call];

		if (mint_load_acquire(&letter->state) != LETTER_SENT)
			continue;
		player_answer(p, from, mint_load(&letter->key));
		mint_store_release(&letter->state, LETTER_ANSWERED);
		bell_ring(&p->post->bell[from]);
		busy = true;
	}
	return busy;
}

static inline void player_take_signals(struct player *p)
{
	u64 words = mint_signals_words(&p->view), bits;

	for (; words; words &= words - 1) {
		u32 word = __builtin_ctzll(words);

		for (bits = mint_signals_take(&p->view, word); bits; bits &= bits - 1)
			p->lines[word * 64 + __builtin_ctzll(bits)].ready = true;
	}
}

/* Does all that can be done now; false if that is nothing. */
static inline bool player_work(struct player *p)
{
	bool busy = false;
	u32 i;

	player_take_signals(p);
	for (i = 0; i < p->nr_players; i++)
		if (i != p->view.node) {
			busy |= player_answers(p, i);
			busy |= player_calls(p, i);
		}
	for (i = 0; i < PLAYER_PAIRS; i++) {
		struct line *line = &p->lines[i];

		if (line->stage == STAGE_JOINED && line->ready) {
			line_work(p, line);
			busy = true;
		}
	}
	return busy;
}

/*
 * Looks for signals for a while, or not, then sleeps until the doorbell. @seen was
 * read before there was nothing to do.
 */
static inline void player_rest(struct player *p, u32 seen)
{
	u32 looks = player_draw(p, 2) * PLAYER_LOOKS;

	if (looks)
		mint_signals_look(&p->view);
	while (looks-- && !mint_signals_pending(&p->view))
		mint_relax();
	if (!mint_signals_sleep(&p->view))
		return;
	p->nr_slept++;
	bell_sleep(&p->post->bell[p->view.node], seen);
}

static inline void player_init(struct player *p, struct post *post, void *section,
			       const struct mint_bypass *geometry, u32 nr_players, u32 node,
			       u32 generation)
{
	memset(p, 0, sizeof(*p));
	memset(p->calls, -1, sizeof(p->calls));
	section_attach(&p->view, section, geometry, node, generation, &post->fences);
	p->view.lock_spins = 1U << 24;
	p->post = post;
	p->nr_players = nr_players;
	p->random = node + 1 + generation * 64;
	mint_line_open(&p->view, true);
}

#endif /* TESTS_BYPASS_PLAYER_H */
