// SPDX-License-Identifier: GPL-2.0
/* The key that sender and receiver share, out of a file of hexadecimal digits. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "key.h"

#define BLANKS		"\n\r\t "
#define NO_KEY		"it is not 32, 48 or 64 hexadecimal digits. Try: openssl rand -hex 32"

static unsigned int value_of(char digit)
{
	return isdigit(digit) ? digit - '0' : tolower(digit) - 'a' + 10;
}

/* AES takes keys of three lengths. */
static bool take_digits(const char *text, struct key *key)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF"), i;

	if (digits != 32 && digits != 48 && digits != 64)
		return false;
	if (text[digits + strspn(text + digits, BLANKS)])
		return false;
	key->bytes = digits / 2;
	for (i = 0; i < key->bytes; i++)
		key->data[i] = value_of(text[2 * i]) << 4 | value_of(text[2 * i + 1]);
	return true;
}

/**
 * key_read() - read a key
 * @file: where it is, in 32, 48 or 64 hexadecimal digits
 * @key: where it goes; it is left alone if there is none
 *
 * Return: NULL, or why there is none.
 */
const char *key_read(const char *file, struct key *key)
{
	char text[2 * KEY_MOST_BYTES + 16] = "";
	FILE *stream = fopen(file, "re");
	size_t bytes;
	bool taken;

	if (!stream)
		return strerror(errno);
	setvbuf(stream, NULL, _IONBF, 0);	/* no copy of the key stays there */
	bytes = fread(text, 1, sizeof(text) - 1, stream);
	fclose(stream);
	taken = bytes < sizeof(text) - 1 && !memchr(text, '\0', bytes) && take_digits(text, key);
	explicit_bzero(text, sizeof(text));
	return taken ? NULL : NO_KEY;
}
