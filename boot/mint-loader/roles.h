/* SPDX-License-Identifier: GPL-2.0 */
/* What exists once in the machine. */
#ifndef MINT_LOADER_ROLES_H
#define MINT_LOADER_ROLES_H

#include <jansson.h>

struct tables;

void roles_print(const struct tables *tables, const char *before);
json_t *json_roles(const struct tables *tables);

#endif /* MINT_LOADER_ROLES_H */
