/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs share that play nodes in user space: memory between processes,
 * who is dead, chance that is the same each time, checks that end the program.
 */
#ifndef TESTS_USERSPACE_WORLD_H
#define TESTS_USERSPACE_WORLD_H

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mint/abi.h>
#include <mint/atomic.h>

#define CHECK(cond)							\
do {									\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: %s: check failed: %s\n",	\
			__FILE__, __LINE__, __func__, #cond);		\
		fflush(NULL);						\
		_exit(1);						\
	}								\
} while (0)

/* By node id, up to which generation it is dead. Shared between processes. */
struct fences {
	__u32 fenced[MINT_MAX_NODES];
};

static inline int fences_dead(void *context, __u32 node, __u32 generation)
{
	struct fences *fences = context;

	return node < MINT_MAX_NODES &&
	       generation <= mint_load(&fences->fenced[node]);
}

/* Zeroed memory that children of fork() share. */
static inline void *world_map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

/* A number below @below, from a state that begins with any number. */
static inline __u32 world_draw(__u64 *state, __u32 below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*state >> 33) % below;
}

#endif /* TESTS_USERSPACE_WORLD_H */
