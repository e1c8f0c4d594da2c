/* SPDX-License-Identifier: GPL-2.0 */
/* Files that more than one module names. */
#ifndef MINT_LOADER_PATHS_H
#define MINT_LOADER_PATHS_H

#define MINT_DEVICE	"/dev/mint"
#define MINT_RUN_DIR	"/run/mint"
#define MINT_ETC_DIR	"/etc/mint"
#define MINT_BOOT_DIR	"/boot"
#define MINT_DATA_DIR	"/var/lib/mint"	/* roots that were made for nodes */

#endif /* MINT_LOADER_PATHS_H */
