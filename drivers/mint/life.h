/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the files that change the life line of other nodes. */
#ifndef _DRIVERS_MINT_LIFE_H
#define _DRIVERS_MINT_LIFE_H

#include "core.h"

/* take.c */
bool mint_life_is_meant(u32 node, u32 generation);
int mint_life_seize(u32 node, u32 *generation, u64 *hold);
int mint_life_halt(u32 node, u32 generation, bool force);
void mint_life_abort(u32 node);

static inline u32 mint_life_of(u32 node)
{
	return mint_load(&mint_node_entry(node)->life.life);
}

#endif /* _DRIVERS_MINT_LIFE_H */
