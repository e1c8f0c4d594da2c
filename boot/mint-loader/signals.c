// SPDX-License-Identifier: GPL-2.0
/* Signals that end a program, or would. */
#include <signal.h>
#include <stddef.h>
#include "signals.h"

/**
 * signal_catch() - have a function called when a signal comes
 * @number: the signal
 * @handler: the function; a system call under way is broken off
 *
 * What was ignored when we were started stays ignored: nohup wants it so, and a shell
 * that puts us into the background.
 */
void signal_catch(int number, void (*handler)(int number))
{
	const struct sigaction action = { .sa_handler = handler };
	struct sigaction before;

	if (sigaction(number, NULL, &before) || before.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}
