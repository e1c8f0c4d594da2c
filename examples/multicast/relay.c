// SPDX-License-Identifier: GPL-2.0
/*
 * What multicast.bpf.c does, by a program in user space: see usage().
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "addresses.h"
#include "datagrams.h"
#include "multicast.h"

#define AT_ONCE		32
#define LOOK_US		200000		/* how often to look whether it is over */

static unsigned char data[AT_ONCE][DATAGRAM_MOST_BYTES];
static struct iovec pieces[AT_ONCE];
static struct mmsghdr messages[AT_ONCE];
static int over;

static _Noreturn void usage(void)
{
	fputs("relay ADDRESS:PORT MEMBER...\n"
	      "  until SIGTERM, send each datagram that comes to a port on to the same port of\n"
	      "  each member, an IPv4 address\n",
	      stderr);
	exit(2);
}

static void end(int number)
{
	(void)number;
	__atomic_store_n(&over, 1, __ATOMIC_RELAXED);
}

static void catch_end(void)
{
	struct sigaction action = { .sa_handler = end };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

/* A socket that lets recvmmsg() return now and then. */
static int open_socket(const struct sockaddr_in *at)
{
	const struct timeval look = { .tv_usec = LOOK_US };
	int fd = datagram_socket(at);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look));
	return fd;
}

static int take(int fd)
{
	int i;

	for (i = 0; i < AT_ONCE; i++) {
		pieces[i] = (struct iovec){ data[i], DATAGRAM_MOST_BYTES };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &pieces[i], .msg_iovlen = 1 };
	}
	return recvmmsg(fd, messages, AT_ONCE, MSG_WAITFORONE, NULL);
}

/* Returns how many could be sent. A member that is not there keeps nobody from the others. */
static unsigned long send_to(int fd, const struct sockaddr_in *to, int nr)
{
	unsigned long sent = 0;
	int i, done;

	for (i = 0; i < nr; i++) {
		pieces[i].iov_len = messages[i].msg_len;
		messages[i].msg_hdr.msg_name = (void *)to;
		messages[i].msg_hdr.msg_namelen = sizeof(*to);
	}
	for (i = 0; i < nr; i += done) {
		done = sendmmsg(fd, messages + i, nr - i, 0);
		if (done > 0)
			sent += done;
		else
			done = 1;
	}
	return sent;
}

int main(int argc, char **argv)
{
	unsigned long received = 0, sent[MOST_MEMBERS] = { 0 };
	struct sockaddr_in at, to[MOST_MEMBERS];
	int fd, nr, i, members = argc - 2;

	if (members < 1 || members > MOST_MEMBERS)
		usage();
	at = address_and_port(argv[1]);
	for (i = 0; i < members; i++) {
		to[i] = address_of(argv[2 + i]);
		to[i].sin_port = at.sin_port;
	}
	fd = open_socket(&at);
	catch_end();
	puts("ready");
	fflush(stdout);
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		nr = take(fd);
		if (nr < 0 && errno != EINTR && errno != EAGAIN)
			err(1, "receive");
		if (nr <= 0)
			continue;
		received += nr;
		for (i = 0; i < members; i++)
			sent[i] += send_to(fd, &to[i], nr);
	}
	printf("received=%lu\n", received);
	for (i = 0; i < members; i++)
		printf("%s sent=%lu\n", inet_ntoa(to[i].sin_addr), sent[i]);
	return 0;
}
