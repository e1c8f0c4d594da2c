/* SPDX-License-Identifier: GPL-2.0 */
/* Words on a command line that cannot work on a node. */
#ifndef MINT_LOADER_WORDS_H
#define MINT_LOADER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

bool words_work(const char *cmdline, char *why, size_t room);

#endif /* MINT_LOADER_WORDS_H */
