/* SPDX-License-Identifier: GPL-2.0 */
/* The shared region. */
#ifndef MINT_LOADER_REGION_H
#define MINT_LOADER_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <mint/abi.h>

/**
 * struct region - the shared region, mapped read-only or a saved image of it
 * @base: first byte
 * @bytes: size
 * @fd: the device, or -1 with a saved image
 * @self: own node id, or MINT_MAX_NODES with a saved image
 * @sections: copy of the section directory, all entries checked
 * @nr_sections: used entries of @sections
 */
struct region {
	const unsigned char *base;
	__u64 bytes;
	int fd;
	__u32 self;
	struct mint_section sections[MINT_MAX_SECTIONS];
	unsigned int nr_sections;
};

int region_open(const char *saved, struct region *region);
void region_close(struct region *region);
bool region_present(const char *saved);
int region_abi(const char *saved, __u32 *abi);
const void *region_entry(const struct region *region, __u32 section, __u32 index, size_t bytes,
			 size_t *room);
void region_copy(void *to, const void *from, size_t bytes);

#endif /* MINT_LOADER_REGION_H */
