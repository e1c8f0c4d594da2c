/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The header of a section, which says where its parts are: read once, and checked
 * before the first use.
 */
#ifndef MINT_PART_H
#define MINT_PART_H

#include <mint/atomic.h>

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

/**
 * struct mint_part - a part of a section, as its header has it: any values
 * @offset: of its first byte, from the start of the section
 * @bytes: its size
 * @align: to what @offset has to be aligned; not 0
 */
struct mint_part {
	__u64 offset;
	__u64 bytes;
	__u64 align;
};

/**
 * mint_parts_fit() - do all parts lie in a section, and apart from each other?
 * @parts: the parts, in any order
 * @nr: how many there are
 * @section_bytes: size of the section
 */
static inline int mint_parts_fit(const struct mint_part *parts, __u32 nr, __u64 section_bytes)
{
	__u32 i, j;

	for (i = 0; i < nr; i++) {
		const struct mint_part *one = &parts[i];

		if (one->offset % one->align || one->bytes > section_bytes ||
		    one->offset > section_bytes - one->bytes)
			return 0;
		for (j = 0; j < i; j++)
			if (one->offset < parts[j].offset + parts[j].bytes &&
			    parts[j].offset < one->offset + one->bytes)
				return 0;
	}
	return 1;
}

/**
 * mint_header_read() - copy a header that others may write, each word of it once
 * @header: filled in
 * @shared: the header in the section, aligned to a word
 * @bytes: its size, a multiple of 8
 */
static inline void mint_header_read(void *header, const void *shared, __u32 bytes)
{
	const __u64 *words = (const __u64 *)shared;
	__u32 i;

	for (i = 0; i < bytes / sizeof(*words); i++) {
		__u64 word = mint_load(&words[i]);

		memcpy((char *)header + i * sizeof(word), &word, sizeof(word));
	}
}

#endif /* MINT_PART_H */
