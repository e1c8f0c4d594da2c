// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_station": which node an address of a VLAN leads to.
 */
#include <kunit/test.h>
#include <linux/random.h>

#include "device.h"

#define NODES	8
#define OWN	0
#define ROUTER	0x00005e000101ULL	/* as VRRP makes them */

struct frame {
	u8 dest[ETH_ALEN];
	u8 source[ETH_ALEN];
	u8 rest[VLAN_ETH_HLEN];
};

static int station_init(struct kunit *test)
{
	struct vni_priv *priv = kunit_kzalloc(test, sizeof(*priv), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, priv);
	spin_lock_init(&priv->station_lock);
	priv->port.geometry.nr_nodes = NODES;
	priv->port.node = OWN;
	test->priv = priv;
	return 0;
}

/* Whatever a case does, all entries are counted and no others. */
static void station_exit(struct kunit *test)
{
	struct vni_priv *priv = test->priv;
	unsigned int i, n = 0;

	for (i = 0; i < VNI_STATIONS; i++)
		n += !!priv->stations[i].key;
	KUNIT_EXPECT_EQ(test, priv->nr_stations, n);
}

static u64 mac_of(u64 node)
{
	return 0x024d494e5400ULL + node;
}

/* A frame between two equal addresses, with a tag in it unless @proto is 0. */
static struct sk_buff *frame_of(struct kunit *test, u64 address, u16 proto, u16 tci)
{
	struct sk_buff *skb = alloc_skb(sizeof(struct frame), GFP_KERNEL);
	struct frame *frame;
	__be16 words[] = { htons(proto ?: ETH_P_IP), htons(tci) };

	KUNIT_ASSERT_NOT_NULL(test, skb);
	frame = skb_put_zero(skb, sizeof(*frame));
	u64_to_ether_addr(address, frame->dest);
	u64_to_ether_addr(address, frame->source);
	memcpy(frame->rest, words, sizeof(words));
	return skb;
}

static int find(struct kunit *test, u64 address, u16 proto, u16 tci)
{
	struct sk_buff *skb = frame_of(test, address, proto, tci);
	int node = vni_station_find(test->priv, skb);

	KUNIT_EXPECT_EQ(test, vni_station_of_frame(test->priv, skb->data, skb->len), node);
	kfree_skb(skb);
	return node;
}

static void learn(struct kunit *test, u64 address, u16 proto, u16 tci, u32 node)
{
	struct sk_buff *skb = frame_of(test, address, proto, tci);

	local_bh_disable();
	vni_station_learn(test->priv, skb, node);
	local_bh_enable();
	kfree_skb(skb);
}

static void a_vlan_has_addresses_of_its_own(struct kunit *test)
{
	static const struct {
		u16 proto, tci;
	} vlans[] = {
		{ 0, 0 }, { ETH_P_8021Q, 10 }, { ETH_P_8021Q, 20 }, { ETH_P_8021Q, 4094 },
		{ ETH_P_8021AD, 10 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vlans); i++)
		learn(test, ROUTER, vlans[i].proto, vlans[i].tci, i + 1);
	for (i = 0; i < ARRAY_SIZE(vlans); i++)
		KUNIT_EXPECT_EQ(test, find(test, ROUTER, vlans[i].proto, vlans[i].tci), i + 1);
	KUNIT_EXPECT_EQ(test, find(test, ROUTER, ETH_P_8021Q, 30), VNI_FLOOD);
	/* A priority says nothing of the VLAN, with or without an id. */
	KUNIT_EXPECT_EQ(test, find(test, ROUTER, ETH_P_8021Q, 7 << 13), 1);
	KUNIT_EXPECT_EQ(test, find(test, ROUTER, ETH_P_8021Q, 7 << 13 | 20), 3);
}

static void a_tag_counts_wherever_it_travels(struct kunit *test)
{
	struct sk_buff *skb = frame_of(test, ROUTER, 0, 0);

	learn(test, ROUTER, ETH_P_8021Q, 10, 1);
	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), 10);
	KUNIT_EXPECT_EQ(test, vni_station_find(test->priv, skb), 1);
	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021AD), 10);
	KUNIT_EXPECT_EQ(test, vni_station_find(test->priv, skb), VNI_FLOOD);
	kfree_skb(skb);

	/* One that is cut off is none. */
	skb = frame_of(test, ROUTER, ETH_P_8021Q, 10);
	skb_trim(skb, ETH_HLEN);
	KUNIT_EXPECT_EQ(test, vni_station_find(test->priv, skb), VNI_FLOOD);
	KUNIT_EXPECT_EQ(test, vni_station_of_frame(test->priv, skb->data, skb->len), VNI_FLOOD);
	kfree_skb(skb);
}

