// SPDX-License-Identifier: GPL-2.0
/* How a program that stays finds out that it is to end. */
#include <signal.h>
#include <stdio.h>
#include "end.h"

/**
 * wait_for_end() - say "ready", and wait for SIGTERM or SIGINT
 *
 * From here on none of the two ends the program by itself, so it can say what it has done.
 */
void wait_for_end(void)
{
	sigset_t end;
	int number;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	sigprocmask(SIG_BLOCK, &end, NULL);
	puts("ready");
	fflush(stdout);
	sigwait(&end, &number);
}
