/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel has besides the functions of C.
 */
#ifndef MINT_LOADER_LINUX_STRING_H
#define MINT_LOADER_LINUX_STRING_H

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static inline int mint_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' :
	       isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : 16;
}

/* A number, in any base of C, and a suffix of a size. What is too large wraps around. */
static inline unsigned long long memparse(const char *text, char **end)
{
	static const char units[] = "KMGTPE";
	unsigned long long value = 0;
	const char *at = text, *unit;
	int base = *at != '0' ? 10 : 8;

	if (base == 8 && (at[1] | 0x20) == 'x' && mint_digit(at[2]) < 16) {
		base = 16;
		at += 2;
	}
	for (; mint_digit(*at) < base; at++)
		value = value * base + mint_digit(*at);
	*end = (char *)at;
	unit = *at && at != text ? strchr(units, *at & ~0x20) : NULL;
	if (!unit)
		return value;
	++*end;
	return value << 10 * (unit - units + 1);
}

#endif /* MINT_LOADER_LINUX_STRING_H */
