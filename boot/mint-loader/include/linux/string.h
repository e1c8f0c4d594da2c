/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel has besides the functions of C.
 */
#ifndef MINT_LOADER_LINUX_STRING_H
#define MINT_LOADER_LINUX_STRING_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number, in any base of C, and a suffix of a size. */
static inline unsigned long long memparse(const char *text, char **end)
{
	static const char units[] = "KMGTPE";
	unsigned long long value = 0;
	const char *unit;

	*end = (char *)text;
	if (isdigit((unsigned char)*text))
		value = strtoull(text, end, 0);
	unit = **end ? strchr(units, **end & ~0x20) : NULL;
	if (*end == text || !unit)
		return value;
	++*end;
	return value << 10 * (unit - units + 1);
}

#endif /* MINT_LOADER_LINUX_STRING_H */
