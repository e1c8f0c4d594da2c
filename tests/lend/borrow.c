// SPDX-License-Identifier: GPL-2.0
/*
 * What programs can do with received pages beside copying them: see usage().
 *
 * Built and used by tests/test_lend.py.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/tcp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES	65536
#define FRAME_BYTES	266240
#define NR_FRAMES	64
#define LONG_FRAME	40000
#define HEADERS_BYTES	256
#define MAP_BYTES	(256 * 1024)
#define KEPT_BYTES	(128 * 1024)

static void usage(void)
{
	fputs("borrow relay PORT ADDRESS PORT FILE  pass a connection on, keep it in FILE\n"
	      "borrow read PORT                     read a connection out of a pipe\n"
	      "borrow send ADDRESS PORT FILE        send a file by one write: in long frames\n"
	      "borrow map PORT                      map what comes, read the rest; stop, and let go\n"
	      "borrow capture INTERFACE N BYTE      see N long frames of that byte in a packet ring\n",
	      stderr);
	exit(2);
}

static struct sockaddr_in at(const char *address, const char *port)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_port = htons(atoi(port)),
	};

	if (inet_pton(AF_INET, address, &name.sin_addr) != 1)
		errx(2, "bad address '%s'", address);
	return name;
}

static int take_connection(const char *port)
{
	struct sockaddr_in name = at("0.0.0.0", port);
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, taken;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&name, sizeof(name)) || listen(listener, 1))
		err(1, "listen");
	taken = accept(listener, NULL, NULL);
	if (taken < 0)
		err(1, "accept");
	close(listener);
	return taken;
}

static int make_connection(const char *address, const char *port)
{
	struct sockaddr_in name = at(address, port);
	int made = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(made, (struct sockaddr *)&name, sizeof(name)))
		err(1, "connect");
	return made;
}

static void move_all(int from, int to, ssize_t bytes)
{
	ssize_t n;

	for (; bytes; bytes -= n) {
		n = splice(from, NULL, to, NULL, bytes, SPLICE_F_MOVE);
		if (n <= 0)
			err(1, "splice out");
	}
}

static void relay(char **words)
{
	int in = take_connection(words[0]);
	int out = make_connection(words[1], words[2]);
	int kept = open(words[3], O_CREAT | O_WRONLY | O_TRUNC, 0600);
	int first[2], second[2];
	ssize_t n;

	if (kept < 0 || pipe(first) || pipe(second))
		err(1, "open");
	while ((n = splice(in, NULL, first[1], NULL, PIECE_BYTES, SPLICE_F_MOVE)) > 0) {
		if (tee(first[0], second[1], n, 0) != n)
			err(1, "tee");
		move_all(first[0], out, n);
		move_all(second[0], kept, n);
	}
	if (n < 0)
		err(1, "splice in");
}

static void put(int fd, const char *data, size_t bytes)
{
	ssize_t n;

	for (; bytes; bytes -= n, data += n) {
		n = write(fd, data, bytes);
		if (n <= 0)
			err(1, "write");
	}
}

static void read_some(int fd, size_t bytes)
{
	static char piece[PIECE_BYTES];
	ssize_t n;

	for (; bytes; bytes -= n) {
		n = read(fd, piece, bytes < PIECE_BYTES ? bytes : PIECE_BYTES);
		if (n <= 0)
			err(1, "read");
		put(STDOUT_FILENO, piece, n);
	}
}

static void read_spliced(char **words)
{
	int in = take_connection(words[0]), ends[2];
	ssize_t n;

	if (pipe(ends))
		err(1, "pipe");
	while ((n = splice(in, NULL, ends[1], NULL, PIECE_BYTES, SPLICE_F_MOVE)) > 0)
		read_some(ends[0], n);
	if (n < 0)
		err(1, "splice in");
}

static void send_file(char **words)
{
	int out = make_connection(words[0], words[1]);
	int from = open(words[2], O_RDONLY);
	struct stat about;
	char *data;

	if (from < 0 || fstat(from, &about))
		err(1, "open");
	data = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE, from, 0);
	if (data == MAP_FAILED)
		err(1, "mmap");
	put(out, data, about.st_size);
}

/* Waits for enough to map, or the end; zero if nothing comes any more. */
static int more_to_map(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char byte;

	if (poll(&ready, 1, -1) != 1)
		err(1, "poll");
	return recv(fd, &byte, 1, MSG_PEEK) > 0;
}

