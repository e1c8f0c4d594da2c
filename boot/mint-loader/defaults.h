/* SPDX-License-Identifier: GPL-2.0 */
/* What the machine is told at its next boot. */
#ifndef MINT_LOADER_DEFAULTS_H
#define MINT_LOADER_DEFAULTS_H

#include <stdbool.h>

#define DEFAULTS_DIR	"/etc/default"
#define DEFAULTS_NAME	"mint"
#define DEFAULTS_FILE	DEFAULTS_DIR "/" DEFAULTS_NAME

#define DEFAULTS_VALUE_BYTES	512

bool defaults_can_hold(const char *value);
int defaults_read(char **text);
bool defaults_value(const char *text, char value[DEFAULTS_VALUE_BYTES]);
int defaults_write(const char *old, const char *value);
int defaults_restore(const char *old);

#endif /* MINT_LOADER_DEFAULTS_H */
