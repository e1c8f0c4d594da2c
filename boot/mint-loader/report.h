/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a call comes to. A function of the command that returns int returns an
 * enum mint_exit, and has said why when that is not 0.
 */
#ifndef MINT_LOADER_REPORT_H
#define MINT_LOADER_REPORT_H

#include <stddef.h>
#include "util.h"

enum mint_exit {
	MINT_EXIT_OK = 0,
	MINT_EXIT_FAILED = 1,
	MINT_EXIT_USAGE = 2,
	MINT_EXIT_NO_NODE = 3,
	MINT_EXIT_STATE = 4,
	MINT_EXIT_TIMEOUT = 5,
	MINT_EXIT_ABI = 6,
	MINT_EXIT_LOST = 255,	/* exec only: the node was lost */
};

void fail_context(const char *format, ...) __printf(1, 2);
void fail_keep(char *text, size_t room);
int fail(int code, const char *format, ...) __printf(2, 3);
void make_printable(char *text);
int finish_output(void);

#endif /* MINT_LOADER_REPORT_H */
