/* SPDX-License-Identifier: GPL-2.0 */
/* Where the user looks at a text that changes. */
#ifndef MINT_LOADER_DISPLAY_H
#define MINT_LOADER_DISPLAY_H

#include <stdbool.h>
#include <mint/abi.h>

void display_open(void);
bool display_draws(void);
void display_show(char *text);
void display_wait(__u64 until_ms);
bool display_is_over(void);
int display_close(void);

#endif /* MINT_LOADER_DISPLAY_H */
