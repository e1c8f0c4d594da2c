/* SPDX-License-Identifier: GPL-2.0 */
/* Time, for those who wait. */
#ifndef MINT_LOADER_TIMING_H
#define MINT_LOADER_TIMING_H

#include <stdbool.h>
#include <time.h>
#include <mint/abi.h>

/* How often to look at what wakes nobody when it changes. */
#define POLL_MS		10
/* How often to look whether a node hangs, which wakes nobody either. */
#define HANG_LOOK_MS	250

__u64 now_ms(void);
struct timespec span_of_ms(unsigned int ms);
void pause_ms(unsigned int ms);
void limit_waits(bool on);

#endif /* MINT_LOADER_TIMING_H */
