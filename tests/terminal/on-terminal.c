// SPDX-License-Identifier: GPL-2.0
/*
 * on-terminal COMMAND...: runs a command on a terminal of its own. What comes
 * from standard input is typed, what is printed goes to standard output, at its
 * pace. Ends with the command; if it is killed, the terminal hangs up.
 */
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static bool carry(int from, int to)
{
	char text[256];
	ssize_t n = read(from, text, sizeof(text));

	return n > 0 && write(to, text, n) == n;
}

/*
 * Until the command has ended and all that it printed is out, or as much of it
 * as standard output takes.
 */
static void relay(int master, int ended)
{
	struct pollfd typed = { .fd = STDIN_FILENO, .events = POLLIN };
	struct pollfd printed = { .fd = master, .events = POLLIN };
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	struct pollfd over = { .fd = ended, .events = POLLIN };

	for (;;) {
		bool ready = poll(&out, 1, 0) > 0;
		struct pollfd files[] = { typed, ready ? printed : out, over };

		poll(files, ready ? 2 : 3, -1);
		if (files[0].revents && !carry(STDIN_FILENO, master))
			typed.fd = -1;
		if (ready && files[1].revents && !carry(master, STDOUT_FILENO))
			return;
		if (!ready && files[2].revents)
			return;
	}
}

int main(int argc, char **argv)
{
	int master, status;
	pid_t child;

	if (argc < 2)
		return 2;
	child = forkpty(&master, NULL, NULL, NULL);
	if (!child) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	relay(master, pidfd_open(child, 0));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
