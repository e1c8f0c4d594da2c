/* SPDX-License-Identifier: GPL-2.0 */
/* Results as JSON. */
#ifndef MINT_LOADER_JSON_H
#define MINT_LOADER_JSON_H

#include <jansson.h>
#include <mint/abi.h>

#define JSON_SCHEMA	1	/* of all results */

json_t *json_cpus(const __u64 *cpus);
json_t *json_functions(const __u32 *functions, unsigned int nr);
json_t *json_extents(const struct mint_extent *extents, unsigned int nr);
int json_print(json_t *object);
int json_print_line(json_t *object);

#endif /* MINT_LOADER_JSON_H */
