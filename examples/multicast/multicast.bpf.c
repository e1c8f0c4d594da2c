// SPDX-License-Identifier: GPL-2.0
/*
 * Sends each datagram for a group on to all of its members, in the driver, before there
 * is an skb of it. All members but the last get a copy, made from buffer to buffer; the
 * last gets the buffer in which the datagram has come.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "multicast.h"

#define FRAGMENT	0x3fff		/* more fragments follow, or some came before */

/* Of vni: send a copy of the frame as it is now, to where its address says. */
extern int bpf_vni_send_copy(struct xdp_md *frame) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct group);
	__type(value, struct members);
} groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counts);
} counts SEC(".maps");

struct datagram {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed));

/* A datagram for this node in one piece, without options of IP; else NULL. */
static __always_inline struct datagram *datagram_of(struct xdp_md *frame)
{
	struct datagram *data = (void *)(long)frame->data;

	if ((void *)(data + 1) > (void *)(long)frame->data_end ||
	    data->ethernet.h_dest[0] & 1 || data->ethernet.h_proto != bpf_htons(ETH_P_IP) ||
	    data->ip.version != 4 || data->ip.ihl != 5 || data->ip.protocol != IPPROTO_UDP ||
	    data->ip.frag_off & bpf_htons(FRAGMENT))
		return (void *)0;
	return data;
}

/* The checksum of data in which @from has become @to. */
static __always_inline __u16 changed_sum(__u16 sum, __u32 from, __u32 to)
{
	__u32 all = (__u16)~sum + (__u16)~from + (__u16)(~from >> 16) + (__u16)to + (to >> 16);

	all = (all & 0xffff) + (all >> 16);
	all = (all & 0xffff) + (all >> 16);
	return ~all;
}

/* The time to live and the protocol are one word of the checksum. */
static __always_inline void age(struct datagram *data)
{
	__u32 before = bpf_htons(data->ip.ttl << 8);

	data->ip.ttl--;
	data->ip.check = changed_sum(data->ip.check, before, bpf_htons(data->ip.ttl << 8));
}

/* In what the checksum of UDP covers, @from has become @to. */
static __always_inline void mend_sum(struct datagram *data, __u32 from, __u32 to)
{
	__u16 sum = data->udp.check;

	if (!sum)
		return;		/* its sender has not made one */
	sum = changed_sum(sum, from, to);
	data->udp.check = sum ?: 0xffff;
}

/* As if a program here had sent it: who is a member may have sent it himself. */
static __always_inline void sign(struct datagram *data, const struct group *group)
{
	__u32 address = data->ip.saddr, port = data->udp.source;

	__builtin_memcpy(data->ethernet.h_source, data->ethernet.h_dest, ETH_ALEN);
	data->ip.saddr = group->address;
	data->udp.source = group->port;
	data->ip.check = changed_sum(data->ip.check, address, group->address);
	mend_sum(data, address, group->address);
	mend_sum(data, port, group->port);
}

static __always_inline void aim(struct datagram *data, const struct member *member)
{
	__u32 before = data->ip.daddr;

	__builtin_memcpy(data->ethernet.h_dest, member->mac, ETH_ALEN);
	data->ip.daddr = member->address;
	data->ip.check = changed_sum(data->ip.check, before, member->address);
	mend_sum(data, before, member->address);
}

/* Copies for all members but the last. */
static __always_inline void send_copies(struct xdp_md *frame, struct datagram *data,
					const struct members *members, struct counts *count)
{
	__u32 i;

	for (i = 0; i < MOST_MEMBERS - 1 && i + 1 < members->nr; i++) {
		aim(data, &members->list[i]);
		if (bpf_vni_send_copy(frame))
			count->failed[i]++;
		else
			count->sent[i]++;
	}
}

SEC("xdp")
int multicast(struct xdp_md *frame)
{
	struct datagram *data = datagram_of(frame);
	const struct members *members;
	struct group group = {};
	struct counts *count;
	__u32 zero = 0, last;

	if (!data)
		return XDP_PASS;
	group.address = data->ip.daddr;
	group.port = data->udp.dest;
	members = bpf_map_lookup_elem(&groups, &group);
	count = bpf_map_lookup_elem(&counts, &zero);
	if (!members || !count)
		return XDP_PASS;
	count->received++;
	/* A list that leads back here ends some time. */
	if (data->ip.ttl <= 1) {
		count->expired++;
		return XDP_DROP;
	}
	age(data);
	sign(data, &group);
	send_copies(frame, data, members, count);
	/* The verifier does not know what the loader has checked. */
	last = (members->nr - 1) & (MOST_MEMBERS - 1);
	aim(data, &members->list[last]);
	count->sent[last]++;
	return XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
