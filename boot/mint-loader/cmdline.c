// SPDX-License-Identifier: GPL-2.0
/* Words of a kernel's command line. */
#include <ctype.h>
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

/**
 * cmdline_next() - take the next word of a command line, as the kernel does
 * @at: where to look; moved behind the word
 * @word: filled in, without quotes; what has no room is cut off
 * @room: bytes of @word
 *
 * Return: false at the end, or at "--": what follows is for init.
 */
bool cmdline_next(const char **at, char *word, size_t room)
{
	bool quoted = false;
	size_t n = 0;

	while (isspace((unsigned char)**at))
		(*at)++;
	if (!**at)
		return false;
	for (; **at && (quoted || !isspace((unsigned char)**at)); (*at)++) {
		if (**at == '"')
			quoted = !quoted;
		else if (n + 1 < room)
			word[n++] = **at;
	}
	word[n] = '\0';
	return strcmp(word, "--");
}
