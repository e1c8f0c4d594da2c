/* SPDX-License-Identifier: GPL-2.0 */
/* Who has a node in its hands. */
#ifndef MINT_LOADER_HOLD_H
#define MINT_LOADER_HOLD_H

#include <stddef.h>

struct mint_hold;
struct node_view;
struct region;
struct tables;

const struct node_view *hold_of(const struct tables *tables, const struct node_view *node);
const char *holder_text(const struct node_view *holder, const struct mint_hold *hold, char *text,
			size_t room);
int hold_failed(const struct region *region, const struct node_view *node);

#endif /* MINT_LOADER_HOLD_H */
