// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic between nodes that run at the same time, as processes over shared
 * memory or as threads (for ThreadSanitizer, hence the plain payload).
 *
 * Usage: traffic processes|threads NODES FRAMES pairs|fan-in
 * pairs: every node sends FRAMES to every other. fan-in: all send to node 0.
 * Checked: content, order, no loss, no lost wake-up, all buffers back.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "bell.h"
#include "ringtest.h"

#define MAX_NODES	4
#define SLOTS		64
#define SECTION_BYTES	(32 * 1024 * 1024)
#define BATCH		16

struct shared {
	alignas(64) __u32 bell[MAX_NODES];
	struct fences fences;
	__u32 attached;
	__u32 done;
};

struct player {
	struct node node;
	__u32 id;
	__u64 random;
	__u64 to_send[MAX_NODES];
	__u64 sent[MAX_NODES];
	__u64 expected;
	__u64 received[MAX_NODES];
	__u64 received_all;
	struct vni_frame pending[MAX_NODES][BATCH];
	unsigned int nr_pending[MAX_NODES];
};

static struct shared *shared;
static void *section;
static unsigned int nr_nodes;
static __u64 nr_frames;
static int fan_in;

static __u32 draw(struct player *p, __u32 below)
{
	return world_draw(&p->random, below);
}

static int sends_to(__u32 from, __u32 to)
{
	return from != to && (!fan_in || to == 0);
}

/* Mostly short frames, a few that need a large or a huge buffer. */
static __u32 draw_length(struct player *p)
{
	__u32 kind = draw(p, 256);

	if (kind < 200)
		return VNI_MIN_FRAME + draw(p, 100);
	if (kind < 253)
		return VNI_MIN_FRAME + draw(p, 1500);
	if (kind < 255)
		return VNI_MIN_FRAME + draw(p, VNI_MAX_PLAIN_FRAME - VNI_MIN_FRAME + 1);
	return VNI_MIN_FRAME + draw(p, VNI_MAX_FRAME - VNI_MIN_FRAME + 1);
}

static unsigned char pattern(__u32 from, __u64 sequence)
{
	return sequence * 31 + from * 101 + 7;
}

static int make_frame(struct player *p, __u32 to, struct vni_frame *frame)
{
	__u64 sequence = p->sent[to] + p->nr_pending[to];
	__u32 length = draw_length(p);
	int data = length <= VNI_INLINE_BYTES && draw(p, 2);

	if (!frame_make(&p->node, length, data, frame))
		return 0;
	frame_write(&p->node.port, frame, pattern(p->id, sequence));
	frame->slot.hash = sequence;
	return 1;
}

static int send_some(struct player *p, __u32 to)
{
	struct vni_frame *pending = p->pending[to];
	unsigned int want = 1 + draw(p, BATCH);
	int n;

	while (p->nr_pending[to] < want &&
	       p->sent[to] + p->nr_pending[to] < p->to_send[to] &&
	       make_frame(p, to, &pending[p->nr_pending[to]]))
		p->nr_pending[to]++;
	if (!p->nr_pending[to])
		return 0;
	n = vni_ring_post(&p->node.port, 0, to, 1, pending, p->nr_pending[to]);
	if (n == -EBUSY)
		return 1;
	CHECK(n >= 0);
	p->sent[to] += n;
	p->nr_pending[to] -= n;
	memmove(pending, &pending[n], p->nr_pending[to] * sizeof(*pending));
	if (n && vni_ring_needs_kick(&p->node.port, to))
		bell_ring(&shared->bell[to]);
	return n > 0;
}

static void check_frame(struct player *p, const struct vni_frame *frame)
{
	__u32 from = frame->slot.source;

	CHECK(frame->slot.hash == (__u32)p->received[from]);
	frame_check(&p->node.port, frame, pattern(from, p->received[from]));
}

static int receive_some(struct player *p)
{
	struct vni_frame frame;
	__u64 waiters;
	__u32 i;
	int n;

	for (n = 0; n < 64; n++) {
		int got = vni_ring_take(&p->node.port, 0, &frame);

		CHECK(got >= 0);
		if (!got)
			break;
		check_frame(p, &frame);
		p->received[frame.slot.source]++;
		p->received_all++;
		vni_buf_free(&p->node.port, &p->node.cache, frame.handle);
	}
	waiters = vni_ring_release(&p->node.port, 0);
	for (i = 0; i < nr_nodes; i++)
		if (waiters & 1ULL << i)
			bell_ring(&shared->bell[i]);
	return n;
}

