// SPDX-License-Identifier: GPL-2.0
/*
 * How two sockets of one connection find each other.
 *
 * Both ends of a TCP connection know its two initial sequence numbers, and
 * nobody else has a connection with the same two: they are the key of a pair.
 *
 * Offer: the client enters the key in the table when the connection is
 * established for it, before it acknowledges the server's SYN.
 * Join: the server gets this acknowledgment later than that. So it looks for
 * the key once, when the connection is established for it, and if it is not
 * there, it will never be: the peer is no node, or wants no bypass.
 * Withdraw: what the server sends next it has sent after this look. So a client
 * that has heard more of the server, and finds the pair not joined, takes its
 * offer back.
 *
 * Whoever may change an entry stands in its word, and all changes of it are
 * made by compare-exchange, so no lock is needed:
 *
 *	FREE -> FILLED		by a client, which fills the entry
 *	FILLED -> OFFERED	by it, release
 *	OFFERED -> FREE		by it, when it withdraws
 *	OFFERED -> JOINED	by a server
 *	JOINED -> JOINED	an end leaves: NOBODY in its place; or DEAD
 *	JOINED -> CLEARED	by the end that leaves last
 *	CLEARED -> FREE		by it, when it has given back the units
 *
 * Between the server's look at the key and its compare-exchange the client may
 * have withdrawn the entry and offered it with another key. The word is the same
 * then. So the server looks at the key once more, when nobody can change it any
 * longer, and repeats it in @echo; the client counts the pair as joined when
 * it finds its key there.
 *
 * Death: a word names the incarnations of its ends. Every survivor buries the
 * dead: it does what they would do to leave, and looks again when its
 * compare-exchange fails, since it was perhaps no burial that came before it. Who
 * clears an entry stands in it too, and may be buried.
 */
#include <linux/string.h>

#include "view.h"

static u32 mint_word_kind(u64 word)
{
	return word & 0xf;
}

static struct mint_end mint_word_client(u64 word)
{
	return (struct mint_end){
		.node = ((word >> 4) - 1) & 0xff,
		.generation = (word >> 20) & MINT_PAIR_GENERATION,
	};
}

static struct mint_end mint_word_server(u64 word)
{
	return (struct mint_end){
		.node = ((word >> 12) - 1) & 0xff,
		.generation = word >> 42,
	};
}

static bool mint_end_gone(struct mint_end end)
{
	return end.node == MINT_PAIR_NOBODY || end.node == MINT_PAIR_DEAD;
}

/**
 * mint_end_fenced() - is this an end that is fenced?
 * @end: of a pair
 * @last: incarnations of this node up to this one are fenced
 */
bool mint_end_fenced(struct mint_end end, struct mint_end last)
{
	/* A generation of 22 bits is the same as, or older than, a full one. */
	return end.node == last.node &&
	       ((last.generation - end.generation) & MINT_PAIR_GENERATION) <=
	       MINT_PAIR_GENERATION / 2;
}

/* This node as the client, and nobody as the server. */
static u64 mint_word_own(const struct mint_view *view, u32 kind)
{
	return mint_pair_word(kind, view->node, MINT_PAIR_NOBODY, view->generation, 0);
}

static u64 mint_word_without_client(u64 word, u32 instead)
{
	struct mint_end server = mint_word_server(word);

	return mint_pair_word(mint_word_kind(word), instead, server.node, 0, server.generation);
}

static u64 mint_word_without_server(u64 word, u32 instead)
{
	struct mint_end client = mint_word_client(word);

	return mint_pair_word(mint_word_kind(word), client.node, instead, client.generation, 0);
}

/* The pairs in which a key may be, one after the other. */
static u32 mint_pair_probe(const struct mint_view *view, u64 key, u32 probe)
{
	return ((u32)(key >> 32) + (u64)probe) % view->geometry.nr_pairs;
}

/* Nobody else reads or writes these words yet. */
static void mint_pair_fill(struct mint_pair *pair, u64 key, u32 cpu)
{
	memset(pair->lanes, 0, sizeof(pair->lanes));
	/* Neither end has looked yet: the first bytes are signalled. */
	mint_store(&pair->lanes[MINT_LANE_TO_SERVER].needs_bytes, 1ULL);
	mint_store(&pair->lanes[MINT_LANE_TO_CLIENT].needs_bytes, 1ULL);
	mint_store(&pair->lanes[MINT_LANE_TO_CLIENT].reader_cpu, (u64)cpu);
	mint_store(&pair->echo, 0ULL);
	mint_store(&pair->joined, 0ULL);
	mint_store(&pair->key, key);
}

