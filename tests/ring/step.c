// SPDX-License-Identifier: GPL-2.0
/*
 * A node that stops after every single instruction.
 *
 * Usage: step victim|recoverer|reborn POINTS, step zombie|flip 1
 * A child plays a node and is single-stepped. The memory that it shares is
 * copied after every step: the copy is the world in which the child stopped
 * right there. In the copy the others take over, bury and count, then the
 * dead start again and must be delivered to and deliver.
 */
#include <errno.h>

#include "ringtest.h"
#include "stepped.h"

#define NODES		3
#define SLOTS		16
#define SECTION_BYTES	(352 * 1024)
#define MAX_HELD	24
#define SNAPSHOTS	16

/* What the child has got done, as it says itself. */
struct progress {
	__u32 posted[NODES];
	__u64 lost_locks;
};

/* The nodes that are not stepped, as they are while another one is. */
struct others {
	struct node node[NODES];
	__u32 held[MAX_HELD];
	unsigned int nr_held;
};

/* A crash point of the victim, to be recovered by a recoverer that dies. */
struct snapshot {
	char *meta;
	struct others others;
	struct progress progress;
};

static void *section, *copy;
static size_t meta_bytes;
static struct progress *progress;
static struct fences nobody_dead;
static struct snapshot snapshots[SNAPSHOTS];
static unsigned int nr_snapshots;
static __u64 random_state = 1;
static unsigned long nr_points;

static __u32 draw(__u32 below)
{
	return world_draw(&random_state, below);
}

/* A frame, inline if its mark is odd and it is short; zero without a buffer. */
static int make_frame(struct node *node, __u32 length, __u32 mark,
		      struct vni_frame *frame)
{
	int data = mark & 1 && length <= VNI_INLINE_BYTES;

	if (!frame_make(node, length, data, frame))
		return 0;
	frame->slot.hash = mark;
	if (data)
		frame_write(&node->port, frame, mark);
	return 1;
}

/* Post up to @n frames, marked in order; how many went? */
static __u32 send(struct node *node, __u32 to, __u32 to_generation, __u32 mark,
		  unsigned int n, __u32 length)
{
	struct vni_frame frames[SLOTS] = { 0 };
	unsigned int made = 0, i;
	int posted;

	while (made < n && make_frame(node, length, mark + made, &frames[made]))
		made++;
	posted = vni_ring_post(&node->port, 0, to, to_generation, frames, made);
	if (posted == -EBUSY)	/* only where a zombie meets a stolen lock */
		posted = 0;
	CHECK(posted >= 0);
	vni_ring_needs_kick(&node->port, to);
	for (i = posted; i < made; i++)
		vni_buf_free(&node->port, &node->cache, frames[i].handle);
	return posted;
}

/* Take up to @n frames, which must be marked in order from @mark on. */
static __u32 receive(struct node *node, __u32 from, __u32 mark, unsigned int n)
{
	struct vni_frame frame;
	__u32 got = 0;
	int err;

	while (got < n && (err = vni_ring_take(&node->port, 0, &frame))) {
		CHECK(err == 1);
		if (vni_frame_inline(&frame))
			frame_check(&node->port, &frame, frame.slot.hash);
		if (frame.slot.source == from)
			CHECK(frame.slot.hash == mark + got++);
		vni_buf_free(&node->port, &node->cache, frame.handle);
	}
	vni_ring_release(&node->port, 0);
	return got;
}

/* What the victim does: everything that there is, briefly. */
static void victim_script(struct node *me)
{
	unsigned int round;
	__u32 got = 0;

	for (round = 0; round < 2; round++) {
		progress->posted[1] += send(me, 1, 1, progress->posted[1], 1 + draw(5), 60);
		got += receive(me, 1, got, 1 + draw(3));
		vni_ring_wait_space(&me->port, 1);
		progress->posted[2] += send(me, 2, 1, progress->posted[2], 2, 60);
		progress->posted[1] += send(me, 1, 1, progress->posted[1], 1, 5000);
		vni_ring_mend(&me->port, 0);
		if (vni_ring_arm(&me->port, 0, 1))
			vni_ring_disarm(&me->port, 0);
		if (round)
			vni_ring_close(&me->port, 0, &me->cache);
		else
			vni_cache_flush(&me->port, &me->cache);
	}
	ringtest_open(me);
	vni_buf_free(&me->port, &me->cache, vni_buf_alloc(&me->port, &me->cache, VNI_CLASS_SMALL));
}