static int all_sent(const struct player *p)
{
	__u32 to;

	for (to = 0; to < nr_nodes; to++)
		if (p->sent[to] < p->to_send[to])
			return 0;
	return 1;
}

/* Is everything that could still be sent held up by a full ring? */
static int stopped(struct player *p)
{
	__u32 to;

	for (to = 0; to < nr_nodes; to++) {
		if (p->sent[to] == p->to_send[to])
			continue;
		if (!p->nr_pending[to])
			return 0;	/* no buffer: nobody rings for that */
		vni_ring_wait_space(&p->node.port, to);
		if (vni_ring_space(&p->node.port, to))
			return 0;
	}
	return 1;
}

static void rest(struct player *p)
{
	__u32 seen = mint_load_acquire(&shared->bell[p->id]);

	if (!stopped(p)) {
		sched_yield();
		return;
	}
	vni_ring_mend(&p->node.port, 0);
	if (vni_ring_arm(&p->node.port, 0, 1)) {
		bell_sleep(&shared->bell[p->id], seen);
		vni_ring_disarm(&p->node.port, 0);
	}
}

static void meet(__u32 *count, const char *what)
{
	time_t limit = time(NULL) + 60;

	__atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
	while (mint_load_acquire(count) < nr_nodes) {
		if (time(NULL) > limit) {
			fprintf(stderr, "gave up waiting: %s\n", what);
			_exit(1);
		}
		sched_yield();
	}
}

static void *play(void *argument)
{
	struct player *p = calloc(1, sizeof(*p));
	__u32 i;

	CHECK(p);
	p->id = (__u32)(unsigned long)argument;
	p->random = p->id + 1;
	ringtest_attach(&p->node, section, SECTION_BYTES, p->id, 1,
			&shared->fences);
	p->node.port.lock_spins = 1u << 24;
	ringtest_open(&p->node);
	for (i = 0; i < nr_nodes; i++) {
		p->to_send[i] = sends_to(p->id, i) ? nr_frames : 0;
		p->expected += sends_to(i, p->id) ? nr_frames : 0;
	}
	meet(&shared->attached, "attach");
	while (!all_sent(p) || p->received_all < p->expected) {
		int busy = receive_some(p);

		for (i = 0; i < nr_nodes; i++)
			busy |= send_some(p, i);
		if (!busy)
			rest(p);
	}
	meet(&shared->done, "end");
	CHECK(!ringtest_faults(&p->node.port));
	vni_ring_close(&p->node.port, 0, &p->node.cache);
	free(p);
	return NULL;
}

static void run_threads(void)
{
	pthread_t threads[MAX_NODES];
	unsigned long i;

	for (i = 0; i < nr_nodes; i++)
		CHECK(!pthread_create(&threads[i], NULL, play, (void *)i));
	for (i = 0; i < nr_nodes; i++)
		CHECK(!pthread_join(threads[i], NULL));
}

static void run_processes(void)
{
	unsigned long i;
	int status;

	for (i = 0; i < nr_nodes; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (!pid) {
			play((void *)i);
			_exit(0);
		}
	}
	for (i = 0; i < nr_nodes; i++) {
		CHECK(wait(&status) > 0);
		CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	}
}

int main(int argc, char **argv)
{
	struct vni_port port;

	if (argc != 5)
		return 2;
	nr_nodes = strtoul(argv[2], NULL, 0);
	nr_frames = strtoull(argv[3], NULL, 0);
	fan_in = !strcmp(argv[4], "fan-in");
	CHECK(nr_nodes >= 2 && nr_nodes <= MAX_NODES);
	shared = world_map(sizeof(*shared));
	section = world_map(SECTION_BYTES);
	CHECK(!vni_section_format(section, SECTION_BYTES, nr_nodes, 1, SLOTS));
	if (!strcmp(argv[1], "threads"))
		run_threads();
	else
		run_processes();
	CHECK(!vni_port_init(&port, section, SECTION_BYTES, 0, 1,
			     fences_dead, &shared->fences));
	ringtest_all_free(&port);
	printf("%s: %u nodes, %s, %llu frames each way, all buffers back\n",
	       argv[1], nr_nodes, argv[4], (unsigned long long)nr_frames);
	return 0;
}
