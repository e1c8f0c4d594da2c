// SPDX-License-Identifier: GPL-2.0
/* Who holds a node: which command on which node, and what to do about it. */
#include <stdbool.h>
#include <stdio.h>
#include <mint/state.h>
#include "hold.h"
#include "node.h"
#include "region.h"
#include "report.h"
#include "tables.h"

/**
 * hold_of() - which node holds a node?
 * @tables: the tables
 * @node: the node that is held
 *
 * Return: the holder's node, NULL when nobody has it.
 */
const struct node_view *hold_of(const struct tables *tables, const struct node_view *node)
{
	__u32 holder = mint_hold_node(node->hold.word);

	return node->hold.word && holder < tables->nr_nodes &&
	       tables->nodes[holder].life.life != MINT_LIFE_NONE ? &tables->nodes[holder] : NULL;
}

/**
 * holder_text() - name a holder; the hold of a dead one is void
 * @holder: its node
 * @hold: what it has
 * @text: where to put it
 * @room: size of @text
 *
 * Return: @text.
 */
const char *holder_text(const struct node_view *holder, const struct mint_hold *hold, char *text,
			size_t room)
{
	bool dead = mint_hold_generation(hold->word) <= holder->life.fenced;
	const char *end = dead ? ", which is dead" : "";

	if (hold->process)
		snprintf(text, room, "%s, process %u on node '%s'%s", hold->command,
			 hold->process, holder->life.name, end);
	else
		snprintf(text, room, "the kernel of node '%s'%s", holder->life.name, end);
	return text;
}

/**
 * hold_failed() - say who has the node that a call was for
 * @region: the region
 * @node: the node
 *
 * Return: an enum mint_exit.
 */
int hold_failed(const struct region *region, const struct node_view *node)
{
	const char *name = node->life.name;
	const struct node_view *holder;
	static struct tables now;
	char text[128];
	int code;

	code = tables_snapshot(region, &now);
	if (code)
		return code;
	node = &now.nodes[node->id];
	holder = hold_of(&now, node);
	if (!holder)
		return fail(MINT_EXIT_STATE,
			    "another mint command had it a moment ago. Try: mint show %s", name);
	holder_text(holder, &node->hold, text, sizeof(text));
	if (!(node->hold.word & MINT_HOLD_AT_WORK))
		return fail(MINT_EXIT_STATE, "it is being loaded by %s. Try: mint kill %s", text,
			    name);
	if (mint_node_state_hangs(node_state(holder)))
		return fail(MINT_EXIT_STATE,
			    "it is in the hands of %s, which is %s. Try: mint kill %s", text,
			    node_state_name(holder), holder->life.name);
	return fail(MINT_EXIT_STATE, "it is in the hands of %s just now. Try: mint show %s", text,
		    name);
}
