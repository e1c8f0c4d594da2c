// SPDX-License-Identifier: GPL-2.0
/*
 * serve gone|early|unwatched COMMAND...: serves a client that has gone before
 * its command is started, or before the command has a process group of its own;
 * or with no file to be had that tells the command's end. Prints the answer,
 * and whether there was and still is a command.
 */
#include <stdarg.h>
#include <sys/syscall.h>
#include "../../boot/mint-loader/serve.c"

static const char *when;
static int hang_up;

/* These stand in front of the C library's. */
int ioctl(int fd, unsigned long request, ...)
{
	const struct mint_ioc_result *result;
	va_list args;

	(void)fd;
	if (request == MINT_IOC_PIPE)
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	va_start(args, request);
	result = va_arg(args, const struct mint_ioc_result *);
	va_end(args);
	printf("state %u, code %u\n", result->state, result->code);
	return 0;
}

pid_t setsid(void)
{
	if (!strcmp(when, "early")) {
		if (write(hang_up, "", 1) == 1)
			pause();
		abort();
	}
	return syscall(SYS_setsid);
}

int pidfd_open(pid_t pid, unsigned int flags)
{
	if (!strcmp(when, "unwatched")) {
		errno = EMFILE;
		return -1;
	}
	return syscall(SYS_pidfd_open, pid, flags);
}

int main(int argc, char **argv)
{
	static struct service service;
	int ends[2];

	if (argc < 3 || pipe2(ends, O_CLOEXEC))
		return MINT_EXIT_USAGE;
	when = argv[1];
	service.session = ends[0];
	hang_up = ends[1];
	if (!strcmp(when, "gone"))
		close(hang_up);
	serve(&service, argv + 2);
	if (!service.pid)
		puts("never started");
	else if (!kill(service.pid, SIGKILL))
		puts("it goes on");
	return MINT_EXIT_OK;
}
