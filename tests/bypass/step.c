// SPDX-License-Identifier: GPL-2.0
/*
 * A node that stops after every single instruction.
 *
 * Usage: step victim|recoverer|witness|reborn POINTS, step zombie 1
 * A child plays a node and is single-stepped. The memory that it shares is copied
 * after every step: the copy is the world in which the child stopped right there. In
 * the copy the living read what they were sent, bury, and leave; all has to be free
 * then. The dead start again and must find partners.
 *
 * victim: node 0, which has pairs with node 1. recoverer: node 1, after node 0 has
 * died. witness: node 2, which buries them and has no pair. reborn: node 0 again.
 */
#include <errno.h>

#include "end.h"
#include "stepped.h"

#define NODES		3
#define PAIRS		MINT_BYPASS_PROBES
#define UNITS		16
#define SNAPSHOTS	16

/* Pairs of nodes 0 and 1, by what node 0 is. */
enum {
	CLIENT,		/* from the beginning */
	SERVER,		/* likewise */
	LATE_CLIENT,	/* offered and joined while it is stepped */
	LATE_SERVER,	/* joined while it is stepped */
	NR_PAIRS,
};

#define WITHDRAWN_KEY	section_key(2, 100)
#define OFFERED_KEY	section_key(2, 101)

/* What node 0 has others do. */
enum request {
	NOTHING,
	JOIN,		/* node 1 joins LATE_CLIENT */
	DRAIN,		/* node 1 reads all of CLIENT */
	LEAVE,		/* node 1 leaves CLIENT */
};

/* What the child has got done, as it says itself. */
struct progress {
	u32 request;
	u32 answer;
	u64 written[NR_PAIRS];
	u64 published[NR_PAIRS];
	u64 lost_locks;
	u64 run;
};

/* The nodes that are not stepped, as they are while another one is. */
struct others {
	struct mint_view view[NODES];
	struct end end[NR_PAIRS];
	bool has[NR_PAIRS];
	int offered;
};

/* A crash point of the victim, to be recovered by a recoverer that dies. */
struct snapshot {
	void *section;
	struct others others;
	struct progress progress;
};

static struct mint_bypass geometry;
static void *section, *copy;
static struct progress *progress;
static struct fences nobody_dead, victim_dead = { .fenced = { [0] = 1 } };
static struct snapshot snapshots[SNAPSHOTS];
static unsigned int nr_snapshots;
static u64 random_state = 1;
static unsigned long nr_points;

static u32 draw(u32 below)
{
	return world_draw(&random_state, below);
}

static u64 key_of(u32 pair)
{
	return section_key(pair * 3, pair + 1);
}

/* The end of node 0. */
struct victim {
	struct mint_view view;
	struct end end[NR_PAIRS];
};

static void victim_write(struct victim *me, u32 pair, u64 bytes)
{
	struct end *e = &me->end[pair];
	u64 went;

	mint_store(&progress->written[pair], e->writer.tail + bytes);
	while (bytes && (went = end_write(e, bytes)))
		bytes -= went;
	mint_store(&progress->published[pair], e->writer.tail);
	if (mint_writer_kicks(&e->writer))
		mint_signal(&me->view, 1, e->number);
}

static void victim_begin(struct victim *me, u32 pair, u64 bytes)
{
	CHECK(end_memory(&me->end[pair], &me->view, 0, 0));
	mint_writer_start(&me->end[pair].writer, pair);
	victim_write(me, pair, bytes);
}

static void ask(enum request request)
{
	mint_store(&progress->request, request);
	while (mint_load(&progress->answer) != request)
		;
}

static void victim_meets(struct victim *me)
{
	struct end *e = &me->end[LATE_CLIENT];
	int number = mint_pair_offer(&me->view, WITHDRAWN_KEY, 0);

	CHECK(number >= 0 && mint_pair_withdraw(&me->view, number));
	number = mint_pair_offer(&me->view, key_of(LATE_CLIENT), 0);
	CHECK(number >= 0);
	ask(JOIN);
	CHECK(mint_pair_joined(&me->view, number, key_of(LATE_CLIENT)));
	end_init(e, &me->view, number, key_of(LATE_CLIENT), false);
	victim_begin(me, LATE_CLIENT, 5);
	number = mint_pair_join(&me->view, key_of(LATE_SERVER), 0);
	CHECK(number >= 0);
	end_init(&me->end[LATE_SERVER], &me->view, number, key_of(LATE_SERVER), true);
	victim_begin(me, LATE_SERVER, 3);
}

