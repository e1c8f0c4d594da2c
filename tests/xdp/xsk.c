// SPDX-License-Identifier: GPL-2.0
/*
 * Answers datagrams to the port of echo by a socket of AF_XDP: see usage().
 *
 * Used by tests/test_xdp_native.py.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAMS	"/lib/programs.bpf.o"
#define FRAMES		256u
#define FRAME_BYTES	4096u
#define LOOK_MS		20

/* A ring that the kernel shares: of struct xdp_desc, or of addresses. */
struct ring {
	unsigned int *producer;
	unsigned int *consumer;
	void *entries;
};

static unsigned char *memory;
static struct ring fill, completion, rx, tx;

static _Noreturn void usage(void)
{
	fputs("xsk INTERFACE QUEUE  until SIGTERM, answer the datagrams to the port of echo that\n"
	      "                     come by a queue of an interface\n", stderr);
	exit(2);
}

static struct ring map_ring(int fd, const struct xdp_ring_offset *offsets, size_t entry_bytes,
			    off_t which)
{
	char *base = mmap(NULL, offsets->desc + FRAMES * entry_bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, fd, which);

	if (base == MAP_FAILED)
		err(1, "map a ring");
	return (struct ring){
		.producer = (void *)(base + offsets->producer),
		.consumer = (void *)(base + offsets->consumer),
		.entries = base + offsets->desc,
	};
}

static void set(int fd, int name, const void *value, socklen_t bytes)
{
	if (setsockopt(fd, SOL_XDP, name, value, bytes))
		err(1, "option %d of the socket", name);
}

static int open_socket(unsigned int interface, unsigned int queue)
{
	struct sockaddr_xdp at = {
		.sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY,
		.sxdp_ifindex = interface, .sxdp_queue_id = queue,
	};
	struct xdp_umem_reg umem = { .len = FRAMES * FRAME_BYTES, .chunk_size = FRAME_BYTES };
	const unsigned int entries = FRAMES;
	struct xdp_mmap_offsets offsets;
	socklen_t bytes = sizeof(offsets);
	int fd = socket(AF_XDP, SOCK_RAW, 0);

	if (fd < 0)
		err(1, "a socket of AF_XDP");
	memory = mmap(NULL, umem.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "memory");
	umem.addr = (unsigned long)memory;
	set(fd, XDP_UMEM_REG, &umem, sizeof(umem));
	set(fd, XDP_UMEM_FILL_RING, &entries, sizeof(entries));
	set(fd, XDP_UMEM_COMPLETION_RING, &entries, sizeof(entries));
	set(fd, XDP_RX_RING, &entries, sizeof(entries));
	set(fd, XDP_TX_RING, &entries, sizeof(entries));
	if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &bytes))
		err(1, "offsets of the rings");
	fill = map_ring(fd, &offsets.fr, sizeof(__u64), XDP_UMEM_PGOFF_FILL_RING);
	completion = map_ring(fd, &offsets.cr, sizeof(__u64), XDP_UMEM_PGOFF_COMPLETION_RING);
	rx = map_ring(fd, &offsets.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
	tx = map_ring(fd, &offsets.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		err(1, "bind");
	return fd;
}

/* Each ring has room for all frames, so none of them is ever full. */
static void give_frame(__u64 address)
{
	unsigned int at = *fill.producer;

	((__u64 *)fill.entries)[at % FRAMES] = address;
	__atomic_store_n(fill.producer, at + 1, __ATOMIC_RELEASE);
}

static void send_frame(const struct xdp_desc *frame)
{
	unsigned int at = *tx.producer;

	((struct xdp_desc *)tx.entries)[at % FRAMES] = (struct xdp_desc){
		.addr = frame->addr, .len = frame->len,
	};
	__atomic_store_n(tx.producer, at + 1, __ATOMIC_RELEASE);
}

/* The program sends nothing here that is no whole datagram. */
static void turn_round(unsigned char *frame)
{
	struct ethhdr *ethernet = (void *)frame;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct udphdr *udp = (void *)(ip + 1);
	unsigned char mac[ETH_ALEN];
	__be32 address = ip->daddr;
	__be16 port = udp->dest;

	memcpy(mac, ethernet->h_dest, ETH_ALEN);
	memcpy(ethernet->h_dest, ethernet->h_source, ETH_ALEN);
	memcpy(ethernet->h_source, mac, ETH_ALEN);
	ip->daddr = ip->saddr;
	ip->saddr = address;
	udp->dest = udp->source;
	udp->source = port;
}

static unsigned int answer_all(int fd)
{
	unsigned int at = *rx.consumer, answered = 0;

	for (; at != __atomic_load_n(rx.producer, __ATOMIC_ACQUIRE); at++, answered++) {
		const struct xdp_desc *frame = &((struct xdp_desc *)rx.entries)[at % FRAMES];

		turn_round(memory + frame->addr);
		send_frame(frame);
	}
	__atomic_store_n(rx.consumer, at, __ATOMIC_RELEASE);
	if (*tx.producer != __atomic_load_n(tx.consumer, __ATOMIC_ACQUIRE) &&
	    sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno != EAGAIN && errno != EBUSY)
		err(1, "send");
	at = *completion.consumer;
	for (; at != __atomic_load_n(completion.producer, __ATOMIC_ACQUIRE); at++)
		give_frame(((__u64 *)completion.entries)[at % FRAMES] & ~(__u64)(FRAME_BYTES - 1));
	__atomic_store_n(completion.consumer, at, __ATOMIC_RELEASE);
	return answered;
}

static int attach(unsigned int interface, unsigned int queue, int fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, native, .flags = XDP_FLAGS_DRV_MODE);
	struct bpf_object *object = bpf_object__open_file(PROGRAMS, NULL);
	int link;

	if (!object || bpf_object__load(object))
		err(1, "%s", PROGRAMS);
	if (bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "sockets"), &queue, &fd,
				BPF_ANY))
		err(1, "map sockets");
	link = bpf_link_create(bpf_program__fd(bpf_object__find_program_by_name(object,
										"to_socket")),
			       interface, BPF_XDP, &native);
	if (link < 0)
		err(1, "attach");
	return link;
}

int main(int argc, char **argv)
{
	const struct timespec at_once = { 0 };
	unsigned int interface, queue, frame, answered = 0;
	sigset_t end;
	int fd;

	if (argc != 3)
		usage();
	interface = if_nametoindex(argv[1]);
	if (!interface)
		err(1, "%s", argv[1]);
	queue = atoi(argv[2]);
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	fd = open_socket(interface, queue);
	for (frame = 0; frame < FRAMES; frame++)
		give_frame(frame * FRAME_BYTES);
	attach(interface, queue, fd);
	puts("ready");
	fflush(stdout);
	while (sigtimedwait(&end, NULL, &at_once) != SIGTERM) {
		struct pollfd any = { .fd = fd, .events = POLLIN };

		poll(&any, 1, LOOK_MS);
		answered += answer_all(fd);
	}
	printf("answered=%u\n", answered);
	return 0;
}
