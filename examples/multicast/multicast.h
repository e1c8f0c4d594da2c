/* SPDX-License-Identifier: GPL-2.0 */
/* What the program and its loader tell each other. */
#ifndef MULTICAST_H
#define MULTICAST_H

#include <linux/if_ether.h>
#include <linux/types.h>

/* A power of two. */
#define MOST_MEMBERS	16

/**
 * struct group - where datagrams arrive that go to all members
 * @address: of IPv4
 * @port: of UDP
 * @unused: 0
 */
struct group {
	__be32 address;
	__be16 port;
	__u16 unused;
};

/**
 * struct member - who gets a copy
 * @address: of IPv4
 * @mac: of its vni0
 * @unused: 0
 */
struct member {
	__be32 address;
	__u8 mac[ETH_ALEN];
	__u8 unused[2];
};

/**
 * struct members - the list of a group
 * @nr: how many, from 1 to MOST_MEMBERS
 * @list: these
 */
struct members {
	__u32 nr;
	struct member list[MOST_MEMBERS];
};

/**
 * struct counts - what has become of datagrams, counted by each CPU
 * @received: those for a group
 * @expired: those of them that were at the end of their life (TTL)
 * @sent: by member; to the last one of a list in the buffer that a datagram came in
 * @failed: by member; copies that could not be sent
 */
struct counts {
	__u64 received;
	__u64 expired;
	__u64 sent[MOST_MEMBERS];
	__u64 failed[MOST_MEMBERS];
};

#endif /* MULTICAST_H */