/* What the victim does: everything that there is, briefly. */
static void victim_script(void *context)
{
	struct victim *me = context;
	struct end *client = &me->end[CLIENT], *server = &me->end[SERVER];

	mint_line_open(&me->view, true);
	victim_meets(me);
	end_drain(server, &me->view);
	if (mint_reader_kicks(&server->reader))
		mint_signal(&me->view, 1, server->number);
	mint_reader_waits(&server->reader, 0);
	victim_begin(me, SERVER, 4);
	victim_write(me, CLIENT, 6);
	mint_writer_waits(&client->writer, 0);
	ask(DRAIN);
	CHECK(!mint_writer_look(&client->writer, &me->view) && mint_writer_idle(&client->writer));
	CHECK(end_memory(client, &me->view, 1, 2));
	victim_write(me, CLIENT, 7);
	mint_writer_end(&client->writer);
	end_leave(server, &me->view);
	mint_signals_look(&me->view);
	mint_signals_take(&me->view, !mint_signals_words(&me->view));
	mint_signals_sleep(&me->view);
	ask(LEAVE);
	end_leave(client, &me->view);
	CHECK(mint_pair_offer(&me->view, OFFERED_KEY, 0) >= 0);
	progress->lost_locks = me->view.faults[MINT_FAULT_LOCK];
}

/* What node 1 does in the world of the victim. */
static void answer(struct others *o, u32 request)
{
	struct mint_view *partner = &o->view[1];
	int number;

	switch (request) {
	case JOIN:
		number = mint_pair_join(partner, key_of(LATE_CLIENT), 0);
		CHECK(number >= 0);
		end_init(&o->end[LATE_CLIENT], partner, number, key_of(LATE_CLIENT), true);
		o->has[LATE_CLIENT] = true;
		break;
	case DRAIN:
		end_drain(&o->end[CLIENT], partner);
		break;
	case LEAVE:
		end_drain(&o->end[CLIENT], partner);
		end_leave(&o->end[CLIENT], partner);
		o->has[CLIENT] = false;
		break;
	}
	progress->answer = request;
}

/* Both ends of a pair, one of them node 0's; node 1 has sent something. */
static void make_pair(struct others *o, struct victim *victim, u32 pair)
{
	struct mint_view *client = pair == CLIENT ? &victim->view : &o->view[1];
	struct mint_view *server = pair == CLIENT ? &o->view[1] : &victim->view;
	int number = mint_pair_offer(client, key_of(pair), 0);

	CHECK(number >= 0 && mint_pair_join(server, key_of(pair), 0) == number);
	end_init(&victim->end[pair], &victim->view, number, key_of(pair), pair == SERVER);
	end_init(&o->end[pair], &o->view[1], number, key_of(pair), pair == CLIENT);
	o->has[pair] = true;
	CHECK(end_memory(&o->end[pair], &o->view[1], 0, 0));
	end_write(&o->end[pair], draw(20));
}

/* A world in which the victim is about to run: never twice the same. */
static void set_up(struct others *o, struct victim *victim)
{
	struct end *e;
	u32 i, n;

	memset(o, 0, sizeof(*o));
	memset(victim, 0, sizeof(*victim));
	memset(progress, 0, sizeof(*progress));
	section_reset(section, &geometry);
	for (i = 0; i < NODES; i++) {
		section_attach(&o->view[i], section, &geometry, i, 1, &nobody_dead);
		o->view[i].lock_spins = 64;
	}
	victim->view = o->view[0];
	make_pair(o, victim, CLIENT);
	make_pair(o, victim, SERVER);
	o->offered = mint_pair_offer(&o->view[1], key_of(LATE_SERVER), 0);
	/* The victim's bytes go over the end of its memory, or not. */
	e = &victim->end[CLIENT];
	CHECK(end_memory(e, &victim->view, 0, 0));
	for (n = draw(2) ? UNIT_BYTES - draw(8) : draw(20); n; n -= end_write(e, n))
		;
	end_drain(&o->end[CLIENT], &o->view[1]);
	CHECK(!mint_writer_look(&e->writer, &victim->view));
	progress->written[CLIENT] = e->writer.tail;
	progress->published[CLIENT] = e->writer.tail;
}

