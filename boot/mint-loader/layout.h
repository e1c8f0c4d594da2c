/* SPDX-License-Identifier: GPL-2.0 */
/* What lies where in the first extent of a node, and in its kernel. */
#ifndef MINT_LOADER_LAYOUT_H
#define MINT_LOADER_LAYOUT_H

#include <asm/bootparam.h>
#include "paging.h"

#define PARAMS_AREA_BYTES	0x100000ULL
#define PARAMS_HANDOVER		(0x1000 + sizeof(struct setup_data))
#define PARAMS_CMDLINE		0x2000
#define PARAMS_TABLES		0x12000
#define PARAMS_CMDLINE_BYTES	(PARAMS_TABLES - PARAMS_CMDLINE)
#define PARAMS_BYTES		(PARAMS_TABLES + PAGING_MAX_PAGES * PAGING_PAGE_BYTES)
/* Added to the command line: docs/design.md, "Page tables" */
#define PARAMS_WORD		"no5lvl"
#define KERNEL_ENTRY_64		0x200

#endif /* MINT_LOADER_LAYOUT_H */
