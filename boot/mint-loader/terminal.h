/* SPDX-License-Identifier: GPL-2.0 */
/* The user's terminal. */
#ifndef MINT_LOADER_TERMINAL_H
#define MINT_LOADER_TERMINAL_H

#include <stdbool.h>

struct pollfd;
bool terminal_take(bool keys);
void terminal_give_back(bool discard);
int terminal_wait(struct pollfd *files, unsigned int nr, unsigned int timeout_ms);
int terminal_signal(void);
bool terminal_resized(void);

#endif /* MINT_LOADER_TERMINAL_H */
