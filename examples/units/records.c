// SPDX-License-Identifier: GPL-2.0
/*
 * Sends and takes numbered records over TCP: see usage(). It knows nothing of what the
 * kernel holds back.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "addresses.h"
#include "numbers.h"

#define PREFIX_BYTES		4
#define MOST_BYTES		1048576
#define MOST_COUNT		10000000
#define MOST_CONNECTIONS	4096
#define STACK_BYTES		65536

/* How a reader waits, and how long it does something else first. */
struct manner {
	unsigned int polls, pause_ms, timeout_ms;
};

/* What has come by a connection, or by all of them. */
struct taken {
	unsigned long records, damaged, reads, again, half, failed;
	int error;		/* of the last one that failed */
	double first, last;
};

static struct manner manner;
static struct taken all;
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;

static _Noreturn void usage(void)
{
	fputs("records take PORT CONNECTIONS [OPTION...]\n"
	      "  take so many connections, and read records from each until it ends: how many\n"
	      "  came, how many of them were damaged, and what it took to read them\n"
	      "    poll        wait in poll(), not in recv()\n"
	      "    pause=MS    read nothing before that time is over\n"
	      "    timeout=MS  do not wait longer for anything\n"
	      "records send ADDRESS:PORT COUNT BYTES PIECE PAUSE [CONNECTIONS]\n"
	      "  send records of so many bytes, cut into pieces of other ones, microseconds apart\n"
	      "records cut ADDRESS:PORT COUNT BYTES LAST SENT WAIT\n"
	      "  send records, then so many bytes of a last one that should have another length,\n"
	      "  prefix included; wait milliseconds, close\n",
	      stderr);
	exit(2);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void wait_us(unsigned int us)
{
	const struct timespec pause = { us / 1000000, us % 1000000 * 1000 };

	if (us)
		nanosleep(&pause, NULL);
}

static void *room_for(size_t bytes)
{
	void *room = malloc(bytes);

	if (!room)
		err(1, "no memory");
	return room;
}

/* The bytes of a record follow from its number and length. */
static void fill(unsigned char *to, unsigned int number, unsigned int bytes)
{
	const unsigned int prefix = htonl(bytes);
	unsigned int at;

	memcpy(to, &prefix, sizeof(prefix));
	for (at = 0; at < bytes; at++)
		to[PREFIX_BYTES + at] = number * 13 + bytes * 7 + at * 3 + (at >> 8);
}

static int is_whole(const unsigned char *record, unsigned int number, unsigned int bytes)
{
	unsigned int at;

	for (at = 0; at < bytes; at++)
		if (record[PREFIX_BYTES + at] !=
		    (unsigned char)(number * 13 + bytes * 7 + at * 3 + (at >> 8)))
			return 0;
	return 1;
}

/* Takes the whole records out of @have bytes; returns how many bytes that were. */
static size_t handle(struct taken *taken, const unsigned char *data, size_t have)
{
	unsigned int prefix, bytes;
	size_t at = 0;

	while (have - at >= PREFIX_BYTES) {
		memcpy(&prefix, data + at, sizeof(prefix));
		bytes = ntohl(prefix);
		if (bytes > have - at - PREFIX_BYTES)
			break;
		taken->damaged += !is_whole(data + at, taken->records, bytes);
		taken->records++;
		taken->last = now_s();
		at += PREFIX_BYTES + bytes;
	}
	return at;
}

static ssize_t read_some(int fd, void *to, size_t room, struct taken *taken)
{
	const int timeout = manner.timeout_ms ? (int)manner.timeout_ms : -1;
	struct pollfd one = { .fd = fd, .events = POLLIN };
	ssize_t got;

	do {
		if (manner.polls && poll(&one, 1, timeout) <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		taken->reads++;
		got = recv(fd, to, room, manner.polls ? MSG_DONTWAIT : 0);
		taken->again += got < 0 && errno == EAGAIN;
	} while (manner.polls && got < 0 && errno == EAGAIN);
	return got;
}

static void read_all(int fd, struct taken *taken)
{
	unsigned char *data = room_for(MOST_BYTES + PREFIX_BYTES);
	size_t have = 0, done;
	ssize_t got;

	wait_us(manner.pause_ms * 1000);
	while ((got = read_some(fd, data + have, MOST_BYTES + PREFIX_BYTES - have, taken)) > 0) {
		if (!taken->first)
			taken->first = now_s();
		have += got;
		done = handle(taken, data, have);
		have -= done;
		memmove(data, data + done, have);
	}
	taken->half = have > 0;
	taken->failed = got < 0;
	taken->error = got < 0 ? errno : 0;
	free(data);
}

static void add(const struct taken *one)
{
	pthread_mutex_lock(&all_lock);
	all.records += one->records;
	all.damaged += one->damaged;
	all.reads += one->reads;
	all.again += one->again;
	all.half += one->half;
	all.failed += one->failed;
	all.error = one->error ?: all.error;
	if (one->first && (!all.first || one->first < all.first))
		all.first = one->first;
	if (one->last > all.last)
		all.last = one->last;
	pthread_mutex_unlock(&all_lock);
}

static void *serve(void *connection)
{
	const struct timeval timeout = { manner.timeout_ms / 1000,
					 manner.timeout_ms % 1000 * 1000 };
	int fd = (long)connection;
	struct taken taken = { 0 };

	if (!manner.polls)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	read_all(fd, &taken);
	add(&taken);
	close(fd);
	return NULL;
}

static int listen_at(unsigned int port)
{
	const struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) || listen(fd, MOST_CONNECTIONS))
		err(1, "port %u", port);
	return fd;
}

