// SPDX-License-Identifier: GPL-2.0
/*
 * Signals: which pairs have news for a node.
 *
 * A bit for each pair, and above them a bit for each word of these: so a node
 * looks at one word to find that there is nothing. A signal sets the bit of the
 * pair, then that of its word. The node takes the upper word, then the words that
 * it names: it finds each bit that was set before.
 *
 * A node says that it looks by itself: then no doorbell is rung. To sleep it takes
 * that back, has a full barrier and looks once more; a peer sets its bits, which
 * is a full barrier, and then looks whether the node looks. Of these two loads at
 * least one sees the other's store.
 *
 * A peer that dies between the two bits, or before the doorbell, leaves a signal
 * that nobody takes. The look every 100 ms needs none: it asks all pairs.
 */
#include "view.h"

/**
 * mint_line_open() - tell the peers whether this node joins and offers
 * @view: own view of the section
 * @open: it does
 */
void mint_line_open(struct mint_view *view, bool open)
{
	struct mint_bypass_line *line = mint_line_at(view, view->node);

	/* A former start of this node may have ended while it looked. */
	mint_store(&line->looking, 0ULL);
	mint_store(&line->generation, view->generation);
	mint_store_release(&line->open, (u32)open);
}

/**
 * mint_line_is_open() - does a peer join?
 * @view: own view of the section
 * @node: its node id, less than MINT_MAX_NODES
 * @generation: of it
 */
bool mint_line_is_open(const struct mint_view *view, u32 node, u32 generation)
{
	const struct mint_bypass_line *line = mint_line_at(view, node);

	/* Pairs with the release in mint_line_open(). */
	return mint_load_acquire(&line->open) == 1 && mint_load(&line->generation) == generation;
}

/**
 * mint_signal() - tell a node that a pair has news for it
 * @view: own view of the section
 * @node: node id, less than MINT_MAX_NODES
 * @pair: number of the pair
 *
 * Return: true if it has to be rung.
 */
bool mint_signal(struct mint_view *view, u32 node, u32 pair)
{
	struct mint_bypass_line *line = mint_line_at(view, node);

	mint_or(&line->signalled[pair / 64], 1ULL << pair % 64);
	mint_or(&line->news, 1ULL << pair / 64);
	return !mint_load(&line->looking);
}

/**
 * mint_signals_pending() - has this node news that it has not taken?
 * @view: own view of the section
 */
bool mint_signals_pending(const struct mint_view *view)
{
	return mint_load(&mint_line_at(view, view->node)->news);
}

/**
 * mint_signals_words() - take the word that says where news are
 * @view: own view of the section
 *
 * Return: a bit for each word to be taken by mint_signals_take(); bits beyond the
 * last word mean nothing.
 */
u64 mint_signals_words(struct mint_view *view)
{
	u64 *news = &mint_line_at(view, view->node)->news;

	return mint_load(news) ? mint_xchg(news, 0ULL) : 0;
}

/**
 * mint_signals_take() - take the signals of 64 pairs
 * @view: own view of the section
 * @word: which: the pairs from 64 * @word on, at most the last one
 *
 * Return: a bit for each pair with news; some may be no pairs.
 */
u64 mint_signals_take(struct mint_view *view, u32 word)
{
	u64 *bits = &mint_line_at(view, view->node)->signalled[word];

	return mint_load(bits) ? mint_xchg(bits, 0ULL) : 0;
}

/**
 * mint_signals_look() - need no doorbell from now on
 * @view: own view of the section
 */
void mint_signals_look(struct mint_view *view)
{
	mint_store(&mint_line_at(view, view->node)->looking, 1ULL);
}

/**
 * mint_signals_sleep() - need a doorbell from now on
 * @view: own view of the section
 *
 * Return: true if there is nothing to be taken before.
 */
bool mint_signals_sleep(struct mint_view *view)
{
	struct mint_bypass_line *line = mint_line_at(view, view->node);

	mint_store(&line->looking, 0ULL);
	mint_mb();	/* pairs with mint_or() in mint_signal() */
	return !mint_load(&line->news);
}
