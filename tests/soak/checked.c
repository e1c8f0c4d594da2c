// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic whose content is checked, for nodes that live and die.
 *
 * serve: echoes TCP streams, swallows UDP. run: sends numbered random blocks
 * to such a server for ever, compares what comes back, and keeps its counts in
 * a file; on one connection for as long as it stands, or, briefly, on one for each
 * block. flood: sends UDP frames of all sizes for ever. Both outlive the death of
 * the peer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_BYTES	32768
#define MAX_UDP_BYTES	15000
#define TIMEOUT_MS	300
/* Between two nodes that live, a stall must not look like a death. */
#define PATIENCE_MS	20000

struct counts {
	unsigned long rounds, connections, mismatches, longest_ms;
};

static __u64 random_next(__u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static __u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static void die(const char *what)
{
	fprintf(stderr, "checked: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in address_of(const char *address, const char *port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(atoi(port)),
	};

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		die("bad address");
	return to;
}

static int bound(int type, const char *port)
{
	struct sockaddr_in any = address_of("0.0.0.0", port);
	int fd = socket(AF_INET, type, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)))
		die("bind");
	return fd;
}

static void limit_waiting(int fd, unsigned int ms)
{
	struct timeval limit = { ms / 1000, ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static int move_all(int fd, char *data, size_t bytes, int out)
{
	while (bytes) {
		ssize_t n = out ? send(fd, data, bytes, MSG_NOSIGNAL) :
				  recv(fd, data, bytes, 0);

		if (n <= 0)
			return -1;
		data += n;
		bytes -= n;
	}
	return 0;
}

static void echo(int fd)
{
	static char data[BLOCK_BYTES];
	ssize_t n;

	limit_waiting(fd, PATIENCE_MS);
	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		if (move_all(fd, data, n, 1))
			break;
	exit(0);
}

static void serve(const char *port)
{
	int tcp = bound(SOCK_STREAM, port), udp = bound(SOCK_DGRAM, port);
	static char data[65536];

	signal(SIGCHLD, SIG_IGN);
	if (!fork())
		for (;;)
			recv(udp, data, sizeof(data), 0);
	if (listen(tcp, 16))
		die("listen");
	for (;;) {
		int fd = accept(tcp, NULL, NULL);

		if (fd >= 0 && !fork())
			echo(fd);
		close(fd);
	}
}

static void keep_counts(int file, const struct counts *c)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "%10lu %10lu %10lu %10lu\n",
			 c->rounds, c->connections, c->mismatches, c->longest_ms);

	if (pwrite(file, text, n, 0) != n)
		die("counts");
}

/* One block there and back. */
static int round_trip(int fd, __u64 *state, struct counts *c)
{
	static __u64 sent[BLOCK_BYTES / 8], got[BLOCK_BYTES / 8];
	__u64 begin = now_ms();
	unsigned int i;

	for (i = 0; i < BLOCK_BYTES / 8; i++)
		sent[i] = random_next(state);
	if (move_all(fd, (char *)sent, sizeof(sent), 1) ||
	    move_all(fd, (char *)got, sizeof(got), 0))
		return -1;
	if (memcmp(sent, got, sizeof(sent)))
		c->mismatches++;
	c->rounds++;
	if (now_ms() - begin > c->longest_ms)
		c->longest_ms = now_ms() - begin;
	return 0;
}

static void run(const struct sockaddr_in *to, const char *path, int pause_us,
		unsigned int patience_ms, bool briefly)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	__u64 state = now_ms() * 2 + 1;
	struct counts c = {};

	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		limit_waiting(fd, patience_ms);
		if (!connect(fd, (const struct sockaddr *)to, sizeof(*to))) {
			c.connections++;
			while (!round_trip(fd, &state, &c)) {
				keep_counts(file, &c);
				usleep(pause_us);
				if (briefly)
					break;
			}
		}
		close(fd);
		usleep(10000);
	}
}

static void flood(const struct sockaddr_in *to, int pause_us)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	static char data[MAX_UDP_BYTES];
	__u64 state = 612;

	for (;;) {
		sendto(fd, data, random_next(&state) % MAX_UDP_BYTES, 0,
		       (const struct sockaddr *)to, sizeof(*to));
		usleep(pause_us);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in to;
	const char *how;

	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(argv[2]);
	if (argc < 5) {
		fputs("usage: checked serve PORT\n"
		      "       checked flood ADDRESS PORT PAUSE-US\n"
		      "       checked run ADDRESS PORT PAUSE-US FILE [patient | briefly]\n",
		      stderr);
		return 2;
	}
	to = address_of(argv[2], argv[3]);
	if (!strcmp(argv[1], "flood"))
		flood(&to, atoi(argv[4]));
	how = argc > 6 ? argv[6] : "";
	if (argc > 5)
		run(&to, argv[5], atoi(argv[4]),
		    strcmp(how, "patient") ? TIMEOUT_MS : PATIENCE_MS, !strcmp(how, "briefly"));
	return 2;
}