/* How much has been mapped, and how much is to be read then. */
static size_t map_some(int fd, char *at, size_t *unmapped)
{
	struct tcp_zerocopy_receive mapping = {
		.address = (uintptr_t)at,
		.length = MAP_BYTES,
	};
	socklen_t bytes = sizeof(mapping);

	if (getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &mapping, &bytes))
		err(1, "TCP_ZEROCOPY_RECEIVE");
	*unmapped = mapping.recv_skip_hint;
	return mapping.length;
}

/* The first pages stay mapped until it is told to go on; they may not change. */
static void map(char **words)
{
	static char copies[KEPT_BYTES + MAP_BYTES];
	int in = take_connection(words[0]), enough = MAP_BYTES;
	size_t mapped = 0, unmapped = 0, kept = 0, n, rest;
	char *window;

	setsockopt(in, SOL_SOCKET, SO_RCVLOWAT, &enough, sizeof(enough));
	window = mmap(NULL, sizeof(copies), PROT_READ, MAP_SHARED, in, 0);
	if (window == MAP_FAILED)
		err(1, "mmap");
	while (more_to_map(in)) {
		n = map_some(in, window + kept, &rest);
		put(STDOUT_FILENO, window + kept, n);
		read_some(in, rest);
		mapped += n;
		unmapped += rest;
		if (kept < KEPT_BYTES) {
			memcpy(copies + kept, window + kept, n);
			kept += n;
		}
	}
	fprintf(stderr, "%zu %zu\n", mapped, unmapped);
	raise(SIGSTOP);
	if (memcmp(copies, window, kept) || munmap(window, sizeof(copies)))
		errx(1, "mapped pages have changed");
}

static unsigned char *open_ring(int fd, const char *interface)
{
	struct tpacket_req req = {
		.tp_block_size = FRAME_BYTES,
		.tp_block_nr = NR_FRAMES,
		.tp_frame_size = FRAME_BYTES,
		.tp_frame_nr = NR_FRAMES,
	};
	struct sockaddr_ll name = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(interface),
	};
	int version = TPACKET_V2;
	unsigned char *ring;

	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) ||
	    bind(fd, (struct sockaddr *)&name, sizeof(name)))
		err(1, "packet ring");
	ring = mmap(NULL, (size_t)FRAME_BYTES * NR_FRAMES, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		err(1, "mmap");
	return ring;
}

/* Is it one that is long, and right? */
static int look_at(const struct tpacket2_hdr *frame, int byte)
{
	const unsigned char *data = (const unsigned char *)frame + frame->tp_mac;
	unsigned int i;

	if (frame->tp_snaplen < LONG_FRAME)
		return 0;
	if (frame->tp_snaplen != frame->tp_len)
		errx(1, "%u of %u bytes captured", frame->tp_snaplen, frame->tp_len);
	for (i = HEADERS_BYTES; i < frame->tp_len; i++)
		if (data[i] != byte)
			errx(1, "byte %u of %u is %#x", i, frame->tp_len, data[i]);
	return 1;
}

static void capture(char **words)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0), wanted = atoi(words[1]);
	unsigned char *ring = open_ring(fd, words[0]);
	int byte = strtol(words[2], NULL, 0), seen = 0;
	unsigned int i;

	for (i = 0; seen < wanted; i = (i + 1) % NR_FRAMES) {
		struct tpacket2_hdr *frame = (void *)(ring + (size_t)i * FRAME_BYTES);
		struct pollfd ready = { .fd = fd, .events = POLLIN };

		while (!(__atomic_load_n(&frame->tp_status, __ATOMIC_ACQUIRE) &
			 TP_STATUS_USER))
			poll(&ready, 1, 100);
		seen += look_at(frame, byte);
		__atomic_store_n(&frame->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	}
	printf("captured %d\n", seen);
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "relay"))
		relay(argv + 2);
	else if (argc == 3 && !strcmp(argv[1], "read"))
		read_spliced(argv + 2);
	else if (argc == 5 && !strcmp(argv[1], "send"))
		send_file(argv + 2);
	else if (argc == 3 && !strcmp(argv[1], "map"))
		map(argv + 2);
	else if (argc == 5 && !strcmp(argv[1], "capture"))
		capture(argv + 2);
	else
		usage();
	return 0;
}
