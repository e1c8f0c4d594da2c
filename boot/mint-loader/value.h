/* SPDX-License-Identifier: GPL-2.0 */
/* Values of the node file, and numbers in other texts. */
#ifndef MINT_LOADER_VALUE_H
#define MINT_LOADER_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <mint/abi.h>

bool value_name(const char *text, char name[MINT_NAME_BYTES], char *why, size_t room);
bool value_cpus(const char *text, __u64 *cpus, char *why, size_t room);
bool value_restart(const char *text, __u32 *policy, char *why, size_t room);
const char *restart_text(__u32 policy);
bool value_yes_no(const char *text, bool *yes, char *why, size_t room);
bool value_number(const char **at, int base, __u64 *value);
bool value_memory(const char *text, struct mint_extent *extents, unsigned int *nr, char *why,
		  size_t room);
bool value_devices(const char *text, __u32 *functions, unsigned int *nr, char *why, size_t room);

#endif /* MINT_LOADER_VALUE_H */
