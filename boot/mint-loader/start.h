/* SPDX-License-Identifier: GPL-2.0 */
/* A start that no user asks for. */
#ifndef MINT_LOADER_START_H
#define MINT_LOADER_START_H

#include <mint/abi.h>

int start_again(const char *name, __u32 generation);

#endif /* MINT_LOADER_START_H */
