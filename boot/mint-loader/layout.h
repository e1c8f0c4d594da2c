/* SPDX-License-Identifier: GPL-2.0 */
/* What lies where in the first extent of a node, and in its kernel. */
#ifndef MINT_LOADER_LAYOUT_H
#define MINT_LOADER_LAYOUT_H

#include <asm/bootparam.h>

#define PARAMS_AREA_BYTES	0x100000ULL
#define PARAMS_HANDOVER		(0x1000 + sizeof(struct setup_data))
#define PARAMS_CMDLINE		0x2000
#define PARAMS_BYTES		0x12000
#define PARAMS_CMDLINE_BYTES	(PARAMS_BYTES - PARAMS_CMDLINE)
#define KERNEL_ENTRY_64		0x200

#endif /* MINT_LOADER_LAYOUT_H */
