/* SPDX-License-Identifier: GPL-2.0 */
/* Words of a kernel's command line. */
#ifndef MINT_LOADER_CMDLINE_H
#define MINT_LOADER_CMDLINE_H

const char *cmdline_value(const char *cmdline, const char *name);

#endif /* MINT_LOADER_CMDLINE_H */
