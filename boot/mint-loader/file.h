/* SPDX-License-Identifier: GPL-2.0 */
/* Whole files. */
#ifndef MINT_LOADER_FILE_H
#define MINT_LOADER_FILE_H

#include <stddef.h>

struct buffer {
	unsigned char *data;
	size_t bytes;
};

int file_read(const char *what, const char *path, size_t limit, struct buffer *to);
int file_write_atomic(const char *dir, const char *name, const char *text);

#endif /* MINT_LOADER_FILE_H */
