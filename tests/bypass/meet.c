// SPDX-License-Identifier: GPL-2.0
/*
 * Two nodes that do something at the same time.
 *
 * Usage: meet [NAME...]
 * A child does what one node does, and is stopped after each of its instructions in
 * turn: there another node does all of its part. Then the child goes on to its end.
 * What both have found must go together, and when all have left, all must be free.
 * What they do is in meet_pairs.c and meet_lanes.c.
 */
#include "meet.h"
#include "stepped.h"

#define PAIRS	MINT_BYPASS_PROBES

static struct mint_bypass geometry;
static void *section;
struct room *room;
struct mint_view *a, *b, *c;

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

/* Returns after how many instructions they met. */
static unsigned long meet_all(const struct meeting *m, int argc, char **argv)
{
	unsigned long sum = 0, n;

	for (; m->name; m++) {
		if (!is_named(m->name, argc, argv))
			continue;
		printf("%s\n", m->name);
		fflush(stdout);
		for (n = 0; meet_after(m, n); n++)
			;
		sum += n;
	}
	return sum;
}

int main(int argc, char **argv)
{
	unsigned long sum;

	geometry = section_geometry(PAIRS, UNITS);
	section = world_map(section_bytes(&geometry));
	room = world_map(sizeof(*room));
	a = &room->view[0];
	b = &room->view[1];
	c = &room->view[2];
	sum = meet_all(pair_meetings, argc, argv) + meet_all(lane_meetings, argc, argv);
	CHECK(sum);
	printf("met after each of %lu instructions\n", sum);
	return 0;
}
