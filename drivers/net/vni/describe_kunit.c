// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_describe": descriptors as a peer should, or should not,
 * write them, applied to frames in the private memory of one node.
 */
#include <kunit/test.h>
#include <linux/ip.h>
#include <linux/prandom.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>
#include <net/gso.h>

#include "describe.h"
#include "device.h"

#define FRAME_BYTES	3000
#define MSS		1000
#define OUTER		ETH_HLEN
#define UDP		(OUTER + sizeof(struct iphdr))
#define INNER_MAC	(UDP + sizeof(struct udphdr) + 8)
#define INNER_IP	(INNER_MAC + ETH_HLEN)
#define TCP		(INNER_IP + sizeof(struct iphdr))
#define FUZZ_ROUNDS	20000

/* A TCP stream in VXLAN: the headers, and what is said of them. */
struct tunnelled {
	u8 bytes[FRAME_BYTES];
	struct vni_frame frame;
	struct vni_encap encap;
};

static void put_ip(u8 *at, u8 protocol, u32 bytes)
{
	struct iphdr *ip = (struct iphdr *)at;

	*ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = protocol,
		.tot_len = htons(bytes), .frag_off = htons(IP_DF),
	};
	ip_send_check(ip);
}

static struct tunnelled *tunnelled_make(struct kunit *test)
{
	struct tunnelled *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	((struct ethhdr *)t->bytes)->h_proto = htons(ETH_P_IP);
	put_ip(t->bytes + OUTER, IPPROTO_UDP, FRAME_BYTES - OUTER);
	((struct udphdr *)(t->bytes + UDP))->len = htons(FRAME_BYTES - UDP);
	((struct ethhdr *)(t->bytes + INNER_MAC))->h_proto = htons(ETH_P_IP);
	put_ip(t->bytes + INNER_IP, IPPROTO_TCP, FRAME_BYTES - INNER_IP);
	((struct tcphdr *)(t->bytes + TCP))->doff = 5;

	t->frame.length = FRAME_BYTES;
	t->frame.slot = (struct vni_slot){
		.vnet_flags = VIRTIO_NET_HDR_F_NEEDS_CSUM | VNI_NET_ENCAP,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.gso_size = MSS,
		.csum_start = TCP,
		.csum_offset = offsetof(struct tcphdr, check),
	};
	t->encap = (struct vni_encap){
		.types = VNI_ENCAP_UDP,
		.inner_protocol = ETH_P_TEB,
		.transport = UDP,
		.inner_mac = INNER_MAC,
		.inner_network = INNER_IP,
	};
	return t;
}

/* As the receive path makes it: 256 bytes in the linear part, or all. */
static struct sk_buff *skb_make(struct kunit *test, const void *data, u32 bytes)
{
	u32 head = bytes > VNI_RX_LINEAR_BYTES ? 256 : bytes;
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(NET_SKB_PAD + head, bytes - head, 0, &err,
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, NET_SKB_PAD);
	skb_put(skb, head);
	skb->data_len = bytes - head;
	skb->len = bytes;
	skb_store_bits(skb, 0, data, bytes);
	return skb;
}

/* The frame as the stack would get it, or NULL if it is dropped. */
static struct sk_buff *receive(struct kunit *test, struct tunnelled *t)
{
	struct net_device *dev = test->priv;
	struct sk_buff *skb = skb_make(test, t->bytes, t->frame.length);

	memcpy(t->frame.slot.data, &t->encap, sizeof(t->encap));
	if (vni_apply(dev, skb, &t->frame)) {
		kfree_skb(skb);
		return NULL;
	}
	skb->protocol = eth_type_trans(skb, dev);
	return skb;
}

static void expect_refused(struct kunit *test, struct tunnelled *t)
{
	struct sk_buff *skb = receive(test, t);

	KUNIT_EXPECT_NULL(test, skb);
	kfree_skb(skb);
}

