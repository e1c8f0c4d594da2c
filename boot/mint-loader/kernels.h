/* SPDX-License-Identifier: GPL-2.0 */
/* Kernels that are installed. */
#ifndef MINT_LOADER_KERNELS_H
#define MINT_LOADER_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

bool kernel_has_mint(const char *release);
bool kernels_with_mint(char *text, size_t room);

#endif /* MINT_LOADER_KERNELS_H */
