/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Pieces of physical memory, compared without overflow by kernel and command. */
#ifndef MINT_EXTENT_H
#define MINT_EXTENT_H

#include <mint/abi.h>

/**
 * mint_extent_holds() - does a piece of memory lie in an extent as a whole?
 * @extent: the extent
 * @base: first byte, any value
 * @bytes: size, any value
 */
static inline int mint_extent_holds(const struct mint_extent *extent, __u64 base, __u64 bytes)
{
	return base >= extent->base && base - extent->base <= extent->bytes &&
	       bytes <= extent->bytes - (base - extent->base);
}

/**
 * mint_extents_hold() - do extents together hold a piece of memory?
 * @extents: the extents, in any order
 * @nr: how many there are
 * @base: first byte, any value
 * @bytes: size, any value but 0
 *
 * Two extents may touch, as memory does at the border of two NUMA domains.
 */
static inline int mint_extents_hold(const struct mint_extent *extents, __u32 nr, __u64 base,
				    __u64 bytes)
{
	__u32 i, found;

	/* Each round leaves one extent behind, whatever others write there meanwhile. */
	for (found = 0; found < nr; found++) {
		__u64 left = 0;

		for (i = 0; i < nr && !left; i++) {
			struct mint_extent extent = extents[i];

			if (mint_extent_holds(&extent, base, 1))
				left = extent.bytes - (base - extent.base);
		}
		if (!left || bytes <= left)
			return left != 0;
		base += left;
		bytes -= left;
	}
	return 0;
}

/**
 * mint_extent_meets() - do an extent and a piece of memory have a byte in common?
 * @extent: the extent; does not wrap
 * @base: first byte
 * @bytes: size; the piece does not wrap
 */
static inline int mint_extent_meets(const struct mint_extent *extent, __u64 base, __u64 bytes)
{
	return base < extent->base + extent->bytes && extent->base < base + bytes;
}

#endif /* MINT_EXTENT_H */