/* Has the stack cut it up, as for a device that can do nothing of it. */
static unsigned int segments(struct sk_buff *skb)
{
	struct sk_buff *parts;
	unsigned int n = 0;

	skb_reset_network_header(skb);
	__skb_push(skb, ETH_HLEN);
	parts = skb_gso_segment(skb, NETIF_F_SG);
	if (!IS_ERR_OR_NULL(parts)) {
		for (struct sk_buff *part = parts; part; part = part->next)
			n++;
		kfree_skb_list(parts);
	}
	kfree_skb(skb);
	return n;
}

static void a_frame_in_a_tunnel_is_understood(struct kunit *test)
{
	struct tunnelled *t = tunnelled_make(test);
	struct sk_buff *skb = receive(test, t);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_TRUE(test, skb->encapsulation);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_type,
			SKB_GSO_TCPV4 | SKB_GSO_UDP_TUNNEL | SKB_GSO_DODGY);
	KUNIT_EXPECT_EQ(test, skb_inner_transport_offset(skb) + ETH_HLEN, TCP);
	KUNIT_EXPECT_EQ(test, segments(skb), DIV_ROUND_UP(FRAME_BYTES - TCP - 20, MSS));
}

static void what_is_understood_is_said_again(struct kunit *test)
{
	struct tunnelled *t = tunnelled_make(test);
	struct sk_buff *skb = receive(test, t);
	struct vni_frame again;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	__skb_push(skb, ETH_HLEN);
	KUNIT_EXPECT_EQ(test, vni_describe(skb, &again), 0);
	KUNIT_EXPECT_EQ(test, again.slot.vnet_flags, t->frame.slot.vnet_flags);
	KUNIT_EXPECT_MEMEQ(test, again.slot.data, &t->encap, sizeof(t->encap));
	kfree_skb(skb);
}

static void impossible_tunnels_are_refused(struct kunit *test)
{
	static const struct vni_encap changes[] = {
		{ .types = VNI_ENCAP_UDP },			/* none left */
		{ .types = 0x80 },
		{ .types = VNI_ENCAP_IPPROTO },
		{ .inner_protocol = 1 },
		{ .transport = UDP ^ (UDP - 1) },
		{ .transport = UDP ^ (TCP + 1) },
		{ .inner_mac = INNER_MAC ^ (UDP - 1) },
		{ .inner_mac = INNER_MAC ^ (INNER_IP + 1) },
		{ .inner_mac = INNER_MAC ^ (INNER_IP - 13) },
		{ .inner_protocol = ETH_P_TEB ^ ETH_P_IP },
		{ .inner_network = INNER_IP ^ (TCP - 19) },
		{ .inner_network = 0x8000 },
		{ .reserved[8] = 1 },
	};
	unsigned int i, at;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		struct tunnelled *t = tunnelled_make(test);

		for (at = 0; at < sizeof(t->encap); at++)
			((u8 *)&t->encap)[at] ^= ((const u8 *)&changes[i])[at];
		expect_refused(test, t);
	}
}

/* Puts other bytes between the Ethernet addresses and the tunnel's header. */
static void put_outer(struct tunnelled *t, const u8 *outer, u32 bytes)
{
	u32 at = ETH_HLEN - 2;
	int longer = bytes - (UDP - at);

	memmove(t->bytes + UDP + longer, t->bytes + UDP, FRAME_BYTES - UDP - longer);
	memcpy(t->bytes + at, outer, bytes);
	t->encap.transport += longer;
	t->encap.inner_mac += longer;
	t->encap.inner_network += longer;
	t->frame.slot.csum_start += longer;
}