static void report(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	printf("records=%lu damaged=%lu half=%lu failed=%lu reads=%lu again=%lu waits=%ld\n"
	       "cpu_us=%ld seconds=%.6f error='%s'\n", all.records, all.damaged, all.half,
	       all.failed, all.reads, all.again, used.ru_nvcsw,
	       (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
	       used.ru_utime.tv_usec + used.ru_stime.tv_usec,
	       all.last > all.first ? all.last - all.first : 0, all.error ?
	       strerrorname_np(all.error) : "");
}

static int take_all(unsigned int port, unsigned int connections)
{
	pthread_t *readers = room_for(connections * sizeof(*readers));
	int listener = listen_at(port), fd;
	pthread_attr_t small;
	unsigned int i;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK_BYTES);
	puts("ready");
	fflush(stdout);
	for (i = 0; i < connections; i++) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			err(1, "accept");
		if (pthread_create(&readers[i], &small, serve, (void *)(long)fd))
			errx(1, "no thread for a connection");
	}
	for (i = 0; i < connections; i++)
		pthread_join(readers[i], NULL);
	report();
	free(readers);
	return 0;
}

static int connect_to(const char *where)
{
	const struct sockaddr_in to = address_and_port(where);
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		err(1, "%s", where);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	return fd;
}

static void send_bytes(int fd, const unsigned char *data, size_t bytes)
{
	ssize_t sent;

	while (bytes) {
		sent = send(fd, data, bytes, MSG_NOSIGNAL);
		if (sent < 0)
			err(1, "send");
		data += sent;
		bytes -= sent;
	}
}

/* Pieces know nothing of records: one may have the end of one and the beginning of another. */
struct pieces {
	const int *fds;
	unsigned int connections, pause_us;
	unsigned char *data;
	size_t have, bytes;
};

static void send_pieces(struct pieces *pieces, int last)
{
	size_t at = 0, bytes;
	unsigned int i;

	while (pieces->have - at >= pieces->bytes || (last && at < pieces->have)) {
		bytes = pieces->have - at < pieces->bytes ? pieces->have - at : pieces->bytes;
		for (i = 0; i < pieces->connections; i++)
			send_bytes(pieces->fds[i], pieces->data + at, bytes);
		wait_us(pieces->pause_us);
		at += bytes;
	}
	pieces->have -= at;
	memmove(pieces->data, pieces->data + at, pieces->have);
}

static int send_all(char **words, unsigned int connections)
{
	unsigned int count = number_of(words[1], 1, MOST_COUNT), number, i;
	unsigned int bytes = number_of(words[2], 0, MOST_BYTES);
	int *fds = room_for(connections * sizeof(*fds));
	struct pieces pieces = {
		.fds = fds, .connections = connections,
		.bytes = number_of(words[3], 1, MOST_BYTES),
		.pause_us = number_of(words[4], 0, 1000000),
	};
	double began;

	pieces.data = room_for(pieces.bytes + PREFIX_BYTES + bytes);
	for (i = 0; i < connections; i++)
		fds[i] = connect_to(words[0]);
	began = now_s();
	for (number = 0; number < count; number++) {
		fill(pieces.data + pieces.have, number, bytes);
		pieces.have += PREFIX_BYTES + bytes;
		send_pieces(&pieces, number + 1 == count);
	}
	printf("sent=%u seconds=%.6f\n", count, now_s() - began);
	return 0;
}

static int cut_short(char **words)
{
	unsigned int count = number_of(words[1], 0, MOST_COUNT), number;
	unsigned int bytes = number_of(words[2], 0, MOST_BYTES);
	unsigned int last = number_of(words[3], 0, MOST_BYTES);
	unsigned int sent = number_of(words[4], 0, last + PREFIX_BYTES);
	unsigned int wait_ms = number_of(words[5], 0, 60000);
	unsigned char *data = room_for(MOST_BYTES + PREFIX_BYTES);
	int fd = connect_to(words[0]);

	for (number = 0; number < count; number++) {
		fill(data, number, bytes);
		send_bytes(fd, data, bytes + PREFIX_BYTES);
	}
	fill(data, number, last);
	send_bytes(fd, data, sent);
	wait_us(wait_ms * 1000);
	close(fd);
	free(data);
	return 0;
}

static void take_option(const char *word)
{
	const char *value = strchr(word, '=');

	if (!strcmp(word, "poll"))
		manner.polls = 1;
	else if (!strncmp(word, "pause=", 6))
		manner.pause_ms = number_of(value + 1, 1, 60000);
	else if (!strncmp(word, "timeout=", 8))
		manner.timeout_ms = number_of(value + 1, 1, 60000);
	else
		usage();
}

int main(int argc, char **argv)
{
	int i;

	if (argc >= 4 && !strcmp(argv[1], "take")) {
		for (i = 4; i < argc; i++)
			take_option(argv[i]);
		return take_all(number_of(argv[2], 1, 65535),
				number_of(argv[3], 1, MOST_CONNECTIONS));
	}
	if ((argc == 7 || argc == 8) && !strcmp(argv[1], "send"))
		return send_all(argv + 2, argc == 8 ? number_of(argv[7], 1, MOST_CONNECTIONS) : 1);
	if (argc == 8 && !strcmp(argv[1], "cut"))
		return cut_short(argv + 2);
	usage();
}
