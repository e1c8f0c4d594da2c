/* SPDX-License-Identifier: GPL-2.0 */
/* Does a value of mint= fit a machine? */
#ifndef MINT_LOADER_FIT_H
#define MINT_LOADER_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct survey;
struct survey_memory;

bool fit_memory(const struct survey_memory *memory, __u64 mem, __u64 shm, __u64 shm_base,
		char *why, size_t room);
bool fit_parse(const char *value, char *why, size_t room);
bool fit(const struct survey *survey, const char *value, char *why, size_t room);

#endif /* MINT_LOADER_FIT_H */
