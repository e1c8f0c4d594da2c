// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams that tell whether all of each has arrived: see usage().
 *
 * Used by tests/test_xdp_native.py.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT		7
#define MOST_BYTES	65507
#define ANSWER_MS	2000

static unsigned char sent[MOST_BYTES], got[MOST_BYTES + 1];

static _Noreturn void usage(void)
{
	fputs("datagrams ask ADDRESS COUNT BYTES   to the port of echo, each after the answer\n"
	      "                                    to the one before; compare the answers\n"
	      "datagrams send ADDRESS COUNT BYTES  send them, and want no answers\n"
	      "datagrams take COUNT                compare those that come there, so many or until\n"
	      "                                    SIGTERM\n",
	      stderr);
	exit(2);
}

/* The bytes of a datagram follow from its number and length. */
static void fill(unsigned char *data, unsigned int number, size_t bytes)
{
	size_t at;

	for (at = 0; at < bytes; at++)
		data[at] = number * 13 + bytes * 7 + at * 3 + (at >> 8);
	if (bytes >= sizeof(number))
		memcpy(data, &number, sizeof(number));
}

static int is_whole(size_t bytes)
{
	unsigned int number = 0;

	if (bytes < sizeof(number) || bytes > MOST_BYTES)
		return 0;
	memcpy(&number, got, sizeof(number));
	fill(sent, number, bytes);
	return !memcmp(sent, got, bytes);
}

static int open_socket(void)
{
	int room = 8 << 20, fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	return fd;
}

static int send_all(char **argv, int answers)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	unsigned int count = atoi(argv[1]), number, answered = 0, wrong = 0;
	struct pollfd answer = { .fd = open_socket(), .events = POLLIN };
	size_t bytes = atoi(argv[2]);

	if (!inet_aton(argv[0], &to.sin_addr) || bytes < sizeof(number) || bytes > MOST_BYTES)
		usage();
	if (connect(answer.fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "%s", argv[0]);
	for (number = 0; number < count; number++) {
		fill(sent, number, bytes);
		/* Who has no port there is no concern of ours. */
		if (send(answer.fd, sent, bytes, 0) < 0 && send(answer.fd, sent, bytes, 0) < 0)
			err(1, "send");
		if (!answers)
			continue;
		if (poll(&answer, 1, ANSWER_MS) <= 0)
			continue;
		answered++;
		wrong += recv(answer.fd, got, sizeof(got), 0) != (ssize_t)bytes ||
			 memcmp(sent, got, bytes);
	}
	printf("sent=%u answered=%u wrong=%u\n", count, answered, wrong);
	return 0;
}

/* SIGTERM ends us between two datagrams. */
static void block_end(sigset_t *end)
{
	sigemptyset(end);
	sigaddset(end, SIGTERM);
	sigprocmask(SIG_BLOCK, end, NULL);
}

static int has_ended(const sigset_t *end)
{
	const struct timespec at_once = { 0 };

	return sigtimedwait(end, NULL, &at_once) == SIGTERM;
}

static int take(unsigned int count)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	unsigned int taken = 0, wrong = 0;
	int fd = open_socket();
	sigset_t end;
	ssize_t bytes;

	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		err(1, "bind");
	block_end(&end);
	puts("ready");
	fflush(stdout);
	while (taken < count && !has_ended(&end)) {
		struct pollfd any = { .fd = fd, .events = POLLIN };

		if (poll(&any, 1, 20) <= 0)
			continue;
		bytes = recv(fd, got, sizeof(got), MSG_DONTWAIT);
		if (bytes < 0)
			continue;
		taken++;
		wrong += !is_whole(bytes);
	}
	printf("taken=%u wrong=%u\n", taken, wrong);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "ask"))
		return send_all(argv + 2, 1);
	if (argc == 5 && !strcmp(argv[1], "send"))
		return send_all(argv + 2, 0);
	if (argc == 3 && !strcmp(argv[1], "take"))
		return take(atoi(argv[2]));
	usage();
}
