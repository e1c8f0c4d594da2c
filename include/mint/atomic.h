/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Atomics and barriers on memory that several kernels share, for the kernel
 * and for user space (tests, tools).
 *
 * The kernel's own cmpxchg() and smp_mb() must not be used on such memory: a
 * kernel that owns one core compiles smp_mb() away or patches the LOCK prefix
 * out at boot, yet its peers run on other cores.
 */
#ifndef MINT_ATOMIC_H
#define MINT_ATOMIC_H

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/processor.h>
#include <linux/types.h>
#include <asm/barrier.h>

#define mint_load(p)			READ_ONCE(*(p))
#define mint_store(p, v)		WRITE_ONCE(*(p), v)
/* The virt_ barriers are those that do not fold away on one CPU. */
#define mint_load_acquire(p)		virt_load_acquire(p)
#define mint_store_release(p, v)	virt_store_release(p, v) /* pairs per use */
#define mint_mb()			virt_mb() /* pairs as stated at each use */
#define mint_cmpxchg(p, o, n)		sync_cmpxchg(p, o, n)
#define mint_xchg(p, v)			xchg(p, v)	/* LOCK is implied */
#define mint_relax()			cpu_relax()

#else /* user space: the compiler's atomics, which ThreadSanitizer follows */

#include <linux/types.h>

#define mint_load(p)			__atomic_load_n(p, __ATOMIC_RELAXED)
#define mint_store(p, v)		__atomic_store_n(p, v, __ATOMIC_RELAXED)
#define mint_load_acquire(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define mint_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define mint_mb()			__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define mint_cmpxchg(p, o, n)						\
({									\
	__typeof__(p) mint_word_ = (p);					\
	__typeof__(*mint_word_) mint_old_ = (o);			\
									\
	__atomic_compare_exchange_n(mint_word_, &mint_old_, n, 0,	\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);\
	mint_old_;							\
})
#define mint_xchg(p, v)			__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define mint_relax()			__builtin_ia32_pause()

#endif

/**
 * mint_or() - set bits in a shared word
 * @word: a word that others may change at the same time
 * @bits: to be set; the others stay as they are
 *
 * Full barrier. Return: the word as it was before.
 */
static inline __u64 mint_or(__u64 *word, __u64 bits)
{
	__u64 seen = mint_load(word);

	for (;;) {
		__u64 old = mint_cmpxchg(word, seen, seen | bits);

		if (old == seen)
			return old;
		seen = old;
	}
}

/**
 * mint_andnot() - clear bits in a shared word
 * @word: a word that others may change at the same time
 * @bits: to be cleared; the others stay as they are
 *
 * Full barrier. Return: the word as it was before.
 */
static inline __u64 mint_andnot(__u64 *word, __u64 bits)
{
	__u64 seen = mint_load(word);

	for (;;) {
		__u64 old = mint_cmpxchg(word, seen, seen & ~bits);

		if (old == seen)
			return old;
		seen = old;
	}
}

#endif /* MINT_ATOMIC_H */
