// SPDX-License-Identifier: GPL-2.0
/*
 * A witness of its node: exchanges checked data with the other nodes, watches
 * some memory, keeps time and runs commands of the host. What it sees stands
 * in a page of memory that the host reads, so it needs no node but its own.
 *
 * usage: witness NODE NODES | witness kexec
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "witness.h"

#define BEAT_MS		10
#define STACK_BYTES	(256 << 10)

struct page *page;

__u64 clock_ns(int clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

void pause_ms(unsigned int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

void fail(const char *what)
{
	perror(what);
	exit(1);
}

void start_thread(void *(*body)(void *), void *argument)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, body, argument))
		fail("pthread_create");
	pthread_attr_destroy(&attr);
}

/* The physical address behind a locked page; see pagemap.rst of the kernel. */
__u64 physical(const void *address)
{
	uintptr_t at = (uintptr_t)address;
	int file = open("/proc/self/pagemap", O_RDONLY);
	__u64 entry;

	if (file < 0 || pread(file, &entry, sizeof(entry),
			      at / PAGE_BYTES * sizeof(entry)) != sizeof(entry))
		fail("/proc/self/pagemap");
	close(file);
	return (entry & ((1ULL << 55) - 1)) * PAGE_BYTES + at % PAGE_BYTES;
}

/* Shared, so that no fork() of ours ever copies a page to another place. */
void *locked_pages(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mlock(at, bytes))
		fail("memory");
	return at;
}

static void look_at_gap(struct peer *peer, int absent, __u64 now, int fresh)
{
	__u64 last = get(peer->last_ns), gap = now > last ? now - last : 0;

	if (fresh || absent || gap > peer->gap_ns)
		set(peer->gap_ns, fresh || absent ? 0 : gap);
}

static void beat(void)
{
	__u64 now = clock_ns(CLOCK_MONOTONIC), wanted = get(page->epoch_wanted);
	__u32 node;

	for (node = 1; node <= page->nr_peers; node++)
		if (node != page->me)
			look_at_gap(&page->peers[node - 1],
				    get(page->absent) >> node & 1, now,
				    wanted != page->epoch);
	set(page->epoch, wanted);
	set(page->mono_ns, now);
	set(page->real_ns, clock_ns(CLOCK_REALTIME));
	set(page->beat, page->beat + 1);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "kexec"))
		return try_kexec();
	if (argc != 3) {
		fprintf(stderr, "usage: witness NODE NODES | witness kexec\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	page = locked_pages(PAGE_BYTES);
	page->me = atoi(argv[1]);
	page->nr_peers = atoi(argv[2]);
	if (page->me < 1 || page->me > page->nr_peers || page->nr_peers > MAX_PEERS) {
		fprintf(stderr, "witness: no node %s of %s\n", argv[1], argv[2]);
		return 2;
	}
	start_agent();
	start_watch();
	start_traffic();
	beat();
	set(page->magic, WITNESS_MAGIC);
	for (;;) {
		beat();
		pause_ms(BEAT_MS);
	}
}