static void a_node_s_own_address_is_its_own_until_another_sends_from_it(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, find(test, mac_of(2), 0, 0), 2);
	KUNIT_EXPECT_EQ(test, find(test, mac_of(NODES), 0, 0), VNI_FLOOD);
	learn(test, mac_of(2), 0, 0, 3);
	KUNIT_EXPECT_EQ(test, find(test, mac_of(2), 0, 0), 3);
	KUNIT_EXPECT_EQ(test, find(test, mac_of(2), ETH_P_8021Q, 10), 2);
	learn(test, mac_of(2), 0, 0, 2);
	KUNIT_EXPECT_EQ(test, find(test, mac_of(2), 0, 0), 2);
	learn(test, mac_of(2), 0, 0, 3);
	vni_stations_forget(test->priv, 3);
	KUNIT_EXPECT_EQ(test, find(test, mac_of(2), 0, 0), 2);
}

static void who_sent_last_has_the_address(struct kunit *test)
{
	struct vni_priv *priv = test->priv;
	unsigned int i;

	learn(test, ROUTER, 0, 0, 1);
	learn(test, ROUTER, 0, 0, 2);
	KUNIT_EXPECT_EQ(test, find(test, ROUTER, 0, 0), 2);
	vni_stations_forget(priv, 1);
	KUNIT_EXPECT_EQ(test, find(test, ROUTER, 0, 0), 2);
	for (i = 0; i < VNI_STATIONS; i++)
		priv->stations[i].seen -= (VNI_STATION_AGE_S + 1) * HZ;
	KUNIT_EXPECT_EQ(test, find(test, ROUTER, 0, 0), VNI_FLOOD);
	learn(test, ROUTER, 0, 0, 2);
	KUNIT_EXPECT_EQ(test, find(test, ROUTER, 0, 0), 2);
	vni_stations_forget(priv, 2);
	KUNIT_EXPECT_EQ(test, find(test, ROUTER, 0, 0), VNI_FLOOD);
}

static void no_address_is_taken_for_another(struct kunit *test)
{
	unsigned int found = 0, i;

	/* Neighbours, in more VLANs than there are entries. */
	for (i = 0; i < 4 * VNI_STATIONS; i++)
		learn(test, ROUTER + i % 64, ETH_P_8021Q, 1 + i / 64, 1 + i % (NODES - 1));
	for (i = 0; i < 4 * VNI_STATIONS; i++) {
		int node = find(test, ROUTER + i % 64, ETH_P_8021Q, 1 + i / 64);

		if (node == VNI_FLOOD)
			continue;
		found++;
		KUNIT_EXPECT_EQ(test, node, 1 + i % (NODES - 1));
	}
	KUNIT_EXPECT_LE(test, found, VNI_STATIONS);
	KUNIT_EXPECT_GT(test, found, VNI_STATIONS / 2);
	for (i = 0; i < 4 * VNI_STATIONS; i++) {
		u64 stranger = 0x0a0000000000ULL | (get_random_u64() & GENMASK_ULL(39, 0));

		KUNIT_EXPECT_EQ(test, find(test, stranger, 0, 0), VNI_FLOOD);
	}
}

static void some_stations_do_not_drive_each_other_out(struct kunit *test)
{
	unsigned int seed, i, lost = 0;

	/* With one place for each hash this happens to a third of such networks. */
	for (seed = 1; seed < 64; seed++) {
		for (i = 0; i < 16; i++)
			learn(test, seed << 16 | i * 37, 0, 0, 1);
		for (i = 0; i < 16; i++)
			lost += find(test, seed << 16 | i * 37, 0, 0) != 1;
		vni_stations_forget(test->priv, 1);
	}
	KUNIT_EXPECT_EQ(test, lost, 0);
}

static void what_is_no_address_is_not_learnt(struct kunit *test)
{
	learn(test, 0, 0, 0, 1);
	learn(test, 0xffffffffffffULL, 0, 0, 1);
	learn(test, 0x01005e000001ULL, 0, 0, 1);
	KUNIT_EXPECT_EQ(test, find(test, 0, 0, 0), VNI_FLOOD);
	KUNIT_EXPECT_EQ(test, find(test, 0x01005e000001ULL, 0, 0), VNI_FLOOD);
}

static struct kunit_case station_cases[] = {
	KUNIT_CASE(a_vlan_has_addresses_of_its_own),
	KUNIT_CASE(a_tag_counts_wherever_it_travels),
	KUNIT_CASE(a_node_s_own_address_is_its_own_until_another_sends_from_it),
	KUNIT_CASE(who_sent_last_has_the_address),
	KUNIT_CASE(no_address_is_taken_for_another),
	KUNIT_CASE(some_stations_do_not_drive_each_other_out),
	KUNIT_CASE(what_is_no_address_is_not_learnt),
	{}
};

static struct kunit_suite station_suite = {
	.name = "vni_station",
	.init = station_init,
	.exit = station_exit,
	.test_cases = station_cases,
};

kunit_test_suite(station_suite);
