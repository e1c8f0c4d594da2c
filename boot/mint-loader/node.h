/* SPDX-License-Identifier: GPL-2.0 */
/* One node. */
#ifndef MINT_LOADER_NODE_H
#define MINT_LOADER_NODE_H

#include <stdbool.h>
#include <mint/state.h>

struct region;

/**
 * struct node_view - one node as copied out of the region
 * @life: managers' line; @name in it is safe to print
 * @self: the node's own line; @release in it is safe to print
 * @hold: who has it in its hands; @command in it is safe to print
 * @user: how far its user space is
 * @id: node id
 * @silent: says RUNNING, but its heartbeat stands still
 * @damaged: holds values that no Mint kernel writes
 */
struct node_view {
	struct mint_node_life life;
	struct mint_node_self self;
	struct mint_hold hold;
	struct mint_node_user user;
	__u32 id;
	bool silent;
	bool damaged;
};

bool node_read(const struct region *region, __u32 id, struct node_view *node);
enum mint_node_state node_state(const struct node_view *node);
const char *node_state_name(const struct node_view *node);
bool node_active(const struct node_view *node);
bool node_word_is_id(const char *word);
bool node_is(const struct node_view *node, const char *word);

#endif /* MINT_LOADER_NODE_H */
