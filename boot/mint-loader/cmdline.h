/* SPDX-License-Identifier: GPL-2.0 */
/* Words of a kernel's command line. */
#ifndef MINT_LOADER_CMDLINE_H
#define MINT_LOADER_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

bool cmdline_has(const char *cmdline, const char *word);
bool cmdline_next(const char **at, char *word, size_t room);
const char *cmdline_value(const char *cmdline, const char *name);

#endif /* MINT_LOADER_CMDLINE_H */
