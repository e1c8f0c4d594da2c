/* SPDX-License-Identifier: GPL-2.0 */
/* Time, for those who wait. */
#ifndef MINT_LOADER_TIMING_H
#define MINT_LOADER_TIMING_H

#include <stdbool.h>
#include <mint/abi.h>

/* Between two looks at what nobody is woken for. */
#define POLL_MS		10
/* A node that hangs wakes nobody either: how soon that is noticed. */
#define HANG_LOOK_MS	250

__u64 now_ms(void);
void pause_ms(unsigned int ms);
void limit_waits(bool on);

#endif /* MINT_LOADER_TIMING_H */
