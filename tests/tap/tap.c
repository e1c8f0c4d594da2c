// SPDX-License-Identifier: GPL-2.0
/*
 * Frames of an interface as captures see them: see usage().
 *
 * Used by tests/test_taps.py.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUEUE_BYTES	(32 << 20)
#define SNAP_BYTES	262144
#define IPV4_LENGTH	16	/* offset in a frame */

static void usage(void)
{
	fputs("tap count INTERFACE PORT  until SIGTERM, count what \"tcp dst port\" captures\n",
	      stderr);
	exit(2);
}

/* Becomes readable when SIGTERM has come. */
static int end_signal(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, 0);
	if (fd < 0)
		err(1, "signalfd");
	return fd;
}

static unsigned int index_of(const char *interface)
{
	unsigned int index = if_nametoindex(interface);

	if (!index)
		err(1, "%s", interface);
	return index;
}

/* What tcpdump makes of "tcp dst port PORT" for an Ethernet. */
static void set_filter(int capture, unsigned int port)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 11),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 56),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 8, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 8),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 6),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SNAP_BYTES),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(*code), code };

	if (setsockopt(capture, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)))
		err(1, "filter");
}

static int open_capture(const char *interface, unsigned int port)
{
	struct sockaddr_ll name = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = index_of(interface),
	};
	int capture = socket(AF_PACKET, SOCK_RAW, 0), bytes = QUEUE_BYTES;

	if (capture < 0)
		err(1, "socket");
	set_filter(capture, port);
	if (setsockopt(capture, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
	    bind(capture, (struct sockaddr *)&name, sizeof(name)))
		err(1, "capture");
	return capture;
}

/* An IPv4 packet whose header cannot tell its length is one of no length to readers. */
static void count(const char *interface, unsigned int port)
{
	struct pollfd inputs[] = {
		{ .fd = open_capture(interface, port), .events = POLLIN },
		{ .fd = end_signal(), .events = POLLIN },
	};
	unsigned long bytes = 0, no_length = 0;
	struct tpacket_stats lost = {};
	socklen_t size = sizeof(lost);
	unsigned char head[64];
	ssize_t n;

	puts("ready");
	fflush(stdout);
	while (poll(inputs, 2, -1) > 0 && !inputs[1].revents) {
		n = recv(inputs[0].fd, head, sizeof(head), MSG_TRUNC);
		if (n < 0)
			err(1, "recv");
		bytes += n;
		no_length += head[12] == 8 && !head[IPV4_LENGTH] && !head[IPV4_LENGTH + 1];
	}
	if (getsockopt(inputs[0].fd, SOL_PACKET, PACKET_STATISTICS, &lost, &size))
		err(1, "statistics");
	printf("bytes=%lu no_length=%lu lost=%u\n", bytes, no_length, lost.tp_drops);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "count"))
		count(argv[2], atoi(argv[3]));
	else
		usage();
	return 0;
}