static void outer_headers_of_every_length_are_understood(struct kunit *test)
{
	static const u8 ipv4[26] = { 0x08, 0x00, 0x46 };
	static const u8 tagged[26] = { 0x81, 0x00, 0x00, 0x05, 0x08, 0x00, 0x45 };
	static const u8 ipv6[42] = { 0x86, 0xdd, 0x60, [8] = IPPROTO_UDP };
	/* What an IPv6 tunnel puts in to limit its nesting. */
	static const u8 options[50] = { 0x86, 0xdd, 0x60, [8] = IPPROTO_DSTOPTS,
					[42] = IPPROTO_UDP };
	static const struct {
		const u8 *outer;
		u32 bytes;
	} cases[] = {
		{ ipv4, sizeof(ipv4) }, { tagged, sizeof(tagged) },
		{ ipv6, sizeof(ipv6) }, { options, sizeof(options) },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tunnelled *t = tunnelled_make(test);
		struct sk_buff *skb;

		put_outer(t, cases[i].outer, cases[i].bytes);
		skb = receive(test, t);
		KUNIT_EXPECT_NOT_NULL_MSG(test, skb, "case %u", i);
		kfree_skb(skb);
		t->encap.transport++;
		expect_refused(test, t);
	}
}

/* The stack goes by the header, so it and the description have to agree. */
static void an_outer_header_of_another_length_is_refused(struct kunit *test)
{
	struct tunnelled *t = tunnelled_make(test);

	t->bytes[ETH_HLEN] = 0x4f;
	expect_refused(test, t);
	t->bytes[ETH_HLEN] = 0x45;
	t->bytes[ETH_HLEN - 1] = ETH_P_ARP & 0xff;
	expect_refused(test, t);
}

static void tunnels_of_other_frames_are_refused(struct kunit *test)
{
	struct tunnelled *t = tunnelled_make(test);

	t->frame.slot.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	expect_refused(test, t);
	t->frame.slot.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	t->frame.slot.vnet_flags = VNI_NET_ENCAP;
	expect_refused(test, t);
	t->frame.slot.vnet_flags |= VIRTIO_NET_HDR_F_NEEDS_CSUM | VNI_NET_CRC32C;
	expect_refused(test, t);
	t->frame.slot.vnet_flags &= ~VNI_NET_CRC32C;
	t->frame.handle = VNI_NO_BUF;
	expect_refused(test, t);
	t->frame.handle = 0;
	t->frame.slot.csum_start = VNI_ENCAP_HEADERS - VNI_ENCAP_TCP_BYTES + 1;
	expect_refused(test, t);
}

/* Some bytes of a good frame and of its description become random. */
static void scribble(struct rnd_state *random, struct tunnelled *t)
{
	u32 n = prandom_u32_state(random) % 8;

	while (n--)
		t->bytes[prandom_u32_state(random) % VNI_ENCAP_HEADERS] =
			prandom_u32_state(random);
	for (n = prandom_u32_state(random) % 3; n; n--)
		((u16 *)&t->encap)[prandom_u32_state(random) % 5] =
			prandom_u32_state(random) % 256;
	if (prandom_u32_state(random) % 4 == 0)
		t->frame.slot.csum_start = prandom_u32_state(random) % 256;
	if (prandom_u32_state(random) % 4 == 0)
		t->frame.length = ETH_HLEN + prandom_u32_state(random) %
				  (FRAME_BYTES - ETH_HLEN);
	if (prandom_u32_state(random) % 4 == 0)
		t->encap.types = prandom_u32_state(random) % 128;
}

/* Whatever passes the checks must be safe to be segmented. */
static void nonsense_harms_nobody(struct kunit *test)
{
	struct tunnelled *good = tunnelled_make(test);
	struct tunnelled *t = tunnelled_make(test);
	unsigned int round, passed = 0, cut = 0;
	struct rnd_state random;

	prandom_seed_state(&random, 612);
	for (round = 0; round < FUZZ_ROUNDS; round++) {
		struct sk_buff *skb;

		*t = *good;
		scribble(&random, t);
		skb = receive(test, t);
		if (!skb)
			continue;
		passed++;
		if (skb_is_gso(skb))
			cut += segments(skb) > 0;
		else
			kfree_skb(skb);
	}
	KUNIT_EXPECT_GT(test, passed, FUZZ_ROUNDS / 20);
	KUNIT_EXPECT_LT(test, passed, FUZZ_ROUNDS);
	KUNIT_EXPECT_GT(test, cut, FUZZ_ROUNDS / 50);
}

