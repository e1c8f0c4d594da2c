// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_describe": descriptors as a peer should, or should not,
 * write them, applied to frames in the private memory of one node.
 */
#include <kunit/test.h>

#include "vni.h"

/* All in the linear part, as the receive path makes short frames. */
static struct sk_buff *skb_make(struct kunit *test, const void *data, u32 bytes)
{
	struct sk_buff *skb = alloc_skb(NET_SKB_PAD + bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, NET_SKB_PAD);
	skb_put_data(skb, data, bytes);
	return skb;
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
	{}
};

static struct kunit_suite describe_suite = {
	.name = "vni_describe",
	.init = describe_init,
	.exit = describe_exit,
	.test_cases = describe_cases,
};

kunit_test_suite(describe_suite);
