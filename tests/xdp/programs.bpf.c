// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that tests attach to an interface. Each counts frames, and the longest of
 * them; what else it does is said above it. Settings are those of `xdp`. With WITH_CALLS
 * there are those that call functions of vni, which takes a kernel with BTF.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "programs.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NR_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NR_SETTINGS);
	__type(key, __u32);
	__type(value, __u64);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

/* The program of its entry sees each frame on its way out. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} guarded SEC(".maps");

static __always_inline void add(__u32 key, __u64 more)
{
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	if (value)
		__sync_fetch_and_add(value, more);
}

static __always_inline __u64 setting(__u32 key)
{
	__u64 *value = bpf_map_lookup_elem(&settings, &key);

	return value ? *value : 0;
}

static __always_inline void see(struct xdp_md *frame)
{
	__u64 bytes = frame->data_end - frame->data;
	__u32 key = LONGEST;
	__u64 *longest = bpf_map_lookup_elem(&counts, &key);

	add(FRAMES, 1);
	if (longest && bytes > *longest)
		*longest = bytes;
}

struct vlan_ethhdr {
	__u8 addresses[2 * ETH_ALEN];
	__be16 vlan_type;
	__be16 vlan;
	__be16 type;
};

/* The Ethernet header of a frame; NULL if there are no @bytes of the frame. */
static __always_inline void *headers(struct xdp_md *frame, __u32 bytes)
{
	void *data = (void *)(long)frame->data;

	return data + bytes <= (void *)(long)frame->data_end ? data : (void *)0;
}

/* Writes an address as numbers have it: 0x024d494e5401 is 02:4d:49:4e:54:01. */
static __always_inline void set_mac(__u8 *mac, __u64 value)
{
	int i;

#pragma unroll
	for (i = ETH_ALEN - 1; i >= 0; i--, value >>= 8)
		mac[i] = value;
}

static __always_inline int is_echo(const struct ethhdr *ethernet, const struct iphdr *ip,
				   const struct udphdr *udp)
{
	return ethernet->h_proto == bpf_htons(ETH_P_IP) && ip->ihl == 5 &&
	       ip->protocol == IPPROTO_UDP && udp->dest == bpf_htons(7);
}

/* Is it a datagram of IPv4 to the port of echo, 7? */
static __always_inline struct udphdr *echo_of(struct xdp_md *frame)
{
	const __u32 bytes = sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(struct udphdr);
	struct ethhdr *ethernet = headers(frame, bytes);
	struct iphdr *ip = (void *)(ethernet + 1);
	struct udphdr *udp = (void *)(ip + 1);

	return ethernet && is_echo(ethernet, ip, udp) ? udp : (void *)0;
}

SEC("xdp")
int count(struct xdp_md *frame)
{
	see(frame);
	return XDP_PASS;
}

/* Drops datagrams to the port of echo. */
SEC("xdp")
int drop(struct xdp_md *frame)
{
	if (!echo_of(frame))
		return XDP_PASS;
	see(frame);
	return XDP_DROP;
}

/* The same as a classifier, which sees an skb. */
SEC("tc")
int tc_drop(struct __sk_buff *skb)
{
	const __u32 bytes = sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(struct udphdr);
	struct ethhdr *ethernet = (void *)(long)skb->data;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct udphdr *udp = (void *)(ip + 1);

	if ((void *)ethernet + bytes > (void *)(long)skb->data_end ||
	    !is_echo(ethernet, ip, udp))
		return TC_ACT_OK;
	add(FRAMES, 1);
	return TC_ACT_SHOT;
}

/* Sends datagrams to the port of echo back to who has sent them. */
SEC("xdp")
int reflect(struct xdp_md *frame)
{
	struct udphdr *udp = echo_of(frame);
	struct ethhdr *ethernet = headers(frame, sizeof(*ethernet) + sizeof(struct iphdr));
	struct iphdr *ip = (void *)(ethernet + 1);
	__u8 mac[ETH_ALEN];
	__be32 address;
	__be16 port;

	if (!udp || !ethernet)
		return XDP_PASS;
	see(frame);
	__builtin_memcpy(mac, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, mac, ETH_ALEN);
	address = ip->daddr;
	ip->daddr = ip->saddr;
	ip->saddr = address;
	port = udp->dest;
	udp->dest = udp->source;
	udp->source = port;
	return XDP_TX;
}

/* Gives a datagram to the port of echo the address FIRST. */
static __always_inline int aim(struct xdp_md *frame)
{
	struct ethhdr *ethernet = headers(frame, sizeof(*ethernet));

	if (!echo_of(frame) || !ethernet)
		return 0;
	see(frame);
	set_mac(ethernet->h_dest, setting(FIRST));
	return 1;
}

/* Sends them on to the address FIRST. */
SEC("xdp")
int forward(struct xdp_md *frame)
{
	return aim(frame) ? XDP_TX : XDP_PASS;
}

#ifdef WITH_CALLS
extern int bpf_vni_send_copy(struct xdp_md *frame) __ksym;

/* Counts as errors what is not sent. */
static __always_inline void send_copy(struct xdp_md *frame)
{
	if (bpf_vni_send_copy(frame))
		add(ERRORS, 1);
}

/* Sends a copy of them to the address FIRST, and passes them. */
SEC("xdp")
int copy(struct xdp_md *frame)
{
	struct ethhdr *ethernet = headers(frame, sizeof(*ethernet));
	__u8 mac[ETH_ALEN];

	if (!ethernet)
		return XDP_PASS;
	__builtin_memcpy(mac, ethernet->h_dest, ETH_ALEN);
	if (!aim(frame))
		return XDP_PASS;
	send_copy(frame);
	__builtin_memcpy(ethernet->h_dest, mac, ETH_ALEN);
	return XDP_PASS;
}
#else
static __always_inline void send_copy(struct xdp_md *frame)
{
	(void)frame;
}
#endif