/* A world in which the victim is about to run: never twice the same. */
static void set_up(struct others *o, struct node *victim)
{
	unsigned int n = draw(SLOTS + 1);
	__u32 i;

	memset(o, 0, sizeof(*o));
	memset(progress, 0, sizeof(*progress));
	CHECK(!vni_section_format(section, SECTION_BYTES, NODES, 1, SLOTS));
	for (i = 0; i < NODES; i++) {
		ringtest_attach(&o->node[i], section, SECTION_BYTES, i, 1, &nobody_dead);
		o->node[i].port.lock_spins = 64;
		vni_ring_of(&o->node[i].port, i)->tail = 0xfffffff0u + draw(64);
		ringtest_open(&o->node[i]);
	}
	*victim = o->node[0];
	CHECK(send(&o->node[1], 0, 1, 0, n, 60) == n);
	for (i = draw(MAX_HELD); i; i--)
		o->held[o->nr_held++] = vni_buf_alloc(&o->node[1].port, &o->node[1].cache,
						      VNI_CLASS_SMALL);
	progress->posted[1] = send(victim, 1, 1, 0, draw(4), 60);
	if (draw(2))
		vni_cache_flush(&victim->port, &victim->cache);
}

/* A node of the copied world. */
static struct node in_copy(const struct node *node, struct fences *fences)
{
	struct node twin = *node;

	twin.port.base = copy;
	twin.port.dead_context = fences;
	return twin;
}

/* Drain and bury, in either order: both must do. */
static void survive(struct node *me, __u32 dead, __u32 generation,
		    __u32 posted, int bury_first)
{
	__u32 got = 0;

	if (bury_first)
		vni_port_bury(&me->port, &me->cache, dead, generation);
	got = receive(me, 0, 0, SLOTS + 1);
	CHECK(got >= posted && got <= posted + SLOTS);
	vni_port_bury(&me->port, &me->cache, dead, generation);
	CHECK(!vni_port_bury(&me->port, &me->cache, dead, generation));
}

static void both_ways(struct node *a, struct node *b)
{
	__u32 mark;

	for (mark = 0; mark < 2 * SLOTS; mark += 4) {
		CHECK(send(a, b->port.node, b->port.generation, mark, 4, 60) == 4);
		CHECK(send(b, a->port.node, a->port.generation, mark, 4, 60) == 4);
		CHECK(receive(a, b->port.node, mark, SLOTS) == 4);
		CHECK(receive(b, a->port.node, mark, SLOTS) == 4);
	}
	vni_cache_flush(&a->port, &a->cache);
	vni_cache_flush(&b->port, &b->cache);
}

static struct node restart(__u32 id, struct fences *fences)
{
	__u32 last = fences->fenced[id];
	struct node node;

	ringtest_attach(&node, copy, SECTION_BYTES, id, last + 1, fences);
	node.port.lock_spins = 64;
	vni_port_bury(&node.port, &node.cache, id, last);
	ringtest_open(&node);
	return node;
}

static void all_over(struct node *a, struct node *b, struct node *c)
{
	CHECK(!ringtest_faults(&a->port) && !ringtest_faults(&b->port) &&
	      !ringtest_faults(&c->port));
	vni_ring_close(&a->port, 0, &a->cache);
	vni_ring_close(&b->port, 0, &b->cache);
	vni_ring_close(&c->port, 0, &c->cache);
	ringtest_all_free(&a->port);
}

/*
 * Node 0 stopped here, in this generation. Nodes 1 and 2 live. It may start
 * again before they have buried it, or after.
 */
static void check_victim_dead(const struct others *o, __u32 generation)
{
	struct fences fences = { .fenced = { [0] = generation } };
	struct node a = in_copy(&o->node[1], &fences);
	struct node b = in_copy(&o->node[2], &fences);
	int first = nr_points & 1 ? 1 : 2;
	int early = nr_points & 8;
	struct node again;
	unsigned int i;

	memcpy(copy, section, meta_bytes);
	if (early)
		again = restart(0, &fences);
	survive(first == 1 ? &a : &b, 0, generation,
		progress->posted[first], nr_points & 2);
	survive(first == 1 ? &b : &a, 0, generation,
		progress->posted[3 - first], nr_points & 4);
	for (i = 0; i < o->nr_held; i++)
		vni_buf_free(&a.port, &a.cache, o->held[i]);
	vni_cache_flush(&a.port, &a.cache);
	vni_cache_flush(&b.port, &b.cache);
	ringtest_all_free(&a.port);
	if (!early)
		again = restart(0, &fences);
	both_ways(&a, &again);
	both_ways(&again, &b);
	all_over(&a, &b, &again);
}

