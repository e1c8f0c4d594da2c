// SPDX-License-Identifier: GPL-2.0
/*
 * top IMAGE [OPTION...]: mint top on node 0 of a saved region, with this program in
 * place of the kernel. Node N runs if NODE_N is in the environment: its heartbeat
 * moves, and it answers a request by that command of the shell. More than three
 * requests at once are a failure: one session has to be left to others.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <mint/dev.h>
#include "options.h"
#include "paths.h"
#include "report.h"
#include "util.h"
#include "verb.h"

#define BEAT_US		20000
#define OPEN_MOST	3

/**
 * struct session - a request, by its file
 * @pid: the command that answers; 0: the file is no session
 * @output: what it prints
 * @ended: the command has ended
 * @code: its exit code
 */
static struct session {
	pid_t pid;
	int output;
	bool ended;
	int code;
} sessions[1024];

static const char *image;
static off_t image_bytes;

static const char *command_of(unsigned int node)
{
	char name[16];

	snprintf(name, sizeof(name), "NODE_%u", node);
	return getenv(name);
}

/* These stand in front of the C library's. */
int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return syscall(SYS_openat, AT_FDCWD, strcmp(path, MINT_DEVICE) ? path : image, flags, mode);
}

int close(int fd)
{
	if (fd >= 0 && fd < (int)ARRAY_SIZE(sessions) && sessions[fd].pid) {
		kill(sessions[fd].pid, SIGKILL);
		sessions[fd].pid = 0;
	}
	return syscall(SYS_close, fd);
}

static void look(struct session *session)
{
	int status;

	if (!session->ended && waitpid(session->pid, &status, WNOHANG) == session->pid) {
		session->ended = true;
		session->code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
						      WEXITSTATUS(status);
	}
}

static unsigned int nr_open(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(sessions); i++)
		nr += sessions[i].pid != 0;
	return nr;
}

static __noreturn void answer(const char *command, int output)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	dup2(open("/dev/null", O_RDWR), STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(STDIN_FILENO, STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

/* The file becomes one that can be read from when the command has ended. */
static int begin(int fd, const struct mint_ioc_request *request)
{
	const char *words = (const char *)(unsigned long)request->arguments;
	const char *command = command_of(request->node);
	int ends[2], ended;

	if (nr_open() == OPEN_MOST || request->verb != MINT_VERB_EXEC ||
	    strcmp(words, "/sbin/mint") || strcmp(words + sizeof("/sbin/mint"), "sample"))
		abort();
	if (!command || pipe2(ends, O_CLOEXEC)) {
		errno = EHOSTDOWN;
		return -1;
	}
	sessions[fd].pid = fork();
	if (!sessions[fd].pid)
		answer(command, ends[1]);
	close(ends[1]);
	ended = pidfd_open(sessions[fd].pid, 0);
	dup2(ended, fd);
	close(ended);
	sessions[fd].output = ends[0];
	sessions[fd].ended = false;
	return 0;
}

static int tell(int fd, struct mint_ioc_result *result)
{
	look(&sessions[fd]);
	result->state = sessions[fd].ended ? MINT_ANSWER_DONE : MINT_ANSWER_RUNNING;
	result->code = sessions[fd].code;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	struct mint_ioc_info *info;
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case MINT_IOC_INFO:
		info = argument;
		*info = (struct mint_ioc_info) {
			.generation = 1, .abi = MINT_ABI_MAJOR << 16 | MINT_ABI_MINOR,
			.region_bytes = image_bytes,
		};
		return 0;
	case MINT_IOC_REQUEST:
		return begin(fd, argument);
	case MINT_IOC_PIPE:
		return sessions[fd].output;
	case MINT_IOC_RESULT:
		return tell(fd, argument);
	default:
		return syscall(SYS_ioctl, fd, request, argument);
	}
}

static struct mint_node *find_nodes(void *region)
{
	struct mint_header *header = region;
	unsigned int i;

	for (i = 0; i < header->nr_sections; i++)
		if (header->sections[i].id == MINT_SECTION_NODES)
			return (void *)((char *)region + header->sections[i].offset);
	abort();
}

/* The hearts of the nodes, in a process that ends with the command. */
static void beat(struct mint_node *nodes)
{
	unsigned int i;

	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	for (;;) {
		for (i = 0; i < MINT_MAX_NODES; i++)
			if (!i || command_of(i))
				nodes[i].self.heartbeat++;
		usleep(BEAT_US);
	}
}

int main(int argc, char **argv)
{
	struct call call = { 0 };
	struct stat info;
	void *region;
	int fd, code;

	if (argc < 2)
		return MINT_EXIT_USAGE;
	image = argv[1];
	fd = open(image, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info))
		abort();
	image_bytes = info.st_size;
	region = mmap(NULL, image_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (region == MAP_FAILED)
		abort();
	beat(find_nodes(region));
	code = options_take(&verb_top, argc - 1, argv + 1, &call);
	return code ? code : verb_top.run(&call);
}
