// SPDX-License-Identifier: GPL-2.0
/*
 * mint serve: what the kernel starts when another node asks for a command.
 * Runs it behind ordinary pipes, and moves their bytes to and from the
 * session. Ends with the command, or ends it when the client has hung up.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <mint/dev.h>
#include "paths.h"
#include "relay.h"
#include "report.h"
#include "timing.h"
#include "util.h"
#include "verb.h"

#define EXIT_NOT_FOUND	127
#define EXIT_NOT_RUN	126
#define EXIT_SIGNAL	128
/* How long a command may clean up after its client has hung up */
#define GRACE_MS	1000
/* A node that has just booted may not have its devices yet. */
#define DEVICE_WAIT_MS	10000

/**
 * struct service - a command that runs for another node
 * @session: the device, as the server's side of the session
 * @pid: the command, soon leader of its own session and process group
 * @running: nobody has waited for it yet, so @pid is no other process
 * @ended: becomes readable when it has ended
 * @relays: by MINT_PIPE_*
 */
struct service {
	int session;
	pid_t pid;
	bool running;
	int ended;
	struct relay relays[MINT_NR_PIPES];
};

static void wait_device(void)
{
	unsigned int waited_ms;

	for (waited_ms = 0; waited_ms < DEVICE_WAIT_MS; waited_ms += POLL_MS) {
		if (!access(MINT_DEVICE, F_OK))
			return;
		pause_ms(POLL_MS);
	}
}

static int claim_session(const char *which, int *session, char *text, char **words)
{
	struct mint_ioc_serve call = {
		.arguments = (unsigned long)text,
		.bytes = MINT_ARGUMENT_BYTES,
	};
	unsigned int nr = 0;
	char *word;

	if (sscanf(which, "%u.%u", &call.session, &call.sequence) != 2)
		return fail(MINT_EXIT_USAGE, "'%s' is not SESSION.SEQUENCE", which);
	wait_device();
	*session = open(MINT_DEVICE, O_RDWR | O_CLOEXEC);
	if (*session < 0)
		return fail(MINT_EXIT_FAILED, MINT_DEVICE ": %m");
	if (ioctl(*session, MINT_IOC_SERVE, &call))
		return fail(MINT_EXIT_FAILED, "no such request: %m. The kernel starts this verb");
	text[call.bytes] = '\0';
	for (word = text; word < text + call.bytes; word += strlen(word) + 1)
		words[nr++] = word;
	words[nr] = NULL;
	return MINT_EXIT_OK;
}

static __noreturn void run_child(char **words, const int ends[MINT_NR_PIPES])
{
	unsigned int i;

	setsid();
	for (i = 0; i < MINT_NR_PIPES; i++)
		dup2(ends[i], i);
	signal(SIGPIPE, SIG_DFL);
	execvp(words[0], words);
	fail_context("cannot run '%.100s'", words[0]);
	_exit(fail(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN, "%m"));
}

/* Makes the command's pipes; @ends are what it gets. */
static bool make_pipes(struct service *service, int ends[MINT_NR_PIPES])
{
	unsigned int i;

	for (i = 0; i < MINT_NR_PIPES; i++) {
		bool in = i == MINT_PIPE_STDIN;
		int end = session_pipe(service->session, i);
		int both[2];

		if (end < 0 || pipe2(both, O_CLOEXEC))
			return false;
		ends[i] = both[!in];
		if (fcntl(both[in], F_SETFL, O_NONBLOCK))
			return false;
		service->relays[i].from = in ? end : both[0];
		service->relays[i].to = in ? both[1] : end;
	}
	return true;
}

static bool is_over(const struct service *service)
{
	struct pollfd session = { .fd = service->session, .events = POLLIN };

	return poll(&session, 1, 0) > 0;
}

/* A command that has just been started has no process group yet. */
static bool signal_command(const struct service *service, int number)
{
	return !kill(-service->pid, number) ||
	       (service->running && !kill(service->pid, number));
}

/* The client has hung up: ends the whole process group, with time to clean up. */
static void end_command(struct service *service)
{
	unsigned int waited_ms;

	signal_command(service, SIGHUP);
	for (waited_ms = 0; waited_ms < GRACE_MS; waited_ms += POLL_MS) {
		service->running = service->running && !waitpid(service->pid, NULL, WNOHANG);
		if (!signal_command(service, 0))
			return;
		pause_ms(POLL_MS);
	}
	signal_command(service, SIGKILL);
	if (service->running)
		waitpid(service->pid, NULL, 0);
}

static bool start_command(struct service *service, char **words)
{
	int ends[MINT_NR_PIPES];
	unsigned int i;

	if (is_over(service)) {
		errno = ECANCELED;
		return false;
	}
	if (!make_pipes(service, ends))
		return false;
	service->pid = fork();
	if (!service->pid)
		run_child(words, ends);
	for (i = 0; i < MINT_NR_PIPES; i++)
		close(ends[i]);
	if (service->pid < 0)
		return false;
	service->running = true;
	service->ended = pidfd_open(service->pid, 0);
	if (service->ended < 0) {
		int error = errno;

		end_command(service);
		errno = error;
	}
	return service->ended >= 0;
}

/* Moves bytes until the command has ended or the client has hung up. */
static bool relay_command(struct service *service)
{
	for (;;) {
		struct pollfd events[] = {
			{ .fd = service->session, .events = POLLIN },
			{ .fd = service->ended, .events = POLLIN },
		};

		relay_wait(service->relays, MINT_NR_PIPES, events, ARRAY_SIZE(events),
			   HANG_LOOK_MS);
		if (events[0].revents)
			return false;
		if (events[1].revents)
			return true;
	}
}

/* Moves what the command has left in its pipes. */
static void relay_rest(struct service *service)
{
	struct relay *outputs = &service->relays[MINT_PIPE_STDOUT];
	struct pollfd hung_up = { .fd = service->session, .events = POLLIN };

	relay_close(&service->relays[MINT_PIPE_STDIN]);
	for (;;) {
		relay_drain(&outputs[0]);
		relay_drain(&outputs[1]);
		if ((!relay_is_open(&outputs[0]) && !relay_is_open(&outputs[1])) || hung_up.revents)
			return;
		relay_wait(outputs, 2, &hung_up, 1, HANG_LOOK_MS);
	}
}

static int exit_code(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return MINT_EXIT_FAILED;
	return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static int refuse(const struct service *service, int error)
{
	struct mint_ioc_result result = { .state = MINT_ANSWER_REFUSED, .code = error };

	ioctl(service->session, MINT_IOC_FINISH, &result);
	return MINT_EXIT_FAILED;
}

static int serve(struct service *service, char **words)
{
	struct mint_ioc_result result = { .state = MINT_ANSWER_DONE };

	if (!words[0] || !start_command(service, words))
		return refuse(service, words[0] ? errno : EINVAL);
	if (!relay_command(service)) {
		end_command(service);
		return refuse(service, ECANCELED);
	}
	result.code = exit_code(service->pid);
	relay_rest(service);
	ioctl(service->session, MINT_IOC_FINISH, &result);
	return MINT_EXIT_OK;
}

static int cmd_serve(const struct call *call)
{
	static char text[MINT_ARGUMENT_BYTES + 1], *words[MINT_ARGUMENT_BYTES + 1];
	static struct service service;
	int code;

	fail_context("cannot serve");
	signal(SIGPIPE, SIG_IGN);
	code = claim_session(call->operand, &service.session, text, words);
	return code ? code : serve(&service, words);
}

const struct verb verb_serve = {
	.name = "serve",
	.operand = "REQUEST",
	.run = cmd_serve,
};
