// SPDX-License-Identifier: GPL-2.0
/*
 * Makes plain text of what a node has printed some time ago. A terminal answers
 * some control sequences as if the user typed; an old one that is shown again
 * would type into whatever reads the terminal now. So only colours pass, and
 * nothing that a terminal could take for the beginning of another sequence.
 */
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "plain.h"

#define ESC	0x1b

/**
 * output_takes_utf8() - does standard output show UTF-8?
 *
 * For a terminal that does not, bytes from 0x80 on are characters of their
 * own, and 32 of them are controls.
 */
bool output_takes_utf8(void)
{
	struct termios terminal;

	return tcgetattr(STDOUT_FILENO, &terminal) || terminal.c_iflag & IUTF8;
}

/* How many bytes a character of UTF-8 has that begins with this one; 0: none does. */
static size_t utf8_length(unsigned char first)
{
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Is this one whole character, written no longer than it must be, and no control? */
static bool utf8_good(const char *text, size_t n)
{
	unsigned char first = text[0], second = text[1];
	size_t i;

	for (i = 1; i < n; i++)
		if ((text[i] & 0xc0) != 0x80)
			return false;
	return !(first == 0xc2 && second < 0xa0) && !(first == 0xe0 && second < 0xa0) &&
	       !(first == 0xf0 && second < 0x90);
}

static bool is_control(unsigned char c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0);
}

/**
 * text_defuse() - keep a node's text from driving the terminal that shows it
 * @text: changed in place: each byte of what is not text becomes a ?
 * @bytes: how much there is of it
 * @utf8: the terminal takes UTF-8
 */
void text_defuse(char *text, size_t bytes, bool utf8)
{
	size_t i = 0;

	while (i < bytes) {
		size_t n = utf8 ? utf8_length(text[i]) : 0;

		if (n && n <= bytes - i && utf8_good(text + i, n)) {
			i += n;
			continue;
		}
		if (!text[i] || (is_control(text[i]) && !strchr("\t\r\n", text[i])))
			text[i] = '?';
		i++;
	}
}

/* Passes on what was held, or drops it. */
static size_t end_held(struct plain *plain, bool pass, char *to)
{
	size_t n = pass ? plain->nr_held : 0;

	memcpy(to, plain->held, n);
	plain->nr_held = 0;
	plain->state = PLAIN_TEXT;
	return n;
}

static void hold_byte(struct plain *plain, enum plain_state state, char c)
{
	plain->state = state;
	/* What is cut off here is no colour: is_colour() looks. */
	if (plain->nr_held < sizeof(plain->held))
		plain->held[plain->nr_held++] = c;
}

static size_t text_byte(struct plain *plain, unsigned char c, char *to)
{
	if (c == ESC) {
		hold_byte(plain, PLAIN_ESCAPE, c);
		return 0;
	}
	if (plain->utf8 && utf8_length(c)) {
		hold_byte(plain, PLAIN_CHARACTER, c);
		return 0;
	}
	if (c >= 0x80 && plain->utf8)
		return 0;
	if (!c || (is_control(c) && !strchr("\b\t\r\n", c)))
		return 0;
	*to = c;
	return 1;
}

static size_t character_byte(struct plain *plain, unsigned char c, char *to)
{
	if ((c & 0xc0) != 0x80) {
		end_held(plain, false, to);
		return text_byte(plain, c, to);
	}
	hold_byte(plain, PLAIN_CHARACTER, c);
	if (plain->nr_held < utf8_length(plain->held[0]))
		return 0;
	return end_held(plain, utf8_good(plain->held, plain->nr_held), to);
}

/* After the escape */
static size_t escape_byte(struct plain *plain, unsigned char c, char *to)
{
	if (c == '[') {
		hold_byte(plain, PLAIN_SEQUENCE, c);
		return 0;
	}
	if (c >= ' ' && c < '0')	/* more to come, as in ESC ( B */
		return 0;
	end_held(plain, false, to);
	if (c >= '0' && c < 0x7f && strchr("]PX^_", c))
		plain->state = PLAIN_STRING;
	return is_control(c) ? text_byte(plain, c, to) : 0;
}

/* Of what begins with ESC [ and ends with m only numbers are a colour. */
static bool is_colour(const struct plain *plain)
{
	size_t i;

	for (i = 2; i < plain->nr_held; i++)
		if (!strchr("0123456789;:", plain->held[i]))
			return false;
	return plain->nr_held < sizeof(plain->held);
}

/* After ESC [ */
static size_t sequence_byte(struct plain *plain, unsigned char c, char *to)
{
	if (c >= ' ' && c < '@') {
		hold_byte(plain, PLAIN_SEQUENCE, c);
		return 0;
	}
	if (c == 'm' && is_colour(plain)) {
		hold_byte(plain, PLAIN_SEQUENCE, c);
		return end_held(plain, true, to);
	}
	end_held(plain, false, to);
	return is_control(c) ? text_byte(plain, c, to) : 0;
}

/* A title or the like. Its end may be missing: at a new line it is over, too. */
static size_t string_byte(struct plain *plain, unsigned char c, char *to)
{
	if (c && !strchr("\a\r\n\x1b\x9c", c))
		return 0;
	end_held(plain, false, to);
	return text_byte(plain, c, to);
}

/**
 * plain_text() - let through what is text
 * @plain: what is left over from the text before; all zero but @utf8 at first
 * @text: the text
 * @n: how much
 * @to: room for @n + PLAIN_HELD_BYTES
 *
 * Return: how much is left of it.
 */
size_t plain_text(struct plain *plain, const char *text, size_t n, char *to)
{
	static size_t (*const steps[])(struct plain *plain, unsigned char c, char *to) = {
		[PLAIN_TEXT] = text_byte,
		[PLAIN_CHARACTER] = character_byte,
		[PLAIN_ESCAPE] = escape_byte,
		[PLAIN_SEQUENCE] = sequence_byte,
		[PLAIN_STRING] = string_byte,
	};
	size_t i, done = 0;

	for (i = 0; i < n; i++)
		done += steps[plain->state](plain, text[i], to + done);
	return done;
}
