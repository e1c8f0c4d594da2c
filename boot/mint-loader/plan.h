/* SPDX-License-Identifier: GPL-2.0 */
/* Can a node have what its file asks for? */
#ifndef MINT_LOADER_PLAN_H
#define MINT_LOADER_PLAN_H

#include <mint/abi.h>

struct config;
struct tables;

int plan_check(const struct tables *tables, const struct config *config, __u32 except,
	       struct mint_extent *extents);

#endif /* MINT_LOADER_PLAN_H */
