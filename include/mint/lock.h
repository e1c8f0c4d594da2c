/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The lock between kernels: one word that names its owner.
 *
 * No queue, because a queue leads through memory of a waiter that may die.
 * Whatever the lock guards must be rebuildable from data that is valid after
 * every instruction of the holder: whoever is told MINT_LOCK_TAKEN_OVER
 * rebuilds it before use (as with robust futexes). See docs/design.md.
 */
#ifndef MINT_LOCK_H
#define MINT_LOCK_H

#include <mint/atomic.h>

#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#include <stddef.h>
#endif

/**
 * struct mint_lock - a lock in shared memory, alone on its cache line
 * @word: 0 when free, else the lock word of the owner. Writer: compare-exchange
 *	when taken, the owner's store with release when given back
 * @takeovers: how often it was taken over from the dead. Writer: owner
 * @reserved: zero
 *
 * Writer: format
 */
struct mint_lock {
	__u64 word;
	__u64 takeovers;
	__u64 reserved[6];
};

static_assert(sizeof(struct mint_lock) == 64);

/**
 * mint_lock_word() - the lock word: who owns a lock
 * @node: node id
 * @cpu: number of the CPU within its node
 * @generation: generation of the node
 */
static inline __u64 mint_lock_word(__u32 node, __u32 cpu, __u32 generation)
{
	return (__u64)generation << 32 | (__u64)(cpu & 0xffff) << 16 |
	       ((node + 1) & 0xffff);
}

static inline __u32 mint_lock_node(__u64 word)
{
	return (__u32)(word & 0xffff) - 1;
}

static inline __u32 mint_lock_generation(__u64 word)
{
	return word >> 32;
}

/**
 * enum mint_lock_result - what an attempt to take a lock came to
 * @MINT_LOCK_BUSY: not taken within the bound; nothing changed
 * @MINT_LOCK_TAKEN: taken from free
 * @MINT_LOCK_TAKEN_OVER: taken from a dead owner; rebuild what it guards
 */
enum mint_lock_result {
	MINT_LOCK_BUSY,
	MINT_LOCK_TAKEN,
	MINT_LOCK_TAKEN_OVER,
};

/**
 * typedef mint_owner_dead_fn - is a lock's owner fenced and dead?
 * @context: the caller's own
 * @node: node id, any 32-bit value (it comes out of shared memory)
 * @generation: generation, any 32-bit value
 *
 * Return: nonzero only if that incarnation can never run again.
 */
typedef int (*mint_owner_dead_fn)(void *context, __u32 node, __u32 generation);

/**
 * mint_lock_acquire() - take a lock, waiting a bounded time
 * @lock: in shared memory: what it holds may be garbage
 * @self: mint_lock_word() of the caller, whose CPU must not be reused by
 *	another context of the node while it is held (interrupts or BH off)
 * @spins: how many times to look before giving up, at least 1
 * @dead: tells whether an owner is dead; asked once per 1024 looks
 * @context: handed to @dead
 *
 * A word that names no dead owner, be it garbage, is waited for within the
 * bound and never broken. Acquire ordering on success.
 *
 * Return: an enum mint_lock_result.
 */
static inline enum mint_lock_result
mint_lock_acquire(struct mint_lock *lock, __u64 self, unsigned int spins,
		  mint_owner_dead_fn dead, void *context)
{
	unsigned int i;

	for (i = 0; i < spins; i++) {
		__u64 word = mint_load(&lock->word);

		if (!word) {
			if (!mint_cmpxchg(&lock->word, 0ULL, self))
				return MINT_LOCK_TAKEN;
		} else if (i % 1024 == 0 &&
			   dead(context, mint_lock_node(word),
				mint_lock_generation(word)) &&
			   mint_cmpxchg(&lock->word, word, self) == word) {
			mint_store(&lock->takeovers,
				   mint_load(&lock->takeovers) + 1);
			return MINT_LOCK_TAKEN_OVER;
		}
		mint_relax();
	}
	return MINT_LOCK_BUSY;
}

/**
 * mint_lock_release() - give a lock back
 * @lock: what mint_lock_acquire() took
 * @self: what it was taken with
 *
 * Release ordering. A plain store is enough, since only a holder that was
 * fenced can have lost the lock; the check catches the one that was not.
 *
 * Return: nonzero if the lock was still the caller's, zero if it had been
 * taken over: what the caller did under it may have been undone.
 */
static inline int mint_lock_release(struct mint_lock *lock, __u64 self)
{
	if (mint_load(&lock->word) != self)
		return 0;
	mint_store_release(&lock->word, 0ULL);
	return 1;
}

#endif /* MINT_LOCK_H */
