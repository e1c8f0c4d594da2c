// SPDX-License-Identifier: GPL-2.0
/*
 * The lock between kernels, among threads: a plain counter that it guards.
 * ThreadSanitizer sees on it what the lock fails to order.
 *
 * Usage: lock ROUNDS
 */
#include <pthread.h>

#include "ringtest.h"

#define THREADS		3

static alignas(64) struct mint_lock lock;
static unsigned long nr_rounds, counter;

static int nobody_dead(void *unused, __u32 node, __u32 generation)
{
	(void)unused;
	(void)node;
	(void)generation;
	return 0;
}

static void *count(void *id)
{
	__u64 self = mint_lock_word((__u32)(unsigned long)id, 0, 1);
	unsigned long i;

	for (i = 0; i < nr_rounds; i++) {
		while (mint_lock_acquire(&lock, self, 1024, nobody_dead, NULL) ==
		       MINT_LOCK_BUSY)
			sched_yield();
		counter++;
		CHECK(mint_lock_release(&lock, self));
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	unsigned long i;

	if (argc != 2)
		return 2;
	nr_rounds = strtoul(argv[1], NULL, 0);
	for (i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, count, (void *)i));
	for (i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(counter == THREADS * nr_rounds && !lock.word && !lock.takeovers);
	printf("%lu times locked\n", counter);
	return 0;
}
