/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A child process that stops after every single instruction.
 */
#ifndef TESTS_USERSPACE_STEPPED_H
#define TESTS_USERSPACE_STEPPED_H

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "world.h"

/* Starts a child that will call @play and end. It stands before its first instruction. */
static inline pid_t stepped_start(void (*play)(void *context), void *context)
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (!pid) {
		CHECK(!ptrace(PTRACE_TRACEME, 0, NULL, NULL));
		raise(SIGSTOP);
		play(context);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	return pid;
}

/* One instruction on; zero once the child has come to its end. */
static inline int stepped_step(pid_t pid)
{
	int status;

	CHECK(!ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL));
	CHECK(waitpid(pid, &status, 0) == pid);
	if (WIFEXITED(status)) {
		CHECK(!WEXITSTATUS(status));
		return 0;
	}
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	return 1;
}

/* On to its end. */
static inline void stepped_finish(pid_t pid)
{
	int status;

	CHECK(!ptrace(PTRACE_CONT, pid, NULL, NULL));
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
}

#endif /* TESTS_USERSPACE_STEPPED_H */
