// SPDX-License-Identifier: GPL-2.0
/*
 * /etc/default/mint: the value of mint= for the next boot, in a line MINT="VALUE" that a
 * shell could read as well. What else stands in the file is the user's, and stays.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "defaults.h"
#include "file.h"
#include "report.h"
#include "sysroot.h"

#define FILE_LIMIT	65536
#define ASSIGNMENT	"MINT="

static const char head[] =
	"# The kernel's parameter mint=, without its name: what node 0 keeps of this machine.\n"
	"# Empty: the machine boots as an ordinary Linux. \"mint setup\" proposes a value and\n"
	"# checks one; with --write it tells the boot loader too.\n";

/* No character that a shell, GRUB or the kernel's command line would take for more. */
static const char allowed[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,=:.@-";

/**
 * defaults_can_hold() - can a value be written?
 * @value: the value
 */
bool defaults_can_hold(const char *value)
{
	size_t bytes = strspn(value, allowed);

	return !value[bytes] && bytes < DEFAULTS_VALUE_BYTES;
}

/**
 * defaults_read() - read the file
 * @text: filled in: its text, the caller's to free; NULL if there is no such file
 *
 * Return: an enum mint_exit.
 */
int defaults_read(char **text)
{
	struct buffer content;
	int error = sysroot_read(DEFAULTS_FILE, FILE_LIMIT, &content);

	*text = error ? NULL : (char *)content.data;
	if (error && error != -ENOENT)
		return fail(MINT_EXIT_FAILED, DEFAULTS_FILE ": %s", strerror(-error));
	if (!error && strlen(*text) != content.bytes)
		return fail(MINT_EXIT_FAILED, DEFAULTS_FILE ": it is not a text file");
	return MINT_EXIT_OK;
}

/* The last assignment is the one that counts; NULL if there is none. */
static const char *find_assignment(const char *text)
{
	const char *line, *found = NULL;

	for (line = text; line && *line; line = strchr(line, '\n'), line += !!line) {
		const char *at = line + strspn(line, " \t");

		if (!strncmp(at, ASSIGNMENT, strlen(ASSIGNMENT)))
			found = at;
	}
	return found;
}

/**
 * defaults_value() - find the value in the file's text
 * @text: the text, or NULL
 * @value: filled in; empty if the file says nothing, or what is no value
 *
 * Return: false if it says what is no value.
 */
bool defaults_value(const char *text, char value[DEFAULTS_VALUE_BYTES])
{
	const char *at = find_assignment(text), *quote;
	size_t bytes;

	*value = '\0';
	if (!at)
		return true;
	at += strlen(ASSIGNMENT);
	quote = *at == '"' || *at == '\'' ? at++ : "";
	bytes = strspn(at, allowed);
	if (bytes < DEFAULTS_VALUE_BYTES)
		snprintf(value, DEFAULTS_VALUE_BYTES, "%.*s", (int)bytes, at);
	at += bytes;
	if (*quote && *at == *quote)
		at++;
	else if (*quote)
		bytes = DEFAULTS_VALUE_BYTES;
	at += strspn(at, " \t\r");
	if (bytes < DEFAULTS_VALUE_BYTES && (!*at || *at == '\n' || *at == '#'))
		return true;
	*value = '\0';
	return false;
}

/* The text with another value; the caller's to free. */
static char *with_value(const char *old, const char *value)
{
	const char *at = find_assignment(old), *rest;
	char *text;
	int bytes;

	if (!old) {
		bytes = asprintf(&text, "%s" ASSIGNMENT "\"%s\"\n", head, value);
	} else if (!at) {
		size_t length = strlen(old);

		bytes = asprintf(&text, "%s%s" ASSIGNMENT "\"%s\"\n", old,
				 length && old[length - 1] != '\n' ? "\n" : "", value);
	} else {
		rest = at + strcspn(at, "\n");
		bytes = asprintf(&text, "%.*s" ASSIGNMENT "\"%s\"%s", (int)(at - old), old, value,
				 rest);
	}
	return bytes < 0 ? NULL : text;
}

static int write_text(const char *text)
{
	char dir[SYSROOT_PATH_BYTES];

	if (sysroot_path(DEFAULTS_DIR, dir))
		return fail(MINT_EXIT_FAILED, DEFAULTS_DIR ": the path is too long");
	return file_write_atomic(dir, DEFAULTS_NAME, text);
}

/**
 * defaults_write() - write another value, in one step
 * @old: the text that the file has now, or NULL
 * @value: the value
 *
 * Return: an enum mint_exit; after a failure the old file stands.
 */
int defaults_write(const char *old, const char *value)
{
	char *text = with_value(old, value);
	int code = text ? write_text(text) : fail(MINT_EXIT_FAILED, "no memory");

	free(text);
	return code;
}

/**
 * defaults_restore() - put the file back as it was
 * @old: its text; NULL: there was none
 *
 * Return: an enum mint_exit.
 */
int defaults_restore(const char *old)
{
	char path[SYSROOT_PATH_BYTES];

	if (old)
		return write_text(old);
	if (!sysroot_path(DEFAULTS_FILE, path) && !unlink(path))
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_FAILED, DEFAULTS_FILE ": it stays: %m");
}
