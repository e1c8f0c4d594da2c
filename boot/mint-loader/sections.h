/* SPDX-License-Identifier: GPL-2.0 */
/* How far the sections of the shared region are in use. */
#ifndef MINT_LOADER_SECTIONS_H
#define MINT_LOADER_SECTIONS_H

#include <mint/abi.h>

struct region;
struct tables;

/**
 * struct section_use - how far a section is in use
 * @name: what it is called
 * @unit: what is counted
 * @entries: how many there can be
 * @used: how many of them are in use
 */
struct section_use {
	const char *name;
	const char *unit;
	__u64 entries;
	__u64 used;
};

void section_use(const struct region *region, const struct tables *tables,
		 const struct mint_section *section, struct section_use *use);

#endif /* MINT_LOADER_SECTIONS_H */
