// SPDX-License-Identifier: GPL-2.0
/*
 * The page tables that a node's kernel is entered with, in the node's own
 * memory: 4 levels, one to one, by pages of 2 MB, which every CPU has. They map
 * what the kernel touches before it has tables of its own, and low memory,
 * through which its CPU comes.
 */
#include <string.h>
#include "paging.h"

#define LARGE_BYTES	(2ULL << 20)
/* So much lies in two tables of each kind at most. */
#define MAX_BYTES	(1024 * 1024 * 1024ULL)
/* A kernel with 4 levels has no use for memory above. */
#define MAX_END		(65536 * MAX_BYTES)

#define ENTRY_TABLE	0x3ULL	/* present, writable */
#define ENTRY_LARGE	0x83ULL	/* and a page of 2 MB */
#define ENTRY_ADDRESS	0x000ffffffffff000ULL

/**
 * struct paging - page tables in the making
 * @pages: where they are made; the first is the PML4
 * @phys: where they will lie
 * @nr: pages in use
 */
struct paging {
	unsigned char *pages;
	__u64 phys;
	unsigned int nr;
};

static __u64 entry_of(const unsigned char *table, unsigned int index)
{
	__u64 entry;

	memcpy(&entry, table + index * sizeof(entry), sizeof(entry));
	return entry;
}

static void set_entry(unsigned char *table, unsigned int index, __u64 entry)
{
	memcpy(table + index * sizeof(entry), &entry, sizeof(entry));
}

/* The table below an entry, made if it is not there. */
static unsigned char *table_below(struct paging *paging, unsigned char *table, unsigned int index)
{
	__u64 entry = entry_of(table, index);

	if (!entry) {
		entry = (paging->phys + paging->nr++ * PAGING_PAGE_BYTES) | ENTRY_TABLE;
		set_entry(table, index, entry);
	}
	return paging->pages + ((entry & ENTRY_ADDRESS) - paging->phys);
}

static void map_large(struct paging *paging, __u64 address)
{
	unsigned char *pdpt = table_below(paging, paging->pages, address >> 39 & 511);
	unsigned char *pd = table_below(paging, pdpt, address >> 30 & 511);

	set_entry(pd, address >> 21 & 511, address | ENTRY_LARGE);
}

/**
 * paging_reaches() - can a kernel be entered on page tables of ours?
 * @start: first byte of what they have to map, besides the first 2 MB
 * @end: its end, above @start
 */
bool paging_reaches(__u64 start, __u64 end)
{
	return end <= MAX_END && end - start <= MAX_BYTES;
}

/**
 * paging_fill() - make the page tables
 * @pages: filled in
 * @phys: physical address where they will lie, page aligned
 * @start: first byte to map, besides the first 2 MB
 * @end: its end; see paging_reaches()
 */
void paging_fill(unsigned char pages[PAGING_MAX_PAGES * PAGING_PAGE_BYTES], __u64 phys,
		 __u64 start, __u64 end)
{
	struct paging paging = { .pages = pages, .phys = phys, .nr = 1 };
	__u64 at;

	memset(pages, 0, PAGING_MAX_PAGES * PAGING_PAGE_BYTES);
	map_large(&paging, 0);
	for (at = start & ~(LARGE_BYTES - 1); at < end; at += LARGE_BYTES)
		map_large(&paging, at);
}