/* A node of the copied world. */
static struct mint_view in_copy(const struct mint_view *view, struct fences *fences)
{
	struct mint_view twin = *view;

	twin.base = copy;
	twin.dead_context = fences;
	return twin;
}

/* Its end, likewise; it will not write any more. */
static struct end end_in_copy(const struct end *e, const struct mint_view *view)
{
	struct end twin;

	end_init(&twin, view, e->number, e->key, e->server);
	twin.reader.run = e->reader.run;
	twin.reader.size = e->reader.size;
	twin.reader.head = e->reader.head;
	twin.reader.tail = e->reader.tail;
	if (e->reader.data)
		twin.reader.data = mint_unit_data(view, mint_run_first(e->reader.run));
	return twin;
}

/* All that node 0 has published is there, and nothing else. */
static void read_rest(struct end *e, struct mint_view *view, u32 pair)
{
	bool ended = mint_reader_ended(&e->reader);

	end_drain(e, view);
	CHECK(e->reader.head >= progress->published[pair] &&
	      e->reader.head <= progress->written[pair]);
	if (ended)
		CHECK(e->reader.head == progress->published[pair]);
}

/* Node 1 finds out what has become of its offer, as a socket that is closed does. */
static bool settle_offer(const struct others *o, struct mint_view *view, struct end *e)
{
	bool joined;

	if (o->offered < 0)
		return false;
	joined = mint_pair_joined(view, o->offered, key_of(LATE_SERVER));
	if (mint_pair_withdraw(view, o->offered)) {
		CHECK(!joined);
		return false;
	}
	end_init(e, view, o->offered, key_of(LATE_SERVER), false);
	return true;
}

/* Node 1 reads all it was sent, then leaves, before or after the burial. */
static void partner_survives(const struct others *o, struct mint_view *view, u32 dead,
			     u32 generation)
{
	bool bury_first = nr_points & 1, has[NR_PAIRS];
	struct end end[NR_PAIRS];
	u32 i;

	if (bury_first)
		mint_pairs_bury(view, dead, generation);
	memcpy(has, o->has, sizeof(has));
	for (i = 0; i < NR_PAIRS; i++)
		if (has[i])
			end[i] = end_in_copy(&o->end[i], view);
	has[LATE_SERVER] = settle_offer(o, view, &end[LATE_SERVER]);
	for (i = 0; i < NR_PAIRS; i++) {
		if (!has[i])
			continue;
		read_rest(&end[i], view, i);
		end_leave(&end[i], view);
	}
	mint_pairs_bury(view, dead, generation);
	CHECK(!mint_pairs_bury(view, dead, generation));
}

/* A connection from its beginning to its end, with memory that grows. */
static void talk(struct mint_view *client, struct mint_view *server, u64 key)
{
	int number = mint_pair_offer(client, key, 0), i;
	struct end end[2];

	CHECK(number >= 0 && mint_pair_join(server, key, 0) == number);
	CHECK(mint_pair_joined(client, number, key));
	end_init(&end[0], client, number, key, false);
	end_init(&end[1], server, number, key, true);
	for (i = 0; i < 2; i++) {
		struct mint_view *from = i ? server : client, *to = i ? client : server;

		CHECK(end_memory(&end[i], from, i, 0));
		CHECK(end_write(&end[i], 9) == 9);
		end_drain(&end[!i], to);
		CHECK(!mint_writer_look(&end[i].writer, from));
		CHECK(end_memory(&end[i], from, !i, 0) && end_write(&end[i], 4) == 4);
		end_drain(&end[!i], to);
		CHECK(end[!i].reader.head == 13);
	}
	end_leave(&end[0], client);
	end_leave(&end[1], server);
}

/* A dead node again, in its next generation. */
static struct mint_view restart(u32 id, struct fences *fences)
{
	struct mint_view view;

