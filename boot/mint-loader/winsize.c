// SPDX-License-Identifier: GPL-2.0
/*
 * The size of the user's terminal, for the console of a node: sent when it is
 * connected, and whenever it changes. Without a terminal none is sent.
 */
#include <sys/ioctl.h>
#include <unistd.h>
#include <mint/dev.h>
#include "terminal.h"
#include "winsize.h"

/**
 * winsize_send() - tell the node if the size is news
 * @fd: the device, as the console of the node
 *
 * A serial line has no size, and none is sent. One out of range is refused, and
 * nothing is said of it: the console works without.
 */
void winsize_send(int fd)
{
	struct winsize size;
	struct mint_ioc_size call;

	if (!terminal_resized())
		return;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		return;
	call = (struct mint_ioc_size) {
		.rows = size.ws_row, .columns = size.ws_col,
		.width = size.ws_xpixel, .height = size.ws_ypixel,
	};
	ioctl(fd, MINT_IOC_CONSOLE_SIZE, &call);
}
