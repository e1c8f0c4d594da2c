// SPDX-License-Identifier: GPL-2.0
/* Numbers as users write them. Who writes another thing is told so, and that is the end. */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include "numbers.h"

/**
 * number_of() - a number
 * @text: in decimal digits
 * @least: what it is at least
 * @most: what it is at most
 *
 * Return: it.
 */
unsigned int number_of(const char *text, unsigned int least, unsigned int most)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < least || value > most)
		errx(2, "'%s' is no number from %u to %u", text, least, most);
	return value;
}
