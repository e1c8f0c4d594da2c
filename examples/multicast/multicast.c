// SPDX-License-Identifier: GPL-2.0
/*
 * Has datagrams for one address go to many nodes: see usage(). The program is in
 * multicast.bpf.c.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "addresses.h"
#include "end.h"
#include "multicast.h"
#include "object.h"

#define DISCARD		9
/* How long a member has to say what its MAC address is. */
#define LOOKS		200
#define LOOK_NS		10000000

static _Noreturn void usage(void)
{
	fputs("multicast INTERFACE ADDRESS:PORT MEMBER...\n"
	      "  until SIGTERM, send each datagram that comes by vni to an IPv4 address and port\n"
	      "  of this node on to the same port of each member, an IPv4 address; then say how\n"
	      "  many\n",
	      stderr);
	exit(2);
}

/* False as long as the kernel does not know it. */
static int look_up(int fd, const char *interface, const struct sockaddr_in *address, __u8 *mac)
{
	struct arpreq request = { 0 };

	memcpy(&request.arp_pa, address, sizeof(*address));
	snprintf(request.arp_dev, sizeof(request.arp_dev), "%s", interface);
	if (ioctl(fd, SIOCGARP, &request) || !(request.arp_flags & ATF_COM))
		return 0;
	memcpy(mac, request.arp_ha.sa_data, ETH_ALEN);
	return 1;
}

/* The kernel asks for the MAC address of whoever gets a datagram. */
static struct member member_of(const char *interface, const char *text)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	struct sockaddr_in address = address_of(text);
	struct member member = { .address = address.sin_addr.s_addr };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), look;

	if (fd < 0)
		err(1, "socket");
	address.sin_port = htons(DISCARD);
	sendto(fd, "", 0, 0, (struct sockaddr *)&address, sizeof(address));
	for (look = 0; look < LOOKS; look++) {
		if (look_up(fd, interface, &address, member.mac)) {
			close(fd);
			return member;
		}
		nanosleep(&pause, NULL);
	}
	errx(1, "no node with the address %s answers by %s. Try: ping %s", text, interface, text);
}

static int attach(struct bpf_object *object, const char *interface)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
	int program = bpf_program__fd(object_program(object, "multicast"));
	int link = bpf_link_create(program, if_nametoindex(interface), BPF_XDP, &options);

	if (link < 0)
		err(1, "%s does not take the program%s", interface,
		    errno == EBUSY ? ", as it has one. Try: ip link show" : "");
	return link;
}

int main(int argc, char **argv)
{
	int nr = argc - 3, link, i;
	struct members members = { .nr = nr };
	struct bpf_object *object;
	struct sockaddr_in at;
	struct counts counts;
	struct group group;

	if (nr < 1)
		usage();
	if (nr > MOST_MEMBERS)
		errx(2, "%d members are too many. Try: up to %d", nr, MOST_MEMBERS);
	if (!if_nametoindex(argv[1]))
		errx(2, "there is no interface '%s'. Try: ip link", argv[1]);
	at = address_and_port(argv[2]);
	group = (struct group){ .address = at.sin_addr.s_addr, .port = at.sin_port };
	for (i = 0; i < nr; i++)
		members.list[i] = member_of(argv[1], argv[3 + i]);
	object = object_load("multicast.bpf.o", "vni, and BTF (CONFIG_DEBUG_INFO_BTF)");
	if (bpf_map_update_elem(object_map(object, "groups"), &group, &members, BPF_ANY))
		err(1, "cannot enter the members");
	link = attach(object, argv[1]);
	wait_for_end();
	close(link);
	object_counts(object, (__u64 *)&counts, sizeof(counts) / sizeof(__u64));
	printf("received=%llu expired=%llu\n", counts.received, counts.expired);
	for (i = 0; i < nr; i++)
		printf("%s sent=%llu failed=%llu\n", argv[3 + i], counts.sent[i],
		       counts.failed[i]);
	bpf_object__close(object);
	return 0;
}
