// SPDX-License-Identifier: GPL-2.0
/*
 * Many clients at once, each with a request on its way at any time. What counts
 * is how many answers they get together. Either each connection has a process
 * of its own at both ends, as with a database, or one process at each end has
 * all of them, as with a web server and what tests it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "load.h"

#define MOST_CLIENTS	256
#define MOST_EVENTS	64

/**
 * struct client - what one process tells the first one
 * @answers: requests that were answered so far
 */
struct client {
	_Alignas(64) __u64 answers;
};

static struct client *clients;

static _Noreturn void ask_alone(struct client *client, const char *address,
				const struct request *request)
{
	char *data = buffer(request->size);
	int fd = open_request(address, request);

	for (;;) {
		write_all(fd, data, request->size);
		read_all(fd, data, request->size);
		__atomic_store_n(&client->answers, client->answers + 1, __ATOMIC_RELAXED);
	}
}

static int watch(int events, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
}

static int open_events(void)
{
	int events = epoll_create1(0);

	if (events < 0)
		die("epoll: %s", strerror(errno));
	return events;
}

static int wait_events(int events, struct epoll_event *found)
{
	int n = epoll_wait(events, found, MOST_EVENTS, -1);

	if (n < 0)
		die("epoll: %s", strerror(errno));
	return n;
}

/* All clients in one process: whoever has an answer asks again. */
static _Noreturn void ask_together(__u32 n, const char *address,
				   const struct request *request)
{
	struct epoll_event found[MOST_EVENTS];
	char *data = buffer(request->size);
	int events = open_events();
	__u32 i;

	for (i = 0; i < n; i++) {
		int fd = open_request(address, request);

		if (watch(events, fd))
			die("epoll: %s", strerror(errno));
		write_all(fd, data, request->size);
	}
	for (;;) {
		int ready = wait_events(events, found);

		while (ready--) {
			read_all(found[ready].data.fd, data, request->size);
			write_all(found[ready].data.fd, data, request->size);
			__atomic_store_n(&clients->answers, clients->answers + 1,
					 __ATOMIC_RELAXED);
		}
	}
}

/* A connection is new: all that it sends are requests of one size. */
static void take_in(int events, int listener, __u32 *size)
{
	int one = 1, fd = accept(listener, NULL, NULL);
	struct request request;

	if (fd < 0)
		die("accept: %s", strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	read_all(fd, &request, sizeof(request));
	if (!request.size || request.size > LOAD_MAX || watch(events, fd))
		die("request of %u bytes", request.size);
	*size = request.size;
}

/* Answers all connections of a port; those of one time ask for one size. */
void serve_together(int listener)
{
	struct epoll_event found[MOST_EVENTS];
	char *data = buffer(LOAD_MAX);
	int events = open_events();
	__u32 size = 0;

	if (watch(events, listener))
		die("epoll: %s", strerror(errno));
	for (;;) {
		int ready = wait_events(events, found);

		while (ready--) {
			int fd = found[ready].data.fd;

			if (fd == listener)
				take_in(events, listener, &size);
			else if (recv(fd, data, size, MSG_WAITALL) != (ssize_t)size ||
				 send(fd, data, size, MSG_NOSIGNAL) != (ssize_t)size)
				close(fd);
		}
	}
}

static void pause_ms(__u32 ms)
{
	struct timespec time = {
		.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l,
	};

	nanosleep(&time, NULL);
}

static __u64 answers(__u32 n)
{
	__u64 sum = 0;

	while (n--)
		sum += __atomic_load_n(&clients[n].answers, __ATOMIC_RELAXED);
	return sum;
}

/* A client that cannot go on has said why. */
static void check_alive(void)
{
	if (waitpid(-1, NULL, WNOHANG) > 0)
		die("a client has ended");
}

/* All of them are at it when each has had an answer. */
static void wait_answers(__u32 n)
{
	__u32 i;

	for (i = 0; i < n; i++)
		while (!__atomic_load_n(&clients[i].answers, __ATOMIC_RELAXED)) {
			check_alive();
			pause_ms(1);
		}
}

/* Starts the clients; returns the number of their processes. */
static __u32 start_clients(__u32 n, int together, const char *address,
			   const struct request *request)
{
	__u32 i, processes = together ? 1 : n;

	for (i = 0; i < processes; i++) {
		if (fork())
			continue;
		/* The first process ends all of them by ending itself. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (together)
			ask_together(n, address, request);
		ask_alone(&clients[i], address, request);
	}
	return processes;
}

int cmd_crowd(char **argv)
{
	int together = !strcmp(argv[1], "together");
	struct request request = {
		.mode = together ? LOAD_TOGETHER : LOAD_ECHO, .size = number(argv[2]),
	};
	__u32 n = number(argv[3]), ms = number(argv[4]);
	__u64 before, began;
	__u32 processes;

	if (!request.size || request.size > LOAD_MAX || !n || n > MOST_CLIENTS)
		die("so many clients or bytes there cannot be");
	clients = mmap(NULL, n * sizeof(*clients), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (clients == MAP_FAILED)
		die("no memory: %s", strerror(errno));
	processes = start_clients(n, together, argv[0], &request);
	wait_answers(processes);
	before = answers(processes);
	began = now_ns();
	pause_ms(ms);
	before = answers(processes) - before;
	began = now_ns() - began;
	check_alive();
	printf("count=%llu ns=%llu\n", before, began);
	return 0;
}
