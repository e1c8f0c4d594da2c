/* SPDX-License-Identifier: GPL-2.0 */
/* The page tables that a node's kernel is entered with. */
#ifndef MINT_LOADER_PAGING_H
#define MINT_LOADER_PAGING_H

#include <stdbool.h>
#include <linux/types.h>

#define PAGING_PAGE_BYTES	4096
/* A PML4; for low memory and both ends of a kernel a PDPT and a PD each */
#define PAGING_MAX_PAGES	7

bool paging_reaches(__u64 start, __u64 end);
void paging_fill(unsigned char pages[PAGING_MAX_PAGES * PAGING_PAGE_BYTES], __u64 phys,
		 __u64 start, __u64 end);

#endif /* MINT_LOADER_PAGING_H */