/* Redirects them to the interface SECOND, with the address FIRST. */
SEC("xdp")
int redirect(struct xdp_md *frame)
{
	return aim(frame) ? bpf_redirect(setting(SECOND), 0) : XDP_PASS;
}

/* The same by a map of devices. */
SEC("xdp")
int redirect_map(struct xdp_md *frame)
{
	return aim(frame) ? bpf_redirect_map(&devices, 0, 0) : XDP_PASS;
}

/* The same to each device of the map. */
SEC("xdp")
int broadcast(struct xdp_md *frame)
{
	return aim(frame) ? bpf_redirect_map(&devices, 0, BPF_F_BROADCAST) : XDP_PASS;
}

/* The same by the map whose entry has a program. */
SEC("xdp")
int redirect_guarded(struct xdp_md *frame)
{
	return aim(frame) ? bpf_redirect_map(&guarded, 0, 0) : XDP_PASS;
}

SEC("xdp/devmap")
int guard(struct xdp_md *frame)
{
	add(GUARDED, frame->data < frame->data_end);
	send_copy(frame);	/* is refused: no driver shows the frame here */
	return XDP_PASS;
}

/* Redirects them to a CPU, the stack of which takes them. */
SEC("xdp")
int redirect_cpu(struct xdp_md *frame)
{
	return aim(frame) ? bpf_redirect_map(&cpus, 0, 0) : XDP_PASS;
}

/* Redirects them to the socket of their queue. */
SEC("xdp")
int to_socket(struct xdp_md *frame)
{
	if (!echo_of(frame))
		return XDP_PASS;
	see(frame);
	return bpf_redirect_map(&sockets, frame->rx_queue_index, XDP_PASS);
}

/*
 * Moves the beginning of each datagram to the port of echo by FIRST bytes, and its end by
 * SECOND; counts as errors what is refused. The frame goes on as it was if it can.
 */
SEC("xdp")
int adjust(struct xdp_md *frame)
{
	int head = setting(FIRST), tail = setting(SECOND);

	if (!echo_of(frame))
		return XDP_PASS;
	see(frame);
	if (head) {
		if (bpf_xdp_adjust_head(frame, head))
			add(ERRORS, 1);
		else if (bpf_xdp_adjust_head(frame, -head))
			return XDP_ABORTED;
	}
	if (tail) {
		if (bpf_xdp_adjust_tail(frame, tail))
			add(ERRORS, 1);
		else if (bpf_xdp_adjust_tail(frame, -tail))
			return XDP_ABORTED;
	}
	return XDP_PASS;
}

/* Puts a VLAN tag with the id SECOND into them, and sends them to the address FIRST. */
SEC("xdp")
int tag(struct xdp_md *frame)
{
	struct ethhdr *ethernet;
	struct vlan_ethhdr copy, *tagged;

	if (!aim(frame))
		return XDP_PASS;
	ethernet = headers(frame, sizeof(*ethernet));
	if (!ethernet)
		return XDP_ABORTED;
	__builtin_memcpy(&copy, ethernet, 2 * ETH_ALEN);
	copy.type = ethernet->h_proto;
	copy.vlan_type = bpf_htons(ETH_P_8021Q);
	copy.vlan = bpf_htons(setting(SECOND));
	if (bpf_xdp_adjust_head(frame, -(int)(sizeof(*tagged) - sizeof(*ethernet)))) {
		add(ERRORS, 1);
		return XDP_DROP;
	}
	tagged = headers(frame, sizeof(*tagged));
	if (!tagged)
		return XDP_ABORTED;
	*tagged = copy;
	return XDP_TX;
}

/* Takes the tag off each frame of the VLAN SECOND, and sends it to the address FIRST. */
SEC("xdp")
int untag(struct xdp_md *frame)
{
	struct vlan_ethhdr *tagged = headers(frame, sizeof(*tagged)), copy;
	struct ethhdr *ethernet;

	if (!tagged || tagged->vlan_type != bpf_htons(ETH_P_8021Q) ||
	    tagged->vlan != bpf_htons(setting(SECOND)) || tagged->type != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	see(frame);
	copy = *tagged;
	if (bpf_xdp_adjust_head(frame, sizeof(*tagged) - sizeof(*ethernet))) {
		add(ERRORS, 1);
		return XDP_DROP;
	}
	ethernet = headers(frame, sizeof(*ethernet));
	if (!ethernet)
		return XDP_ABORTED;
	__builtin_memcpy(ethernet, &copy, 2 * ETH_ALEN);
	ethernet->h_proto = copy.type;
	set_mac(ethernet->h_dest, setting(FIRST));
	return XDP_TX;
}

/* Wants room for metadata before each datagram to the port of echo. */
SEC("xdp")
int meta(struct xdp_md *frame)
{
	if (!echo_of(frame))
		return XDP_PASS;
	see(frame);
	if (bpf_xdp_adjust_meta(frame, -4))
		add(ERRORS, 1);
	return XDP_PASS;
}

/* Returns FIRST for each datagram to the port of echo. */
SEC("xdp")
int returns(struct xdp_md *frame)
{
	if (!echo_of(frame))
		return XDP_PASS;
	see(frame);
	return setting(FIRST);
}

char LICENSE[] SEC("license") = "GPL";
