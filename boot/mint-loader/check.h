/* SPDX-License-Identifier: GPL-2.0 */
/* All that create and start would refuse. */
#ifndef MINT_LOADER_CHECK_H
#define MINT_LOADER_CHECK_H

#include <mint/abi.h>

struct config;
struct image;
struct tables;

int check_all(const char *file, struct config *config, struct image *image,
	      struct mint_extent *extents, const struct tables *tables, __u32 except);

#endif /* MINT_LOADER_CHECK_H */
