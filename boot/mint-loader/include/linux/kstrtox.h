/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers, as the kernel reads them: digits alone.
 */
#ifndef MINT_LOADER_LINUX_KSTRTOX_H
#define MINT_LOADER_LINUX_KSTRTOX_H

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <linux/types.h>

static inline int kstrtou32(const char *text, unsigned int base, u32 *value)
{
	unsigned long long number;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, base);
	if (*end)
		return -EINVAL;
	if (errno || number > ~0U)
		return -ERANGE;
	*value = number;
	return 0;
}

#endif /* MINT_LOADER_LINUX_KSTRTOX_H */
