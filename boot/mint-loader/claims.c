// SPDX-License-Identifier: GPL-2.0
/* Memory that has an owner, and what is unassigned between. */
#include <stdbool.h>
#include <mint/abi.h>
#include <mint/extent.h>
#include "claims.h"
#include "tables.h"

/**
 * claims_read() - the claims on memory
 * @tables: the tables
 * @except: leave out what this node owns; MINT_MAX_NODES for none
 * @claims: filled in
 */
void claims_read(const struct tables *tables, __u32 except, struct claims *claims)
{
	unsigned int i;

	claims->nr = 0;
	for (i = 0; i < MINT_MAX_EXTENTS; i++) {
		const struct mint_extent *extent = &tables->ledger.extents[i];

		if (extent->owner != MINT_OWNER_NONE && extent->owner != except)
			claims->extents[claims->nr++] = *extent;
	}
}

/**
 * claims_on() - find who has a piece of memory, or a part of it
 * @claims: the claims
 * @base: first byte
 * @bytes: size
 *
 * Return: one of the claims on it, or NULL.
 */
const struct mint_extent *claims_on(const struct claims *claims, __u64 base, __u64 bytes)
{
	unsigned int i;

	for (i = 0; i < claims->nr; i++)
		if (mint_extent_meets(&claims->extents[i], base, bytes))
			return &claims->extents[i];
	return NULL;
}

/* Where the memory that is free at @at ends, within @end. */
static __u64 free_until(const struct claims *claims, __u64 at, __u64 end)
{
	unsigned int i;

	for (i = 0; i < claims->nr; i++)
		if (claims->extents[i].base >= at && claims->extents[i].base < end)
			end = claims->extents[i].base;
	return end;
}

static bool gap_in(const struct claims *claims, const struct mint_extent *ram, __u64 from,
		   struct mint_extent *gap)
{
	__u64 at = from > ram->base ? from : ram->base, end = ram->base + ram->bytes;

	while (at < end) {
		const struct mint_extent *claim = claims_on(claims, at, 1);

		if (!claim) {
			gap->base = at;
			gap->bytes = free_until(claims, at, end) - at;
			gap->domain = ram->domain;
			return true;
		}
		at = claim->base + claim->bytes;
	}
	return false;
}

/**
 * claims_gap() - find memory that is not assigned
 * @claims: the claims
 * @ledger: tells what memory there is
 * @from: lowest address
 * @gap: filled in: the lowest piece at or above @from, as long as it is within one
 *	NUMA domain; without an owner
 *
 * Return: whether there is one.
 */
bool claims_gap(const struct claims *claims, const struct mint_ledger *ledger, __u64 from,
		struct mint_extent *gap)
{
	struct mint_extent found;
	bool any = false;
	unsigned int i;

	for (i = 0; i < ledger->nr_ram; i++) {
		if (!gap_in(claims, &ledger->ram[i], from, &found))
			continue;
		if (!any || found.base < gap->base)
			*gap = found;
		any = true;
	}
	return any;
}
