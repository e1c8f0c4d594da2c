/* SPDX-License-Identifier: GPL-2.0 */
/* Scripts that are installed with the command. */
#ifndef MINT_LOADER_SCRIPT_H
#define MINT_LOADER_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

int script_run(const char *root, const char *name, const char *word, char *said, size_t room,
	       int *status);
int script_show(const char *name, const char *const words[]);
bool script_installed(const char *name);

#endif /* MINT_LOADER_SCRIPT_H */
