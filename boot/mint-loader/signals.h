/* SPDX-License-Identifier: GPL-2.0 */
/* Signals that end a program, or would. */
#ifndef MINT_LOADER_SIGNALS_H
#define MINT_LOADER_SIGNALS_H

void signal_catch(int number, void (*handler)(int number));

#endif /* MINT_LOADER_SIGNALS_H */
