/* SPDX-License-Identifier: GPL-2.0 */
/* Where the parts of a start go. */
#ifndef MINT_LOADER_PLACE_H
#define MINT_LOADER_PLACE_H

#include <mint/abi.h>
#include "layout.h"

struct image;

/**
 * struct placement - where the parts of a start go, physical addresses
 * @extent: the extent that holds them
 * @params: boot parameters, hand-over record and command line
 * @kernel: protected-mode part of the kernel
 * @kernel_bytes: what the kernel needs there until it runs
 * @initrd: the initrd, or 0
 */
struct placement {
	struct mint_extent extent;
	__u64 params;
	__u64 kernel;
	__u64 kernel_bytes;
	__u64 initrd;
};

int place(const struct image *image, const struct mint_extent *extents, unsigned int nr_extents,
	  struct placement *placement);
void params_fill(unsigned char params[PARAMS_BYTES], const struct image *image,
		 const struct placement *placement, const struct mint_extent *extents,
		 unsigned int nr_extents, const char *cmdline);

#endif /* MINT_LOADER_PLACE_H */
