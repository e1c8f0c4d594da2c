/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bits of the words of a vni section: state words of buffers, words of slots.
 *
 * Nothing here looks into a section. The types are those of <mint/vni.h>,
 * which says what the fields mean: programs that know only that include this.
 */
#ifndef VNI_WORDS_H
#define VNI_WORDS_H

#include <mint/vni.h>

static inline __u64 vni_state_make(__u32 state, __u32 node, __u32 generation)
{
	return vni_state_word(state, node, 0, generation, 0);
}

/* Where a buffer in flight goes to. */
static inline __u64 vni_state_to(__u32 ring, __u32 generation)
{
	return vni_state_word(0, 0, ring, 0, generation);
}

static inline __u64 vni_state_inflight(__u32 from, __u32 from_generation,
				       __u32 ring, __u32 to_generation)
{
	return vni_state_word(VNI_STATE_INFLIGHT, from, ring, from_generation, to_generation);
}

static inline __u32 vni_state_kind(__u64 word)
{
	return word & 0xf;
}

static inline __u32 vni_state_owner(__u64 word)
{
	return (word >> 4) & 0xff;
}

static inline __u32 vni_state_ring(__u64 word)
{
	return (word >> 12) & 0xff;
}

static inline __u32 vni_state_generation(__u64 word)
{
	return (word >> 20) & VNI_GENERATION_MASK;
}

static inline __u32 vni_state_to_generation(__u64 word)
{
	return word >> 42;
}

static inline __u32 vni_slot_handle(__u64 word)
{
	return word & 0xffffff;
}

static inline __u32 vni_slot_length(__u64 word)
{
	return (word >> 24) & 0xfffff;
}

static inline __u32 vni_slot_flags(__u64 word)
{
	return (word >> 44) & 0xf;
}

/* What frames of one post have in common in the second word of their slots. */
static inline __u64 vni_slot_from(__u32 source, __u32 queue, __u32 generation)
{
	return (__u64)generation << 32 | (__u64)queue << 16 | source;
}

/* vni_slot.head in that word. */
static inline __u64 vni_slot_head(__u8 head)
{
	return (__u64)head << 8;
}

#endif /* VNI_WORDS_H */
