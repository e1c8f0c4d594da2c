// SPDX-License-Identifier: GPL-2.0
/*
 * The size of the user's terminal, for the console of a node: sent when it is
 * connected, and whenever it changes. Without a terminal none is sent.
 */
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "mint.h"

/* Set by the signal handler; at first there is news, too. */
static int changed = 1;

static void on_change(int number)
{
	(void)number;
	mint_store(&changed, 1);
}

/**
 * winsize_catch() - notice changes of the terminal's size
 * @while_waiting: signals that are blocked while the caller waits; SIGWINCH is
 *	taken out, and is blocked from now on at all other times
 */
void winsize_catch(sigset_t *while_waiting)
{
	const struct sigaction action = { .sa_handler = on_change };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGWINCH);
	sigprocmask(SIG_BLOCK, &block, NULL);
	sigaction(SIGWINCH, &action, NULL);
	sigdelset(while_waiting, SIGWINCH);
}

/**
 * winsize_send() - tell the node if the size is news
 * @fd: the device, as the console of the node
 *
 * A line whose end nobody knows, such as a serial one, has no size. One that is
 * out of range is not sent either: the console works without.
 */
void winsize_send(int fd)
{
	struct winsize size;
	struct mint_ioc_size call;

	if (!mint_load(&changed))
		return;
	mint_store(&changed, 0);
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		return;
	call = (struct mint_ioc_size) {
		.rows = size.ws_row, .columns = size.ws_col,
		.width = size.ws_xpixel, .height = size.ws_ypixel,
	};
	ioctl(fd, MINT_IOC_CONSOLE_SIZE, &call);
}
