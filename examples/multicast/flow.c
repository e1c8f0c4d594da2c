// SPDX-License-Identifier: GPL-2.0
/*
 * Numbered datagrams, and who takes them: see usage(). It knows nothing of how they go
 * from one to the other.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "addresses.h"
#include "datagrams.h"
#include "numbers.h"

#define AT_ONCE		32
#define MOST_COUNT	1000000
#define QUIET_MS	2000		/* nothing more comes then */
#define ANSWER_MS	2000

static unsigned char data[AT_ONCE][DATAGRAM_MOST_BYTES + 1];

static _Noreturn void usage(void)
{
	fputs("flow send ADDRESS:PORT COUNT BYTES   as fast as they go\n"
	      "flow take ADDRESS:PORT               until none has come for two seconds after\n"
	      "                                     the first: how many, how many of them were\n"
	      "                                     damaged, and how many came twice or late\n"
	      "flow delay ADDRESS:PORT BACK COUNT BYTES\n"
	      "                                     one after the other, each when the one before\n"
	      "                                     has come to the own address BACK: how long\n"
	      "                                     they took\n",
	      stderr);
	exit(2);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

/* Whether somebody listens there is no concern of the sender's. */
static void send_some(int fd, unsigned int first, unsigned int nr, size_t bytes)
{
	struct mmsghdr messages[AT_ONCE] = { 0 };
	struct iovec pieces[AT_ONCE];
	unsigned int i, done = 0;
	int got;

	for (i = 0; i < nr; i++) {
		datagram_fill(data[i], first + i, bytes);
		pieces[i] = (struct iovec){ data[i], bytes };
		messages[i].msg_hdr.msg_iov = &pieces[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (done < nr) {
		got = sendmmsg(fd, messages + done, nr - done, 0);
		done += got > 0 ? got : 0;
	}
}

static int send_all(const char *where, unsigned int count, size_t bytes)
{
	const struct sockaddr_in to = address_and_port(where);
	int fd = datagram_socket(NULL);
	unsigned int number, nr;
	double began;

	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		err(1, "%s", where);
	began = now_us();
	for (number = 0; number < count; number += nr) {
		nr = count - number < AT_ONCE ? count - number : AT_ONCE;
		send_some(fd, number, nr, bytes);
	}
	printf("sent=%u seconds=%.6f\n", count, (now_us() - began) / 1e6);
	return 0;
}

static int take_all(const char *where)
{
	const struct sockaddr_in at = address_and_port(where);
	unsigned int taken = 0, damaged = 0, late = 0, number, next = 0;
	struct pollfd any = { .fd = datagram_socket(&at), .events = POLLIN };
	ssize_t bytes;

	puts("ready");
	fflush(stdout);
	while (poll(&any, 1, taken ? QUIET_MS : -1) > 0) {
		bytes = recv(any.fd, data[0], sizeof(data[0]), 0);
		if (bytes < 0)
			err(1, "receive");
		taken++;
		if (!datagram_is_whole(data[0], bytes, &number)) {
			damaged++;
			continue;
		}
		late += number < next;
		next = number + 1;
	}
	printf("taken=%u damaged=%u late=%u\n", taken, damaged, late);
	return 0;
}

static int compare(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

static int delay(char **words)
{
	const struct sockaddr_in to = address_and_port(words[0]), at = address_and_port(words[1]);
	unsigned int count = number_of(words[2], 1, MOST_COUNT), number, taken = 0;
	size_t bytes = number_of(words[3], sizeof(number), DATAGRAM_MOST_BYTES);
	struct pollfd back = { .fd = datagram_socket(&at), .events = POLLIN };
	double *took = calloc(count, sizeof(*took)), began;
	int fd = datagram_socket(NULL);

	if (!took || connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		err(1, "%s", words[0]);
	for (number = 0; number < count; number++) {
		datagram_fill(data[0], number, bytes);
		began = now_us();
		if (send(fd, data[0], bytes, 0) < 0)
			err(1, "send");
		if (poll(&back, 1, ANSWER_MS) <= 0)
			continue;
		if (recv(back.fd, data[0], sizeof(data[0]), 0) == (ssize_t)bytes)
			took[taken++] = now_us() - began;
	}
	if (!taken)
		errx(1, "none has come back");
	qsort(took, taken, sizeof(*took), compare);
	printf("taken=%u median_us=%.1f p99_us=%.1f\n", taken, took[taken / 2],
	       took[taken * 99 / 100]);
	free(took);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "send"))
		return send_all(argv[2], number_of(argv[3], 1, MOST_COUNT),
				number_of(argv[4], sizeof(int), DATAGRAM_MOST_BYTES));
	if (argc == 3 && !strcmp(argv[1], "take"))
		return take_all(argv[2]);
	if (argc == 6 && !strcmp(argv[1], "delay"))
		return delay(argv + 2);
	usage();
}