/* The recoverer stopped here as well. Only node 2 lives. */
static void check_recoverer_dead(const struct others *o)
{
	struct fences fences = { .fenced = { [0] = 1, [1] = 1 } };
	struct node b = in_copy(&o->node[2], &fences);
	__u32 first = nr_points & 1;
	struct node again[2];

	memcpy(copy, section, meta_bytes);
	vni_port_bury(&b.port, &b.cache, first, 1);
	survive(&b, !first, 1, progress->posted[2], nr_points & 2);
	CHECK(!vni_port_bury(&b.port, &b.cache, first, 1));
	vni_cache_flush(&b.port, &b.cache);
	ringtest_all_free(&b.port);
	again[first] = restart(first, &fences);
	again[!first] = restart(!first, &fences);
	both_ways(&again[0], &again[1]);
	both_ways(&b, &again[1]);
	all_over(&again[0], &again[1], &b);
}

static void recoverer_script(struct node *me)
{
	static struct fences fences = { .fenced = { [0] = 1 } };

	me->port.dead_context = &fences;
	receive(me, 0, 0, SLOTS + 1);
	vni_port_bury(&me->port, &me->cache, 0, 1);
	vni_cache_flush(&me->port, &me->cache);
}

/* A new incarnation that does not get far. */
static void reborn_script(struct node *me)
{
	vni_port_bury(&me->port, &me->cache, 0, 1);
	ringtest_open(me);
	vni_buf_free(&me->port, &me->cache, vni_buf_alloc(&me->port, &me->cache, VNI_CLASS_SMALL));
	receive(me, 1, 0, 1);
	vni_ring_close(&me->port, 0, &me->cache);
}

struct part {
	void (*script)(struct node *node);
	struct node *node;
};

static void play(void *context)
{
	const struct part *part = context;

	part->script(part->node);
	progress->lost_locks = part->node->port.faults[VNI_FAULT_LOCK_LOST];
}

static pid_t start_stepped(void (*script)(struct node *), struct node *node)
{
	struct part part = { script, node };

	return stepped_start(play, &part);
}

/* Keep some of the victim's crash points, most of them with a lock held. */
static void maybe_keep(const struct others *o)
{
	struct snapshot *s = &snapshots[nr_snapshots];
	int locked = 0;
	unsigned int i;

	for (i = 0; i < NODES; i++)
		locked |= !!vni_ring_of(&o->node[1].port, i)->lock.word;
	if (nr_snapshots == SNAPSHOTS || draw(locked ? 400 : 4000))
		return;
	s->meta = malloc(meta_bytes);
	CHECK(s->meta);
	memcpy(s->meta, section, meta_bytes);
	s->others = *o;
	s->progress = *progress;
	nr_snapshots++;
}

static void step_victim(unsigned long points, int keep)
{
	struct others o;
	struct node victim;

	while (nr_points < points || (keep && nr_snapshots < SNAPSHOTS)) {
		pid_t pid;

		set_up(&o, &victim);
		pid = start_stepped(victim_script, &victim);
		while (stepped_step(pid)) {
			nr_points++;
			if (keep)
				maybe_keep(&o);
			else
				check_victim_dead(&o, 1);
		}
	}
}

static void step_recoverer(unsigned long points)
{
	unsigned int i;

	step_victim(0, 1);
	nr_points = 0;
	for (i = 0; nr_points < points; i = (i + 1) % SNAPSHOTS) {
		struct snapshot *s = &snapshots[i];
		struct node me = s->others.node[1];
		pid_t pid;

		memcpy(section, s->meta, meta_bytes);
		*progress = s->progress;
		pid = start_stepped(recoverer_script, &me);
		while (stepped_step(pid)) {
			nr_points++;
			check_recoverer_dead(&s->others);
		}
	}
}

static void step_reborn(unsigned long points)
{
	static struct fences fences = { .fenced = { [0] = 1 } };
	unsigned int i;

	step_victim(0, 1);
	nr_points = 0;
	for (i = 0; nr_points < points; i = (i + 1) % SNAPSHOTS) {
		struct snapshot *s = &snapshots[i];
		struct node me;
		pid_t pid;

		memcpy(section, s->meta, meta_bytes);
		*progress = s->progress;
		ringtest_attach(&me, section, SECTION_BYTES, 0, 2, &fences);
		me.port.lock_spins = 64;
		pid = start_stepped(reborn_script, &me);
		while (stepped_step(pid)) {
			nr_points++;
			check_victim_dead(&s->others, 2);
		}
	}
}

