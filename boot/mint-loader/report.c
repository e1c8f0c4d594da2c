// SPDX-License-Identifier: GPL-2.0
/*
 * What the user reads when something fails: one line on stderr that says what,
 * why, and the next command.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "plain.h"
#include "report.h"

static char context[128];

/* Where reasons are kept, instead of being printed; or NULL. */
static char *kept;
static size_t kept_room;

/**
 * fail_context() - say what the command is about to do
 * @format: e.g. "cannot start node '%s'"; stands before the reason of every
 *	later fail()
 */
void fail_context(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(context, sizeof(context), format, args);
	va_end(args);
}

/**
 * fail_keep() - have fail() keep its reasons instead of printing them
 * @text: gets the last one, safe to print, without what fail_context() has said;
 *	NULL: from now on they are printed again
 * @room: size of @text
 */
void fail_keep(char *text, size_t room)
{
	kept = text;
	kept_room = room;
}

/**
 * make_printable() - replace what could drive a terminal or break a line
 * @text: changed in place
 */
void make_printable(char *text)
{
	text_defuse(text, strlen(text), true);
	for (; *text; text++)
		if (strchr("\t\r\n", *text))
			*text = '?';
}

/**
 * fail() - print one line of error
 * @code: an enum mint_exit
 * @format: the reason and, where there is one, the next command
 *
 * Return: @code.
 */
int fail(int code, const char *format, ...)
{
	char why[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	make_printable(why);
	if (kept) {
		snprintf(kept, kept_room, "%s", why);
		return code;
	}
	make_printable(context);
	fflush(stdout);
	fprintf(stderr, "mint: %s%s%s\n", context, *context ? ": " : "", why);
	return code;
}

/**
 * finish_output() - see whether the result reached its reader
 *
 * Return: an enum mint_exit.
 */
int finish_output(void)
{
	if (fflush(stdout) || ferror(stdout))
		return fail(MINT_EXIT_FAILED, "the result could not be written: %m");
	return MINT_EXIT_OK;
}
