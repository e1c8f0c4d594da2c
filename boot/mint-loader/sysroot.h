/* SPDX-License-Identifier: GPL-2.0 */
/* Small files of /proc and /sys, of this machine or of one that was saved. */
#ifndef MINT_LOADER_SYSROOT_H
#define MINT_LOADER_SYSROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>
#include "file.h"

#define SYSROOT_PATH_BYTES	512

void sysroot_set(const char *dir);
int sysroot_path(const char *path, char full[SYSROOT_PATH_BYTES]);
bool sysroot_has(const char *path);
int sysroot_read(const char *path, size_t limit, struct buffer *to);
int sysroot_read_at(const char *path, off_t at, void *to, size_t bytes);
int sysroot_line(const char *path, char *text, size_t room);
int sysroot_number(const char *path, __u64 *value);
int sysroot_link(const char *path, char *target, size_t room);
int sysroot_each(const char *path, void (*each)(const char *name, void *context),
		 void *context);

#endif /* MINT_LOADER_SYSROOT_H */
