// SPDX-License-Identifier: GPL-2.0
/*
 * Nodes that are killed at random while all have connections with each other.
 *
 * Usage: kill KILLS
 * Three children play the nodes. The parent kills one of them at a random moment and
 * says so; the others bury it, break their connections with it, and go on with each
 * other. Then all of them end what they have, and every entry and unit must be free,
 * before the dead node starts again.
 */
#include <signal.h>
#include <sys/wait.h>

#include "player.h"

#define NODES		3
#define UNITS		512
#define LIMIT_S		60

/* What the parent wants of the nodes, and what they answer. */
struct orders {
	u32 quiet;		/* number of the silence that is wanted */
	u32 running;		/* number of the last one that is over */
	u32 silent[NODES];	/* by node: the last one that it keeps */
	u64 done[NODES];	/* connections that came to their end */
};

static struct mint_bypass geometry;
static struct post *post;
static struct orders *orders;
static void *section;
static u64 random_state = 1;

static u32 draw(u32 below)
{
	return world_draw(&random_state, below);
}

/* Ends a line at once, whatever it is in the middle of. */
static void line_break(struct player *p, struct line *line)
{
	u32 number = line->end.number;

	if (line->stage == STAGE_JOINED) {
		mint_reader_refuse(&line->end.reader);
		if (mint_reader_kicks(&line->end.reader))
			player_tell(p, line);
		mint_pair_leave(&p->view, number, line->end.server);
	} else if (!mint_pair_withdraw(&p->view, number)) {
		/* A server that is dead or alive had joined it. */
		mint_pair_leave(&p->view, number, false);
	}
	line_drop(p, line);
}

/* All of them, or those with one node. An offer is not withdrawn twice. */
static void break_lines(struct player *p, u32 with)
{
	u32 i, call;

	for (i = 0; i < PLAYER_PAIRS; i++) {
		struct line *line = &p->lines[i];

		if (line->stage != STAGE_NONE && (with == NODES || line->peer == with))
			line_break(p, line);
	}
	for (i = 0; i < NODES; i++)
		for (call = 0; call < PLAYER_CALLS; call++)
			if (with == NODES || i == with)
				p->calls[i][call] = -1;
}

/* What TCP would notice of a dead peer: what it has sent is read, then there is an end. */
static void drain_lines(struct player *p, u32 from)
{
	u32 i;

	for (i = 0; i < PLAYER_PAIRS; i++)
		if (p->lines[i].stage == STAGE_JOINED && p->lines[i].peer == from)
			end_drain(&p->lines[i].end, &p->view);
}

static void bury_the_dead(struct player *p, u32 *buried)
{
	u32 i;

	for (i = 0; i < NODES; i++) {
		u32 dead = mint_load_acquire(&post->fences.fenced[i]);

		if (i == p->view.node || buried[i] == dead)
			continue;
		if (player_draw(p, 2))
			mint_pairs_bury(&p->view, i, dead);
		drain_lines(p, i);
		break_lines(p, i);
		mint_pairs_bury(&p->view, i, dead);
		buried[i] = dead;
	}
}

/* Ends all, says so, and waits until all have. */
static void keep_silence(struct player *p, u32 *buried, u32 number)
{
	bury_the_dead(p, buried);
	break_lines(p, NODES);
	mint_store_release(&orders->silent[p->view.node], number);
	while (mint_load_acquire(&orders->running) != number)
		sched_yield();
}

static void play(u32 node, u32 generation)
{
	struct player *p = calloc(1, sizeof(*p));
	u32 buried[NODES], i;

	CHECK(p);
	player_init(p, post, section, &geometry, NODES, node, generation);
	p->may_break = true;
	mint_pairs_bury(&p->view, node, generation - 1);
	for (i = 0; i < NODES; i++)
		buried[i] = mint_load(&post->fences.fenced[i]);
	for (;;) {
		u32 quiet = mint_load_acquire(&orders->quiet);

		bury_the_dead(p, buried);
		if (quiet != mint_load(&orders->running))
			keep_silence(p, buried, quiet);
		p->to_call = NODES * PLAYER_CALLS;
		/* Nobody waits for a doorbell: what a peer owed may have died with it. */
		for (i = 0; i < PLAYER_PAIRS; i++)
			p->lines[i].ready = true;
		player_work(p);
		CHECK(!section_faults(&p->view));
		mint_store(&orders->done[node], p->nr_done);
	}
}

static pid_t start(u32 node, u32 generation)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid)
		play(node, generation);
	return pid;
}

static u64 sum_done(void)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < NODES; i++)
		sum += mint_load(&orders->done[i]);
	return sum;
}

/* Every child must live, and there must be some progress. */
static void let_run(u64 wanted)
{
	u64 begun = sum_done();
	time_t limit = time(NULL) + LIMIT_S;
	int status;

	while (sum_done() - begun < wanted) {
		CHECK(time(NULL) < limit);
		CHECK(!waitpid(-1, &status, WNOHANG));
		sched_yield();
	}
}

/* Until all but one keep silence, all letters are void, and all must be free. */
static void census(u32 dead, u32 number)
{
	time_t limit = time(NULL) + LIMIT_S;
	struct mint_view view;
	u32 i;

	mint_store_release(&orders->quiet, number);
	for (i = 0; i < NODES; i++)
		while (i != dead && mint_load_acquire(&orders->silent[i]) != number) {
			CHECK(time(NULL) < limit);
			sched_yield();
		}
	section_attach(&view, section, &geometry, (dead + 1) % NODES, 1, &post->fences);
	CHECK(section_all_free(&view));
	memset(post->letters, 0, sizeof(post->letters));
}

int main(int argc, char **argv)
{
	u32 kills = argc == 2 ? strtoul(argv[1], NULL, 0) : 0, generation[NODES], i, dead;
	struct mint_bypass *shared;
	pid_t pid[NODES];
	int status;

	if (!kills)
		return 2;
	geometry = section_geometry(PLAYER_PAIRS, UNITS);
	section = world_map(section_bytes(&geometry));
	section_reset(section, &geometry);
	shared = section;
	post = world_map(sizeof(*post));
	orders = world_map(sizeof(*orders));
	for (i = 0; i < NODES; i++) {
		generation[i] = 1;
		pid[i] = start(i, 1);
	}
	for (i = 1; i <= kills; i++) {
		let_run(draw(50));
		dead = draw(NODES);
		CHECK(!kill(pid[dead], SIGKILL));
		CHECK(waitpid(pid[dead], &status, 0) == pid[dead]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		mint_store(&orders->done[dead], 0);
		mint_store_release(&post->fences.fenced[dead], generation[dead]);
		/* The others may go on with each other for a while. */
		if (draw(2))
			let_run(draw(20));
		census(dead, i);
		pid[dead] = start(dead, ++generation[dead]);
		mint_store_release(&orders->running, i);
	}
	for (i = 0; i < NODES; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], &status, 0);
	}
	printf("%u kills, %llu locks taken over, all is free\n", kills,
	       (unsigned long long)shared->lock.takeovers);
	return 0;
}
