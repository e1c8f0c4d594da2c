/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that has an owner, and the gaps between. */
#ifndef MINT_LOADER_CLAIMS_H
#define MINT_LOADER_CLAIMS_H

#include <stdbool.h>
#include <mint/abi.h>
#include <mint/boot.h>

struct tables;

/**
 * struct claims - memory that has an owner
 * @nr: used entries of @extents
 * @extents: the claims, in any order
 */
struct claims {
	unsigned int nr;
	struct mint_extent extents[MINT_MAX_EXTENTS + MINT_HANDOVER_EXTENTS];
};

void claims_read(const struct tables *tables, __u32 except, struct claims *claims);
const struct mint_extent *claims_on(const struct claims *claims, __u64 base, __u64 bytes);
bool claims_gap(const struct claims *claims, const struct mint_ledger *ledger, __u64 from,
		struct mint_extent *gap);

#endif /* MINT_LOADER_CLAIMS_H */