	section_attach(&view, copy, &geometry, id, fences->fenced[id] + 1, fences);
	view.lock_spins = 64;
	mint_pairs_bury(&view, id, fences->fenced[id]);
	return view;
}

/* A living node's offer outlives all burials of its former generations. */
static int offer_early(struct mint_view *view)
{
	return mint_pair_offer(view, section_key(view->node * 2, 400), 0);
}

static void withdraw_early(struct mint_view *view, int number)
{
	CHECK(number == -ENOSPC || mint_pair_withdraw(view, number));
}

/* These have ended, in the copied world. */
static void check_dead(const struct others *o, struct fences *fences)
{
	struct mint_view view[NODES];
	bool early = nr_points & 8;
	int offered[NODES];
	u32 i, j, living;

	memcpy(copy, section, section_bytes(&geometry));
	for (i = 0; i < NODES; i++)
		if (!fences->fenced[i])
			view[i] = in_copy(&o->view[i], fences);
		else if (early)
			view[i] = restart(i, fences);
	for (i = 0; early && i < NODES; i++)
		if (fences->fenced[i])
			offered[i] = offer_early(&view[i]);
	/* By turns the first or the last one begins. */
	for (i = 0; i < NODES * NODES; i++) {
		living = nr_points & 2 ? i / NODES : NODES - 1 - i / NODES;
		j = nr_points & 4 ? i % NODES : NODES - 1 - i % NODES;
		if (fences->fenced[living] || !fences->fenced[j])
			continue;
		if (living == 1 && j == 0)
			partner_survives(o, &view[1], 0, fences->fenced[0]);
		else
			mint_pairs_bury(&view[living], j, fences->fenced[j]);
	}
	for (i = 0; early && i < NODES; i++)
		if (fences->fenced[i])
			withdraw_early(&view[i], offered[i]);
	CHECK(section_all_free(&view[fences->fenced[2] ? 1 : 2]));
	for (i = 0; i < NODES; i++)
		if (fences->fenced[i] && !early)
			view[i] = restart(i, fences);
	for (i = 0; i < NODES; i++)
		talk(&view[i], &view[(i + 1) % NODES], section_key(i, 200 + i));
	for (i = 0; i < NODES; i++)
		CHECK(section_all_free(&view[i]) && !section_faults(&view[i]));
}

/* Keep some of the victim's crash points, most of them with the lock held. */
static void maybe_keep(const struct others *o)
{
	struct snapshot *s = &snapshots[nr_snapshots];
	struct mint_bypass *shared = section;

	if (nr_snapshots == SNAPSHOTS || draw(shared->lock.word ? 400 : 1500))
		return;
	s->section = malloc(section_bytes(&geometry));
	CHECK(s->section);
	memcpy(s->section, section, section_bytes(&geometry));
	s->others = *o;
	s->progress = *progress;
	nr_snapshots++;
}

/* The victim alone has ended, or node 1 with it. */
static void check_victim_dead(const struct others *o)
{
	struct fences fences = { .fenced = { [0] = 1 } };

	fences.fenced[1] = nr_points % 3 == 0;
	check_dead(o, &fences);
}

static void step_victim(unsigned long points, bool keep)
{
	while (nr_points < points || (keep && nr_snapshots < SNAPSHOTS)) {
		struct victim victim;
		struct others o;
		pid_t pid;

		set_up(&o, &victim);
		pid = stepped_start(victim_script, &victim);
		while (stepped_step(pid)) {
			nr_points++;
			if (progress->answer != progress->request)
				answer(&o, progress->request);
			if (keep)
				maybe_keep(&o);
			else
				check_victim_dead(&o);
		}
	}
}

/* Node 1 as the child: it has the ends of the snapshot. */
static void recoverer_script(void *context)
{
	struct others *o = context;

	o->view[1].dead_context = &victim_dead;
	nr_points = draw(2);
	partner_survives(o, &o->view[1], 0, 1);
	CHECK(mint_pair_offer(&o->view[1], WITHDRAWN_KEY, 0) >= 0);
}

