// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: any memory map, any pieces that a kernel uses. What is node 0's is
 * memory, holds all that the kernel uses of it, and keeps clear of the shared region.
 *
 * The input is a list of pieces of memory, each with a kind.
 */
#include <string.h>
#include <mint/extent.h>

#include "check.h"
#include "memory.h"

#define KIND_RAM	0
#define KIND_USED	1
#define MAX_PIECES	1000

int fuzz_one(const u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

/**
 * struct piece - one of the input
 * @base: first byte, in pages
 * @pages: size
 * @kind: KIND_RAM, or what the kernel uses
 * @shift: makes both larger
 */
struct piece {
	u32 base;
	u16 pages;
	u8 kind;
	u8 shift;
} __packed;

static struct mint_machine machine;
static struct mint_spans spans;
static struct mint_span pieces[MAX_PIECES];
static u32 nr_pieces;

static void check_ram(void)
{
	u64 end = MINT_EXTENT_ALIGN;
	u32 i;

	CHECK(machine.nr_ram <= MINT_MAX_RAM);
	for (i = 0; i < machine.nr_ram; i++) {
		CHECK(machine.ram[i].base >= end && machine.ram[i].bytes);
		CHECK(!(machine.ram[i].base % MINT_EXTENT_ALIGN));
		CHECK(!(machine.ram[i].bytes % MINT_EXTENT_ALIGN));
		end = machine.ram[i].base + machine.ram[i].bytes;
		CHECK(end <= 1ULL << 52);
	}
}

static void check_spans(void)
{
	u32 i;

	CHECK(spans.nr && spans.nr <= MINT_MAX_SPANS && !spans.span[0].base);
	for (i = 0; i < spans.nr; i++) {
		CHECK(spans.span[i].base < spans.span[i].end);
		CHECK(!i || spans.span[i - 1].end < spans.span[i].base);
	}
	for (i = 0; i < nr_pieces; i++)
		CHECK(mint_spans_meet(&spans, pieces[i].base, 1) &&
		      mint_spans_meet(&spans, pieces[i].end - 1, 1));
}

static void check_own(void)
{
	u64 end = 0;
	u32 i, j;

	CHECK(machine.nr_own && machine.nr_own <= MINT_MAX_OWN);
	for (i = 0; i < machine.nr_own; i++) {
		u64 base = machine.own[i].base, bytes = machine.own[i].bytes;

		CHECK(bytes && (!i || base > end));
		end = base + bytes;
		if (!base) {
			base = MINT_EXTENT_ALIGN;
			bytes -= MINT_EXTENT_ALIGN;
		}
		CHECK(!bytes || mint_extents_hold(machine.ram, machine.nr_ram, base, bytes));
	}
	for (i = 0; i < nr_pieces; i++)
		for (j = 0; j < machine.nr_ram; j++)
			CHECK(!mint_extent_meets(&machine.ram[j], pieces[i].base, 1) ||
			      mint_extents_hold(machine.own, machine.nr_own, pieces[i].base, 1));
}

static void check_region(u64 bytes)
{
	u64 at = mint_region_find(&machine, &spans, bytes);
	u32 i;

	if (at == MINT_NOWHERE)
		return;
	CHECK(mint_extents_hold(machine.ram, machine.nr_ram, at, bytes));
	CHECK(!mint_spans_meet(&spans, at, bytes));
	for (i = 0; i < machine.nr_own; i++)
		CHECK(!mint_extent_meets(&machine.own[i], at, bytes));
}

static void add_piece(const struct piece *piece, struct mint_span *open)
{
	u64 base = (u64)piece->base << (12 + piece->shift % 40);
	u64 end = base + ((u64)piece->pages << (12 + piece->shift % 40));

	if (piece->kind % 2 == KIND_RAM) {
		mint_ram_add(&machine, open, base, end);
		return;
	}
	mint_spans_add(&spans, base, end);
	if (base < end && end <= 1ULL << 52)
		pieces[nr_pieces++] = (struct mint_span){ base, end };
}

int fuzz_one(const u8 *data, size_t size)
{
	struct mint_span open = { 0, 0 };
	struct piece piece;
	u64 missing, mem;

	memset(&machine, 0, sizeof(machine));
	memset(&spans, 0, sizeof(spans));
	nr_pieces = 0;
	if (size < 2)
		return 0;
	mem = (1 + data[0] + data[1] * 256ULL) * MINT_EXTENT_ALIGN;
	for (data += 2, size -= 2; size >= sizeof(piece) && nr_pieces < MAX_PIECES;
	     data += sizeof(piece), size -= sizeof(piece)) {
		memcpy(&piece, data, sizeof(piece));
		add_piece(&piece, &open);
	}
	mint_ram_close(&machine, &open);
	check_ram();
	mint_spans_add(&spans, 0, mint_ram_lowest(&machine, mem, &missing));
	check_spans();
	mint_own_enter(&machine, &spans);
	check_own();
	check_region(mem);
	return 0;
}