static void sctp_checksums_have_their_place(struct kunit *test)
{
	struct vni_frame frame = {
		.length = 200,
		.slot.gso_size = MSS / 100,
	};
	static const u8 bytes[200];
	static const struct {
		u16 start, offset;
		u8 flags, gso_type;
		int right;
	} cases[] = {
		{ UDP, 8, VIRTIO_NET_HDR_F_NEEDS_CSUM, 0,
		  IS_ENABLED(CONFIG_IP_SCTP) ? 0 : -EPROTO },
		{ 188, 8, VIRTIO_NET_HDR_F_NEEDS_CSUM, 0,
		  IS_ENABLED(CONFIG_IP_SCTP) ? 0 : -EPROTO },
		{ 189, 8, VIRTIO_NET_HDR_F_NEEDS_CSUM, 0, -EPROTO },
		{ UDP, 16, VIRTIO_NET_HDR_F_NEEDS_CSUM, 0, -EPROTO },
		{ UDP, 8, 0, 0, -EPROTO },
		{ UDP, 16, VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_GSO_TCPV4,
		  -EPROTO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = skb_make(test, bytes, sizeof(bytes));

		frame.slot.csum_start = cases[i].start;
		frame.slot.csum_offset = cases[i].offset;
		frame.slot.vnet_flags = cases[i].flags | VNI_NET_CRC32C;
		frame.slot.gso_type = cases[i].gso_type;
		KUNIT_EXPECT_EQ(test, vni_apply(test->priv, skb, &frame), cases[i].right);
		KUNIT_EXPECT_EQ(test, skb_csum_is_sctp(skb), !cases[i].right);
		kfree_skb(skb);
	}
}

static void tags_of_both_kinds_arrive(struct kunit *test)
{
	static const u16 kinds[] = { ETH_P_8021Q, ETH_P_8021AD };
	struct vni_frame frame;
	u8 bytes[200] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct sk_buff *skb = skb_make(test, bytes, sizeof(bytes));

		__vlan_hwaccel_put_tag(skb, htons(kinds[i]), 0x6123);
		KUNIT_EXPECT_EQ(test, vni_describe(skb, &frame), 0);
		__vlan_hwaccel_clear_tag(skb);
		KUNIT_EXPECT_EQ(test, vni_apply(test->priv, skb, &frame), 0);
		KUNIT_EXPECT_EQ(test, ntohs(skb->vlan_proto), kinds[i]);
		KUNIT_EXPECT_EQ(test, skb_vlan_tag_get(skb), 0x6123);
		kfree_skb(skb);
	}
}

static int describe_init(struct kunit *test)
{
	struct net_device *dev = alloc_etherdev(0);

	test->priv = dev;
	return dev ? 0 : -ENOMEM;
}

static void describe_exit(struct kunit *test)
{
	free_netdev(test->priv);
}

static struct kunit_case describe_cases[] = {
	KUNIT_CASE(tags_of_both_kinds_arrive),
	KUNIT_CASE(a_frame_in_a_tunnel_is_understood),
	KUNIT_CASE(what_is_understood_is_said_again),
	KUNIT_CASE(impossible_tunnels_are_refused),
	KUNIT_CASE(outer_headers_of_every_length_are_understood),
	KUNIT_CASE(an_outer_header_of_another_length_is_refused),
	KUNIT_CASE(tunnels_of_other_frames_are_refused),
	KUNIT_CASE(nonsense_harms_nobody),
	KUNIT_CASE(sctp_checksums_have_their_place),
	{}
};

static struct kunit_suite describe_suite = {
	.name = "vni_describe",
	.init = describe_init,
	.exit = describe_exit,
	.test_cases = describe_cases,
};

kunit_test_suite(describe_suite);