/* Node 2 as the child. */
static void witness_script(void *context)
{
	struct others *o = context;

	o->view[2].dead_context = &victim_dead;
	mint_pairs_bury(&o->view[2], 0, 1);
	CHECK(mint_pair_offer(&o->view[2], WITHDRAWN_KEY, 0) >= 0);
}

/* Node 0 again as the child: a new incarnation that does not get far. */
static void reborn_script(void *context)
{
	struct end *e;
	struct victim me;
	int number;

	(void)context;
	section_attach(&me.view, section, &geometry, 0, 2, &victim_dead);
	me.view.lock_spins = 64;
	mint_line_open(&me.view, true);
	mint_pairs_bury(&me.view, 0, 1);
	number = mint_pair_join(&me.view, key_of(LATE_SERVER), 0);
	if (number >= 0) {
		e = &me.end[LATE_SERVER];
		end_init(e, &me.view, number, key_of(LATE_SERVER), true);
		victim_begin(&me, LATE_SERVER, 3);
		end_leave(e, &me.view);
	}
	CHECK(mint_pair_offer(&me.view, OFFERED_KEY, 0) >= 0);
}

/* From each snapshot on, a child dies: these are dead then. */
static void step_after(void (*script)(void *context), struct fences dead, unsigned long points)
{
	unsigned int i;

	step_victim(0, true);
	nr_points = 0;
	for (i = 0; nr_points < points; i = (i + 1) % SNAPSHOTS) {
		struct snapshot *s = &snapshots[i];
		struct others o = s->others;
		pid_t pid;

		memcpy(section, s->section, section_bytes(&geometry));
		*progress = s->progress;
		random_state++;
		pid = stepped_start(script, &o);
		while (stepped_step(pid)) {
			struct fences fences = dead;

			nr_points++;
			check_dead(&s->others, &fences);
		}
	}
}

static void claim_script(void *context)
{
	struct victim *me = context;

	progress->run = mint_run_claim(&me->view, 0, me->end[CLIENT].number, 1, 0);
	progress->lost_locks = me->view.faults[MINT_FAULT_LOCK];
}

/*
 * A node that was taken for dead while it held the lock, and goes on, after each
 * instruction in turn: it must notice, and leave the lock to its new owner.
 */
static void step_zombie(void)
{
	u64 own = mint_lock_word(0, 0, 1), other = mint_lock_word(2, 0, 1);
	struct mint_bypass *shared = section;
	unsigned long n = 0, i;
	bool held;

	do {
		struct victim victim;
		struct others o;
		pid_t pid;

		set_up(&o, &victim);
		pid = stepped_start(claim_script, &victim);
		while (shared->lock.word != own)
			CHECK(stepped_step(pid));
		for (i = 0; i < n; i++)
			CHECK(stepped_step(pid));
		held = shared->lock.word == own;
		if (held)
			shared->lock.word = other;
		n++;
		while (stepped_step(pid))
			CHECK(shared->lock.word == (held ? other : 0) ||
			      (held && i == n - 1 && !shared->lock.word));
		/* The last look at the word may have come before it was taken over. */
		if (held && shared->lock.word == other)
			CHECK(progress->lost_locks == 1 && !progress->run);
	} while (held);
	CHECK(n > 10);
	printf("zombie: after each of %lu instructions\n", n);
}

int main(int argc, char **argv)
{
	unsigned long points = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;

	if (!points)
		return 2;
	geometry = section_geometry(PAIRS, UNITS);
	section = world_map(section_bytes(&geometry));
	copy = world_map(section_bytes(&geometry));
	progress = world_map(sizeof(*progress));
	if (!strcmp(argv[1], "victim"))
		step_victim(points, false);
	else if (!strcmp(argv[1], "recoverer"))
		step_after(recoverer_script, (struct fences){ { 1, 1 } }, points);
	else if (!strcmp(argv[1], "witness"))
		step_after(witness_script, (struct fences){ { 1, 0, 1 } }, points);
	else if (!strcmp(argv[1], "reborn"))
		step_after(reborn_script, (struct fences){ { 2, 0, 0 } }, points);
	else
		step_zombie();
	if (nr_points)
		printf("%s: %lu crash points, none failed\n", argv[1], nr_points);
	return 0;
}
