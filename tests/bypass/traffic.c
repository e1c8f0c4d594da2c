// SPDX-License-Identifier: GPL-2.0
/*
 * Connections between nodes that run at the same time, as processes over shared
 * memory or as threads (for ThreadSanitizer).
 *
 * Usage: traffic processes|threads NODES CONNECTIONS
 * Each node makes CONNECTIONS to the others, several at a time, with as many bytes in
 * each direction as their keys say. Checked: content, order, ends, no lost wake-up,
 * no fault, all entries and units free.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "player.h"

#define UNITS		512

static struct mint_bypass geometry;
static struct post *post;
static void *section;
static u32 nr_players;
static u64 nr_connections;

/* Counted up by each node that has ended its own calls. */
static u32 *nr_ready;

struct sums {
	u64 done;
	u64 alone;
	u64 slept;
	u64 grown;
};

static struct sums *sums;

static void add_up(const struct player *p)
{
	__atomic_fetch_add(&sums->done, p->nr_done, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sums->alone, p->nr_alone, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sums->slept, p->nr_slept, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sums->grown, p->nr_grown, __ATOMIC_RELAXED);
}

/* Who has made all its connections tells the others, and serves on. */
static bool all_made(struct player *p, bool *told)
{
	u32 i;

	if (p->to_call || p->nr_open)
		return false;
	if (!*told) {
		*told = true;
		__atomic_fetch_add(nr_ready, 1, __ATOMIC_SEQ_CST);
		for (i = 0; i < nr_players; i++)
			bell_ring(&post->bell[i]);
	}
	return mint_load_acquire(nr_ready) == nr_players;
}

static void *play(void *argument)
{
	struct player *p = calloc(1, sizeof(*p));
	bool told = false;

	CHECK(p);
	player_init(p, post, section, &geometry, nr_players, (u32)(unsigned long)argument, 1);
	p->to_call = nr_connections;
	for (;;) {
		u32 seen = mint_load_acquire(&post->bell[p->view.node]);

		if (player_work(p))
			continue;
		if (all_made(p, &told))
			break;
		player_rest(p, seen);
	}
	CHECK(!section_faults(&p->view));
	add_up(p);
	free(p);
	return NULL;
}

static void run_threads(void)
{
	pthread_t threads[PLAYERS];
	unsigned long i;

	for (i = 0; i < nr_players; i++)
		CHECK(!pthread_create(&threads[i], NULL, play, (void *)i));
	for (i = 0; i < nr_players; i++)
		CHECK(!pthread_join(threads[i], NULL));
}

static void run_processes(void)
{
	unsigned long i;
	int status;

	for (i = 0; i < nr_players; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (!pid) {
			play((void *)i);
			_exit(0);
		}
	}
	for (i = 0; i < nr_players; i++) {
		CHECK(wait(&status) > 0);
		CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	}
}

int main(int argc, char **argv)
{
	struct mint_view view;

	if (argc != 4)
		return 2;
	nr_players = strtoul(argv[2], NULL, 0);
	nr_connections = strtoull(argv[3], NULL, 0);
	CHECK(nr_players >= 2 && nr_players <= PLAYERS);
	geometry = section_geometry(PLAYER_PAIRS, UNITS);
	section = world_map(section_bytes(&geometry));
	section_reset(section, &geometry);
	post = world_map(sizeof(*post));
	sums = world_map(sizeof(*sums));
	nr_ready = world_map(sizeof(*nr_ready));
	if (!strcmp(argv[1], "threads"))
		run_threads();
	else
		run_processes();
	section_attach(&view, section, &geometry, 0, 1, &post->fences);
	CHECK(section_all_free(&view));
	CHECK(sums->done + 2 * sums->alone == 2 * nr_players * nr_connections);
	printf("%s: %u nodes, %llu connections, %llu alone, slept %llu times, grown %llu times; "
	       "all is free\n", argv[1], nr_players, (unsigned long long)sums->done / 2,
	       (unsigned long long)sums->alone, (unsigned long long)sums->slept,
	       (unsigned long long)sums->grown);
	return 0;
}
