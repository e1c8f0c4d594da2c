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
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE_BYTES	65536
#define FRAME_BYTES	266240
#define NR_FRAMES	64
#define LONG_FRAME	40000
#define HEADERS_BYTES	256

static void usage(void)
{
	fputs("borrow relay PORT ADDRESS PORT FILE  pass a connection on, keep it in FILE\n"
	      "borrow read PORT                     read a connection out of a pipe\n"
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

static void read_spliced(char **words)
{
	static char piece[PIECE_BYTES];
	int in = take_connection(words[0]), ends[2];
	ssize_t n, got;

	if (pipe(ends))
		err(1, "pipe");
	while ((n = splice(in, NULL, ends[1], NULL, PIECE_BYTES, SPLICE_F_MOVE)) > 0)
		for (; n; n -= got) {
			got = read(ends[0], piece, n);
			if (got <= 0 || write(STDOUT_FILENO, piece, got) != got)
				err(1, "read");
		}
	if (n < 0)
		err(1, "splice in");
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
	else if (argc == 5 && !strcmp(argv[1], "capture"))
		capture(argv + 2);
	else
		usage();
	return 0;
}
