// SPDX-License-Identifier: GPL-2.0
/*
 * A node that is killed at random while two exchange frames at full speed.
 *
 * Usage: kill KILLS
 * A child plays node 0 and is killed again and again; the parent, node 1,
 * buries it, counts the buffers and starts it under the next generation,
 * which must deliver and be delivered to before it is killed in its turn.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ringtest.h"

#define SLOTS		16
#define SECTION_BYTES	(352 * 1024)
#define LIMIT_S		20

static void *section;
static struct fences *fences;
static __u64 random_state = 1;

struct flow {
	__u32 sent;
	__u32 received;
};

static __u32 draw(__u32 below)
{
	return world_draw(&random_state, below);
}

/*
 * Send one frame to the other node, if that takes frames and there is room:
 * every other one inline.
 */
static void send_one(struct node *me, __u32 to, __u32 to_generation,
		     struct flow *flow)
{
	struct vni_frame frame;
	int posted;

	if (!frame_make(me, 60, flow->sent & 1, &frame))
		return;
	frame_write(&me->port, &frame, flow->sent);
	frame.slot.hash = flow->sent;
	posted = vni_ring_post(&me->port, 0, to, to_generation, &frame, 1);
	CHECK(posted >= 0 || posted == -ENETDOWN || posted == -EBUSY);
	if (posted == 1)
		flow->sent++;
	else
		vni_buf_free(&me->port, &me->cache, frame.handle);
}

/* Take what there is of one incarnation, in order; skip an older one's. */
static void receive_all(struct node *me, __u32 from_generation,
			struct flow *flow)
{
	struct vni_frame frame;
	int err;

	while ((err = vni_ring_take(&me->port, 0, &frame))) {
		CHECK(err == 1);
		if (frame.slot.generation == from_generation) {
			CHECK(frame.slot.hash == flow->received);
			frame_check(&me->port, &frame, flow->received);
			flow->received++;
		}
		vni_buf_free(&me->port, &me->cache, frame.handle);
	}
}

static void play_victim(__u32 generation)
{
	struct flow flow = { 0 };
	struct node me;

	ringtest_attach(&me, section, SECTION_BYTES, 0, generation, fences);
	vni_port_bury(&me.port, &me.cache, 0, generation - 1);
	while (vni_ring_open(&me.port, 0, 0, &ringtest_receiver))
		;
	for (;;) {
		send_one(&me, 1, 1, &flow);
		receive_all(&me, 1, &flow);
		if (flow.sent % 64 == 0)
			vni_cache_flush(&me.port, &me.cache);
	}
}

static pid_t start_victim(__u32 generation)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		play_victim(generation);
		_exit(1);
	}
	return pid;
}

/* Frames of this incarnation arrived, and it has taken some of ours. */
static int both_ways(const struct flow *flow)
{
	return flow->received > 4 && flow->sent > 2 * SLOTS;
}

static void live_with(struct node *me, __u32 generation)
{
	time_t limit = time(NULL) + LIMIT_S;
	unsigned int rounds = draw(2000);
	struct flow flow = { 0 };

	while (rounds || !both_ways(&flow)) {
		rounds -= !!rounds;
		send_one(me, 0, generation, &flow);
		receive_all(me, generation, &flow);
		CHECK(time(NULL) < limit);
	}
}

static void bury(struct node *me, __u32 generation)
{
	struct flow rest = { 0 };

	mint_store(&fences->fenced[0], generation);
	receive_all(me, 0, &rest);
	vni_port_bury(&me->port, &me->cache, 0, generation);
	vni_cache_flush(&me->port, &me->cache);
	ringtest_all_free(&me->port);
}

int main(int argc, char **argv)
{
	unsigned long kills = argc == 2 ? strtoul(argv[1], NULL, 0) : 0;
	struct node me;
	__u32 generation;
	int status;

	if (!kills)
		return 2;
	fences = world_map(sizeof(*fences));
	section = world_map(SECTION_BYTES);
	CHECK(!vni_section_format(section, SECTION_BYTES, 2, 1, SLOTS));
	ringtest_attach(&me, section, SECTION_BYTES, 1, 1, fences);
	ringtest_open(&me);
	for (generation = 1; generation <= kills; generation++) {
		pid_t pid = start_victim(generation);

		live_with(&me, generation);
		CHECK(!kill(pid, SIGKILL));
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		bury(&me, generation);
	}
	printf("%lu kills, %llu locks taken over, all buffers back\n", kills,
	       (unsigned long long)me.port.takeovers);
	return 0;
}
