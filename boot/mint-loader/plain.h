/* SPDX-License-Identifier: GPL-2.0 */
/* What a node has printed, as text without controls. */
#ifndef MINT_LOADER_PLAIN_H
#define MINT_LOADER_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

/**
 * enum plain_state - what the next byte of a text belongs to
 * @PLAIN_TEXT: nothing: it begins something
 * @PLAIN_CHARACTER: a character of several bytes
 * @PLAIN_ESCAPE: what began with an escape
 * @PLAIN_SEQUENCE: what began with ESC [
 * @PLAIN_STRING: a title or the like, which is dropped
 */
enum plain_state {
	PLAIN_TEXT,
	PLAIN_CHARACTER,
	PLAIN_ESCAPE,
	PLAIN_SEQUENCE,
	PLAIN_STRING,
};

#define PLAIN_HELD_BYTES	32

/**
 * struct plain - a text from which controls are removed, piece by piece
 * @state: what the next byte belongs to
 * @utf8: the terminal takes UTF-8
 * @nr_held: bytes of @held
 * @held: the beginning of what may pass as a whole
 */
struct plain {
	enum plain_state state;
	bool utf8;
	size_t nr_held;
	char held[PLAIN_HELD_BYTES];
};

bool output_takes_utf8(void);
void text_defuse(char *text, size_t bytes, bool utf8);
size_t plain_text(struct plain *plain, const char *text, size_t n, char *to);

#endif /* MINT_LOADER_PLAIN_H */
