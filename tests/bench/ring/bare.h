/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included before ring.c and pool.c for ringbench-bare: leaves out what makes
 * them survive a peer, so that its price can be measured. The locks have no
 * owner and are waited for without bound, state words are neither written nor
 * read, and nothing in a frame is checked.
 */
#ifndef RING_BENCH_BARE_H
#define RING_BENCH_BARE_H

#include "shared.h"

static inline enum mint_lock_result bare_lock(struct mint_lock *lock)
{
	while (mint_xchg(&lock->word, 1ULL))
		while (mint_load(&lock->word))
			mint_relax();
	return MINT_LOCK_TAKEN;
}

#define vni_lock(port, lock, cpu)		((void)(cpu), bare_lock(lock))
#define vni_unlock(port, lock, cpu)					\
	((void)(cpu), mint_store_release(&(lock)->word, 0ULL))

#define vni_state_get(port, handle)		((void)(handle), 0ULL)
#define vni_state_set(port, handle, state)	((void)(state))
#define vni_state_free(port, handle)		((void)(handle))
#define vni_state_prefetch(port, handle)	((void)(handle))
#define vni_state_mine(port, state)		((void)(state), 1)

#define vni_frames_give(port, state, frames, n)	((void)(state), (n))
#define vni_frame_fault(port, queue, frame)	((void)(frame), VNI_FAULT_NONE)

#endif /* RING_BENCH_BARE_H */
