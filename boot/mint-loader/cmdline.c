// SPDX-License-Identifier: GPL-2.0
/* Words of a kernel's command line. */
#include <stdbool.h>
#include <string.h>
#include "cmdline.h"

/**
 * cmdline_value() - find a parameter on a command line
 * @cmdline: the command line, or the rest of it
 * @name: the parameter's name with its equals sign, such as "mem="
 *
 * Return: what follows the first of that name, NULL if there is none.
 */
const char *cmdline_value(const char *cmdline, const char *name)
{
	const char *at = cmdline;

	while ((at = strstr(at, name))) {
		bool begins = at == cmdline || at[-1] == ' ';

		at += strlen(name);
		if (begins)
			return at;
	}
	return NULL;
}

/**
 * cmdline_has() - is a word on a command line?
 * @cmdline: the command line
 * @word: the word, without a value
 */
bool cmdline_has(const char *cmdline, const char *word)
{
	const char *rest = cmdline;

	while ((rest = cmdline_value(rest, word)))
		if (!*rest || *rest == ' ')
			return true;
	return false;
}