/* Take one frame; whatever it says must be fit to be used. */
static void take_script(struct node *me)
{
	struct vni_frame frame;
	int err = vni_ring_take(&me->port, 0, &frame);

	CHECK(err == 1 || err == -EBADMSG);
	if (err == 1) {
		CHECK(frame.length >= VNI_MIN_FRAME);
		CHECK(vni_frame_start(&frame) + frame.length <=
		      (vni_frame_inline(&frame) ? VNI_INLINE_BYTES :
		       vni_buf_bytes(&me->port, frame.handle)));
		CHECK(!frame.slot.head || frame.slot.head >= VNI_MIN_HEAD);
		CHECK(frame.slot.source == 1);
	}
}

/* Damage everything that a descriptor says, but not its sequence. */
static void flip_all(struct vni_slot *slot)
{
	memset((char *)slot + sizeof(slot->word), 0xff,
	       sizeof(*slot) - sizeof(slot->word));
	slot->word |= 0xfffffffffffULL;
}

/* A frame in a buffer becomes one that is inline, and the other way round. */
static void flip_kind(struct vni_slot *slot)
{
	if ((slot->word & VNI_NO_BUF) == VNI_NO_BUF)
		slot->word &= ~(__u64)VNI_NO_BUF;
	else
		slot->word |= VNI_NO_BUF;
}

/*
 * A descriptor that changes while it is taken: after every instruction of
 * vni_ring_take(, 0) in turn. What was checked must be what is used.
 */
static unsigned long step_flip(void (*flip)(struct vni_slot *slot), __u32 mark)
{
	struct others o;
	struct node victim;
	unsigned long n, i;
	int before_end = 1;

	for (n = 0; before_end; n++) {
		pid_t pid;

		set_up(&o, &victim);
		receive(&victim, 1, 0, SLOTS);
		send(&o.node[1], 0, 1, mark, 1, 60);
		pid = start_stepped(take_script, &victim);
		for (i = 0; i < n && before_end; i++)
			before_end = stepped_step(pid);
		if (!before_end)
			break;
		flip(&vni_ring_of(&victim.port, 0)->slots[victim.port.rx[0].head % SLOTS]);
		stepped_finish(pid);
	}
	return n;
}

static void step_flips(void)
{
	unsigned long n = 0;
	__u32 mark;

	/* An odd one is inline. */
	for (mark = 0; mark < 2; mark++) {
		n += step_flip(flip_all, mark);
		n += step_flip(flip_kind, mark);
	}
	printf("flip: after each of %lu instructions\n", n);
}

/*
 * A node that was taken for dead while it held the lock, then goes on: it must
 * notice, and leave the lock to its new owner.
 */
static void step_zombie(void)
{
	__u64 other = mint_lock_word(2, 0, 1);
	struct others o;
	struct node victim;
	struct vni_ring *ring;
	pid_t pid;

	set_up(&o, &victim);
	ring = vni_ring_of(&victim.port, 1);
	pid = start_stepped(victim_script, &victim);
	while (ring->lock.word != mint_lock_word(0, 0, 1))
		CHECK(stepped_step(pid));
	ring->lock.word = other;
	while (stepped_step(pid))
		CHECK(ring->lock.word == other);
	CHECK(progress->lost_locks == 1);
	printf("zombie: noticed that its lock was lost\n");
}

int main(int argc, char **argv)
{
	unsigned long points = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;
	const struct vni_header *h;

	if (!points)
		return 2;
	section = world_map(SECTION_BYTES);
	copy = world_map(SECTION_BYTES);
	progress = world_map(sizeof(*progress));
	CHECK(!vni_section_format(section, SECTION_BYTES, NODES, 1, SLOTS));
	h = section;
	meta_bytes = h->classes[0].data_offset;
	if (!strcmp(argv[1], "victim"))
		step_victim(points, 0);
	else if (!strcmp(argv[1], "recoverer"))
		step_recoverer(points);
	else if (!strcmp(argv[1], "reborn"))
		step_reborn(points);
	else if (!strcmp(argv[1], "flip"))
		step_flips();
	else
		step_zombie();
	if (nr_points)
		printf("%s: %lu crash points, none failed\n", argv[1], nr_points);
	return 0;
}
