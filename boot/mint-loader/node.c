// SPDX-License-Identifier: GPL-2.0
/* One node, as its lines of the node table tell. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mint/state.h>
#include "node.h"
#include "region.h"
#include "report.h"
#include "value.h"

static bool word_good(const char *word, size_t room)
{
	size_t i, bytes = strnlen(word, room);

	for (i = 0; i < bytes; i++)
		if (!isgraph((unsigned char)word[i]))
			return false;
	return bytes && bytes < room;
}

/* A name becomes a part of paths, and of what a shell completes and expands. */
static bool name_good(const char name[MINT_NAME_BYTES])
{
	char copy[MINT_NAME_BYTES], why[128];

	return word_good(name, MINT_NAME_BYTES) && value_name(name, copy, why, sizeof(why));
}

/**
 * node_read() - copy a node out of the region, and check it
 * @region: the region
 * @id: node id
 * @node: filled in
 *
 * Return: false when the region has no such entry.
 */
bool node_read(const struct region *region, __u32 id, struct node_view *node)
{
	const struct mint_node *entry;

	entry = region_entry(region, MINT_SECTION_NODES, id, sizeof(*entry), NULL);
	if (!entry)
		return false;
	memset(node, 0, sizeof(*node));
	node->id = id;
	region_copy(&node->life, &entry->life, sizeof(node->life));
	region_copy(&node->self, &entry->self, sizeof(node->self));
	region_copy(&node->hold, &entry->hold, sizeof(node->hold));
	region_copy(&node->user, &entry->user, sizeof(node->user));
	node->hold.command[sizeof(node->hold.command) - 1] = '\0';
	make_printable(node->hold.command);
	if (node->life.life == MINT_LIFE_NONE)
		return true;

	node->damaged = node_state(node) == MINT_NODE_DAMAGED;
	if (!name_good(node->life.name)) {
		node->damaged = true;
		snprintf(node->life.name, sizeof(node->life.name), "?");
	}
	if (!node->self.release[0]) {	/* before the node's first start */
		snprintf(node->self.release, sizeof(node->self.release), "-");
	} else if (!word_good(node->self.release, sizeof(node->self.release))) {
		node->damaged = true;
		snprintf(node->self.release, sizeof(node->self.release), "?");
	}
	return true;
}

/**
 * node_state() - the state of a node
 * @node: the node
 *
 * One that was only read, and not watched by tables_snapshot(), is never silent.
 */
enum mint_node_state node_state(const struct node_view *node)
{
	return node->damaged ? MINT_NODE_DAMAGED :
	       mint_node_state(&node->life, &node->self, node->silent);
}

/**
 * node_state_name() - the state of a node as a word
 * @node: the node
 *
 * Return: a constant.
 */
const char *node_state_name(const struct node_view *node)
{
	return mint_node_state_name(node_state(node));
}

/**
 * node_active() - do the CPUs of a node execute its kernel, as far as known?
 * @node: the node
 */
bool node_active(const struct node_view *node)
{
	return mint_node_state_active(node_state(node));
}

/**
 * node_word_is_id() - is what the user wrote an id, not a name?
 * @word: the word; no name begins with a digit
 */
bool node_word_is_id(const char *word)
{
	return *word && !word[strspn(word, "0123456789")];
}

/**
 * node_is() - is that the node that the user means?
 * @node: a node
 * @word: what the user wrote: a name, or an id in decimal digits
 */
bool node_is(const struct node_view *node, const char *word)
{
	if (node->life.life == MINT_LIFE_NONE)
		return false;
	return node_word_is_id(word) ? strtoul(word, NULL, 10) == node->id :
				       !strcmp(node->life.name, word);
}