/**
 * mint_pair_offer() - enter a connection in the table, as its client
 * @view: own view of the section
 * @key: of the connection
 * @cpu: number of the CPU to ring for the first bytes
 *
 * Return: the number of the pair, or -ENOSPC: no free entry, or the one key in
 * 2^64 that says in @echo that nobody has joined.
 */
int mint_pair_offer(struct mint_view *view, u64 key, u32 cpu)
{
	u32 i;

	for (i = 0; key && i < MINT_BYPASS_PROBES; i++) {
		u32 number = mint_pair_probe(view, key, i);
		struct mint_pair *pair = mint_pair_at(view, number);

		if (mint_load(&pair->word) ||
		    mint_cmpxchg(&pair->word, 0ULL, mint_word_own(view, MINT_PAIR_FILLED)))
			continue;
		mint_pair_fill(pair, key, cpu);
		/* Pairs with the acquire in mint_pair_join(). */
		mint_store_release(&pair->word, mint_word_own(view, MINT_PAIR_OFFERED));
		return number;
	}
	return -ENOSPC;
}

/* Joins a pair, unless it is another one or has changed meanwhile. */
static bool mint_pair_try(struct mint_view *view, u32 number, u64 key, u32 cpu)
{
	struct mint_pair *pair = mint_pair_at(view, number);
	/* Pairs with the release in mint_pair_offer(). */
	u64 word = mint_load_acquire(&pair->word);
	struct mint_end client = mint_word_client(word);
	u64 joined = mint_pair_word(MINT_PAIR_JOINED, client.node, view->node,
				    client.generation, view->generation);

	if (mint_word_kind(word) != MINT_PAIR_OFFERED || client.node == view->node ||
	    mint_load(&pair->key) != key || mint_cmpxchg(&pair->word, word, joined) != word)
		return false;
	if (mint_load(&pair->key) != key) {
		mint_pair_leave(view, number, true);
		return false;
	}
	mint_store(&pair->lanes[MINT_LANE_TO_SERVER].reader_cpu, (u64)cpu);
	mint_store(&pair->joined, joined);
	mint_store_release(&pair->echo, key);
	return true;
}

/**
 * mint_pair_join() - look for a connection in the table, as its server
 * @view: own view of the section
 * @key: of the connection
 * @cpu: number of the CPU to ring for the first bytes
 *
 * Return: the number of the pair, which this node is the server of now, or
 * -ENOENT: no other node offers it.
 */
int mint_pair_join(struct mint_view *view, u64 key, u32 cpu)
{
	u32 i;

	for (i = 0; i < MINT_BYPASS_PROBES; i++) {
		u32 number = mint_pair_probe(view, key, i);

		if (mint_pair_try(view, number, key, cpu))
			return number;
	}
	return -ENOENT;
}

/**
 * mint_pair_joined() - has the server joined?
 * @view: own view of the section
 * @number: of a pair that this node offers or has offered
 * @key: of it
 */
bool mint_pair_joined(const struct mint_view *view, u32 number, u64 key)
{
	/* Pairs with the release in mint_pair_try(). */
	return mint_load_acquire(&mint_pair_at(view, number)->echo) == key;
}

/**
 * mint_pair_peer() - which node is at the other end?
 * @view: own view of the section
 * @number: of a pair that this node is an end of
 * @server: it is the server
 *
 * Return: any number below 256; MINT_PAIR_NOBODY if it has left, MINT_PAIR_DEAD
 * if it is known to be dead.
 */
u32 mint_pair_peer(const struct mint_view *view, u32 number, bool server)
{
	u64 word = mint_load(&mint_pair_at(view, number)->word);

	return (server ? mint_word_client(word) : mint_word_server(word)).node;
}

/**
 * mint_pair_partner() - who was at the other end when both had joined?
 * @view: own view of the section
 * @number: of a pair that this node is an end of
 * @server: it is the server
 *
 * Return: also who has left or died meanwhile.
 */
struct mint_end mint_pair_partner(const struct mint_view *view, u32 number, bool server)
{
	u64 word = mint_load(&mint_pair_at(view, number)->joined);

	return server ? mint_word_client(word) : mint_word_server(word);
}

/**
 * mint_pair_withdraw() - take an offer back
 * @view: own view of the section
 * @number: of a pair that this node has offered
 *
 * Return: true if nobody had joined it; it is not ours any more then.
 */
