/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel and initrd of a node. */
#ifndef MINT_LOADER_IMAGE_H
#define MINT_LOADER_IMAGE_H

#include <asm/bootparam.h>
#include "file.h"

struct config;

/**
 * struct image - kernel and initrd in memory, checked
 * @file: the bzImage as a whole
 * @initrd: the initrd, empty if there is none
 * @header: setup header of the kernel
 * @code: the part of @file that runs in protected mode
 * @release: the kernel's release, or "?"
 */
struct image {
	struct buffer file;
	struct buffer initrd;
	struct setup_header header;
	struct buffer code;
	char release[64];
};

int image_read(const struct config *config, struct image *image);
void image_free(struct image *image);

#endif /* MINT_LOADER_IMAGE_H */
