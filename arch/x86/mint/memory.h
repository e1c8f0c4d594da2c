/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which memory is node 0's, and where the shared region goes. Compiles in user space
 * too: tests/firmware.
 */
#ifndef _ARCH_X86_MINT_MEMORY_H
#define _ARCH_X86_MINT_MEMORY_H

#include <linux/types.h>
#include <asm/mint_machine.h>

#define MINT_NOWHERE	(~0ULL)

/**
 * struct mint_span - addresses from @base to @end, without @end
 * @base: first byte
 * @end: first byte behind it
 */
struct mint_span {
	u64 base;
	u64 end;
};

/**
 * struct mint_spans - whole extents, in ascending order, none touches another
 * @nr: used entries of @span
 * @span: the spans; the last entry is for what is being added
 */
struct mint_spans {
	u32 nr;
	struct mint_span span[MINT_MAX_SPANS + 1];
};

void mint_ram_add(struct mint_machine *machine, struct mint_span *open, u64 base, u64 end);
void mint_ram_close(struct mint_machine *machine, struct mint_span *open);
u64 mint_ram_lowest(const struct mint_machine *machine, u64 bytes, u64 *missing);
void mint_spans_limit(struct mint_spans *spans, int nr);
void mint_spans_add(struct mint_spans *spans, u64 base, u64 end);
bool mint_spans_meet(const struct mint_spans *spans, u64 base, u64 bytes);
void mint_own_enter(struct mint_machine *machine, const struct mint_spans *spans);
u64 mint_region_find(const struct mint_machine *machine, const struct mint_spans *taken,
		     u64 bytes);

#endif /* _ARCH_X86_MINT_MEMORY_H */