bool mint_pair_withdraw(struct mint_view *view, u32 number)
{
	u64 offered = mint_word_own(view, MINT_PAIR_OFFERED);

	return mint_cmpxchg(&mint_pair_at(view, number)->word, offered, 0ULL) == offered;
}

/* This node has the entry for itself. */
static void mint_pair_clear(struct mint_view *view, u32 number)
{
	mint_units_free(view, number);
	mint_store_release(&mint_pair_at(view, number)->word, 0ULL);
}

/*
 * Makes a joined pair one without these ends. Returns false if the word was not
 * what we believed.
 */
static bool mint_pair_drop(struct mint_view *view, u32 number, u64 word, u64 without)
{
	struct mint_pair *pair = mint_pair_at(view, number);

	if (mint_end_gone(mint_word_client(without)) && mint_end_gone(mint_word_server(without))) {
		if (mint_cmpxchg(&pair->word, word, mint_word_own(view, MINT_PAIR_CLEARED)) != word)
			return false;
		mint_pair_clear(view, number);
		return true;
	}
	return mint_cmpxchg(&pair->word, word, without) == word;
}

/**
 * mint_pair_leave() - an end has no more use for its pair
 * @view: own view of the section
 * @number: of a joined pair that this node is an end of, and does not touch any
 *	more
 * @server: it is the server
 *
 * The last one to leave gives back the memory.
 */
void mint_pair_leave(struct mint_view *view, u32 number, bool server)
{
	struct mint_pair *pair = mint_pair_at(view, number);
	u64 word, without;

	do {
		word = mint_load(&pair->word);
		if (mint_word_kind(word) != MINT_PAIR_JOINED ||
		    (server ? mint_word_server(word) : mint_word_client(word)).node != view->node) {
			mint_fault_count(view, MINT_FAULT_PAIR);
			return;
		}
		without = server ? mint_word_without_server(word, MINT_PAIR_NOBODY) :
			mint_word_without_client(word, MINT_PAIR_NOBODY);
	} while (!mint_pair_drop(view, number, word, without));
}

/*
 * Returns what becomes of the word of a pair; the word itself if no end is dead, or if
 * it is impossible.
 */
static u64 mint_word_buried(u64 word, struct mint_end last)
{
	u32 kind = mint_word_kind(word);

	if (kind == MINT_PAIR_FREE || kind > MINT_PAIR_CLEARED)
		return word;
	if (mint_end_fenced(mint_word_client(word), last))
		word = mint_word_without_client(word, MINT_PAIR_DEAD);
	if (mint_end_fenced(mint_word_server(word), last))
		word = mint_word_without_server(word, MINT_PAIR_DEAD);
	return word;
}

/*
 * Takes the dead out of an entry. The living may change it at the same time, and
 * leave the dead in it: then there is something else to do. Returns false once no
 * dead end is in it.
 */
static bool mint_pair_bury(struct mint_view *view, u32 number, struct mint_end last)
{
	struct mint_pair *pair = mint_pair_at(view, number);
	u64 word, without;
	bool done;

	do {
		word = mint_load(&pair->word);
		without = mint_word_buried(word, last);
		if (without == word)
			return false;
		if (mint_word_kind(word) <= MINT_PAIR_OFFERED)
			done = mint_cmpxchg(&pair->word, word, 0ULL) == word;
		else
			done = mint_pair_drop(view, number, word, without);
	} while (!done);
	return true;
}

/**
 * mint_pairs_bury() - do for the dead what they would do to leave
 * @view: own view of the section
 * @node: node id
 * @generation: its incarnations up to this one are fenced
 *
 * Several nodes may do so at the same time, and as often as they like.
 *
 * Return: pairs that had a dead end.
 */
u32 mint_pairs_bury(struct mint_view *view, u32 node, u32 generation)
{
	const struct mint_end last = { node, generation };
	u32 buried = 0, i;

	for (i = 0; i < view->geometry.nr_pairs; i++)
		while (mint_pair_bury(view, i, last))
			buried++;
	return buried;
}

/**
 * mint_pairs_used() - how many entries of the table somebody has
 * @view: own view of the section
 */
u32 mint_pairs_used(const struct mint_view *view)
{
	u32 used = 0, i;

	for (i = 0; i < view->geometry.nr_pairs; i++)
		used += mint_load(&mint_pair_at(view, i)->word) != 0;
	return used;
}
