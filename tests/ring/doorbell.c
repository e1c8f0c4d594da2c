// SPDX-License-Identifier: GPL-2.0
/*
 * Lost wake-ups: a sender and a receiver that go to sleep as often as they
 * can, one over an empty ring, the other over a full one or over a frame that
 * is not taken yet.
 *
 * Usage: doorbell FRAMES
 * By turns as fast as the ring allows, and one frame at a time, when no later
 * frame makes up for a doorbell that was not rung.
 * They sleep by spinning, which leaves the processor no time to drain its
 * store buffer: a missing full barrier shows.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "ringtest.h"

#define SLOTS		2
#define SECTION_BYTES	(1024 * 1024)
#define SLEEP_LIMIT_S	10

struct bell {
	alignas(64) __u32 count;
};

static struct fences fences;
static struct bell bells[2];
static struct node sender, receiver;
static unsigned long nr_frames;
static __u32 nr_taken;

static void stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* On a machine with one CPU the test is weaker but right. */
	(void)!pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void ring_bell(int who)
{
	__atomic_fetch_add(&bells[who].count, 1, __ATOMIC_RELEASE);
}

static void sleep_on_bell(int who, __u32 seen)
{
	time_t limit = time(NULL) + SLEEP_LIMIT_S;
	unsigned long looks;

	for (looks = 1; mint_load_acquire(&bells[who].count) == seen; looks++) {
		mint_relax();
		if (looks % 4096)
			continue;
		CHECK(time(NULL) < limit);	/* lost wake-up */
		sched_yield();
	}
}

/* Vary where the two sides meet, by single nanoseconds. */
static void dawdle(unsigned long n)
{
	unsigned int left = (__u32)(n * 2654435761u) >> 24;

	for (; left; left--)
		asm volatile("");
}

static void send_one(unsigned long n)
{
	struct vni_frame frame = { .length = 60 };
	int posted;

	do {
		frame.handle = vni_buf_alloc(&sender.port, &sender.cache, 0);
	} while (frame.handle == VNI_NO_BUF);
	frame.slot.hash = n;
	for (;;) {
		__u32 seen = mint_load_acquire(&bells[0].count);

		posted = vni_ring_post(&sender.port, 0, 1, 1, &frame, 1);
		CHECK(posted >= 0);
		if (posted)
			break;
		vni_ring_wait_space(&sender.port, 1);
		if (!vni_ring_space(&sender.port, 1))
			sleep_on_bell(0, seen);
	}
	if (vni_ring_needs_kick(&sender.port, 1))
		ring_bell(1);
}

static void wait_taken(unsigned long n)
{
	time_t limit = time(NULL) + SLEEP_LIMIT_S;
	unsigned long looks;

	for (looks = 1; mint_load_acquire(&nr_taken) != (__u32)n; looks++) {
		if (looks % 4096)
			continue;
		CHECK(time(NULL) < limit);	/* lost wake-up */
		sched_yield();
	}
}

/* As a sender that has enough in flight: sleep until it is taken. */
static void watch_taken(void)
{
	__u32 end = vni_ring_posted(&sender.port, 1);

	for (;;) {
		__u32 seen = mint_load_acquire(&bells[0].count);

		vni_ring_watch(&sender.port, 1);
		if (!vni_ring_in_flight(&sender.port, 1, end))
			return;
		sleep_on_bell(0, seen);
	}
}

static void *send_all(void *unused)
{
	unsigned long n;

	stay_on_cpu(0);
	for (n = 0; n < nr_frames; n++) {
		send_one(n);
		if (n & 128)
			watch_taken();
		else if (n & 64)
			wait_taken(n + 1);
		dawdle(n * 7 + 3);
	}
	return unused;
}

static unsigned long receive_some(unsigned long n)
{
	struct vni_frame frame;

	while (vni_ring_take(&receiver.port, 0, &frame)) {
		CHECK(frame.slot.hash == (__u32)n++);
		vni_buf_free(&receiver.port, &receiver.cache, frame.handle);
	}
	if (vni_ring_release(&receiver.port, 0))
		ring_bell(0);
	return n;
}

static void *receive_all(void *unused)
{
	unsigned long n = 0;

	stay_on_cpu(1);
	while (n < nr_frames) {
		__u32 seen = mint_load_acquire(&bells[1].count);

		n = receive_some(n);
		mint_store_release(&nr_taken, n);
		dawdle(n);
		vni_ring_mend(&receiver.port, 0);
		if (n < nr_frames && vni_ring_arm(&receiver.port, 0, 1))
			sleep_on_bell(1, seen);
	}
	return unused;
}

int main(int argc, char **argv)
{
	void *section = world_map(SECTION_BYTES);
	pthread_t threads[2];

	if (argc != 2)
		return 2;
	nr_frames = strtoul(argv[1], NULL, 0);
	CHECK(!vni_section_format(section, SECTION_BYTES, 2, 1, SLOTS));
	ringtest_attach(&sender, section, SECTION_BYTES, 0, 1, &fences);
	ringtest_attach(&receiver, section, SECTION_BYTES, 1, 1, &fences);
	sender.port.lock_spins = 1u << 24;
	receiver.port.lock_spins = 1u << 24;
	ringtest_open(&receiver);
	CHECK(!pthread_create(&threads[0], NULL, send_all, NULL));
	CHECK(!pthread_create(&threads[1], NULL, receive_all, NULL));
	CHECK(!pthread_join(threads[0], NULL) && !pthread_join(threads[1], NULL));
	CHECK(!ringtest_faults(&sender.port) && !ringtest_faults(&receiver.port));
	printf("%lu frames; the receiver was rung %u times, the sender %u\n",
	       nr_frames, bells[1].count, bells[0].count);
	return 0;
}
