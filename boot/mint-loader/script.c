// SPDX-License-Identifier: GPL-2.0
/*
 * Scripts that are installed with the command, in lib/mint beside the folder of the
 * command itself. They do what is mostly running other programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "report.h"
#include "script.h"
#include "util.h"

#define PATH_BYTES	512

/* /usr/sbin/mint has /usr/lib/mint; a saved machine has its own. */
static void script_path(const char *root, const char *name, char path[PATH_BYTES])
{
	char self[PATH_BYTES - 128];
	ssize_t bytes = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *end;

	if (root) {
		snprintf(path, PATH_BYTES, "%s/usr/lib/mint/%s", root, name);
	} else {
		self[bytes > 0 ? bytes : 0] = '\0';
		end = strrchr(self, '/');
		if (end)
			*end = '\0';
		snprintf(path, PATH_BYTES, "%s/../lib/mint/%s", self, name);
	}
}

static int find_script(const char *root, const char *name, char path[PATH_BYTES])
{
	script_path(root, name, path);
	if (!access(path, X_OK))
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_FAILED, "'%s': %m. Try: make install", path);
}

/* The child. What the script says, good or bad, is for the one who called. */
static __noreturn void run_child(const char *root, const char *path, const char *word, int to)
{
	if (root)
		setenv("MINT_ROOT", root, 1);
	if (dup2(to, STDOUT_FILENO) >= 0 && dup2(to, STDERR_FILENO) >= 0)
		execl(path, path, word, NULL);
	dprintf(to, "'%s' cannot be run: %s\n", path, strerror(errno));
	_exit(127);
}

/* Up to the end; what has no room is left out. Without the last line feed. */
static void read_said(int from, char *said, size_t room)
{
	char rest[256];
	size_t used = 0;
	ssize_t part;

	do {
		size_t left = room - 1 - used;

		part = left ? read(from, said + used, left) : read(from, rest, sizeof(rest));
		if (part > 0 && left)
			used += part;
	} while (part > 0 || (part < 0 && errno == EINTR));
	while (used && said[used - 1] == '\n')
		used--;
	said[used] = '\0';
}

/* The exit status of a child, 255 after a signal. */
static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* Signals by which a user ends what runs. */
static const int ends_scripts[] = { SIGINT, SIGTERM, SIGHUP };

static void leave_to_script(struct sigaction before[ARRAY_SIZE(ends_scripts)])
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends_scripts); i++)
		sigaction(ends_scripts[i], &ignore, &before[i]);
}

static void take_back(const struct sigaction before[ARRAY_SIZE(ends_scripts)])
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends_scripts); i++)
		sigaction(ends_scripts[i], &before[i], NULL);
}

/**
 * script_run() - run a script and wait for its end
 * @root: what takes the place of / for it, or NULL
 * @name: its name in lib/mint
 * @word: its one word, or NULL
 * @said: filled in: what it wrote to standard output and error
 * @room: size of @said
 * @status: filled in: its exit status, 255 after a signal
 *
 * Who interrupts us ends the script. We go on, and see that it was not run to its end.
 *
 * Return: an enum mint_exit: whether it was run.
 */
int script_run(const char *root, const char *name, const char *word, char *said, size_t room,
	       int *status)
{
	struct sigaction before[ARRAY_SIZE(ends_scripts)];
	char path[PATH_BYTES];
	int ends[2], code;
	pid_t child;

	code = find_script(root, name, path);
	if (code)
		return code;
	if (pipe2(ends, O_CLOEXEC))
		return fail(MINT_EXIT_FAILED, "no pipe to '%s': %m", name);
	child = fork();
	if (!child)
		run_child(root, path, word, ends[1]);
	close(ends[1]);
	if (child > 0) {
		leave_to_script(before);
		read_said(ends[0], said, room);
		*status = wait_for(child);
		take_back(before);
	}
	close(ends[0]);
	if (child < 0)
		return fail(MINT_EXIT_FAILED, "no process for '%s': %m", name);
	return MINT_EXIT_OK;
}

/**
 * script_show() - run a script that talks to the user by itself
 * @name: its name in lib/mint
 * @words: name and words, then NULL
 *
 * Who interrupts us means the script, which cleans up. So we wait for its end.
 *
 * Return: an enum mint_exit; if the script failed, it has said why.
 */
int script_show(const char *name, const char *const words[])
{
	struct sigaction before[ARRAY_SIZE(ends_scripts)];
	char path[PATH_BYTES];
	int code = find_script(NULL, name, path);
	pid_t child;

	if (code)
		return code;
	fflush(stdout);
	child = fork();
	if (!child) {
		execv(path, (char *const *)words);
		_exit(127);
	}
	if (child < 0)
		return fail(MINT_EXIT_FAILED, "no process for '%s': %m", name);
	leave_to_script(before);
	code = wait_for(child) ? MINT_EXIT_FAILED : MINT_EXIT_OK;
	take_back(before);
	return code;
}

/**
 * script_installed() - is there such a script?
 * @name: its name in lib/mint
 */
bool script_installed(const char *name)
{
	char path[PATH_BYTES];

	script_path(NULL, name, path);
	return !access(path, X_OK);
}
