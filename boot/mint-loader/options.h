/* SPDX-License-Identifier: GPL-2.0 */
/* The words of a call after its verb. */
#ifndef MINT_LOADER_OPTIONS_H
#define MINT_LOADER_OPTIONS_H

struct call;
struct verb;

#define OPTIONS_HELP	(-1)	/* help is wanted; no enum mint_exit */

void options_help(const struct verb *verb);
int options_take(const struct verb *verb, int argc, char **argv, struct call *call);

#endif /* MINT_LOADER_OPTIONS_H */
