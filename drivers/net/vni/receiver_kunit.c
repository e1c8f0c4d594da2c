// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vni_receiver": what senders may leave to a node.
 */
#include <kunit/test.h>

#include "device.h"

#define SEGMENTED	(VNI_CAP_TSO | VNI_CAP_USO | VNI_CAP_BIG | VNI_CAP_ENCAP)

static int receiver_init(struct kunit *test)
{
	struct vni_priv *priv = kunit_kzalloc(test, sizeof(*priv), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, priv);
	priv->netdev = kunit_kzalloc(test, sizeof(*priv->netdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, priv->netdev);
	spin_lock_init(&priv->receiver_lock);
	priv->rx_csum = true;
	priv->rx_gso = true;
	test->priv = priv;
	return 0;
}

static u32 capabilities(struct vni_priv *priv)
{
	vni_receiver_refresh(priv);
	return priv->receiver.features;
}

/* Set without a word to the driver, as the core does. */
static void set_xdp_program(struct vni_priv *priv, void *program)
{
	rcu_assign_pointer(priv->netdev->xdp_prog, program);
}

static void an_xdp_program_suspends_segmentation(struct kunit *test)
{
	struct vni_priv *priv = test->priv;

	KUNIT_EXPECT_EQ(test, capabilities(priv) & SEGMENTED, SEGMENTED);
	set_xdp_program(priv, priv);
	KUNIT_EXPECT_EQ(test, capabilities(priv) & SEGMENTED, 0);
	KUNIT_EXPECT_TRUE(test, capabilities(priv) & VNI_CAP_CSUM);
	set_xdp_program(priv, NULL);
	KUNIT_EXPECT_EQ(test, capabilities(priv) & SEGMENTED, SEGMENTED);
}

static void a_program_in_the_driver_gets_whole_frames_with_room(struct kunit *test)
{
	struct vni_priv *priv = test->priv;

	KUNIT_EXPECT_FALSE(test, capabilities(priv) & VNI_CAP_HEADROOM);
	rcu_assign_pointer(priv->xdp_prog, (void *)priv);
	KUNIT_EXPECT_EQ(test, capabilities(priv), VNI_CAP_START | VNI_CAP_HEADROOM);
	rcu_assign_pointer(priv->xdp_prog, NULL);
	KUNIT_EXPECT_EQ(test, capabilities(priv) & SEGMENTED, SEGMENTED);
}

static void a_user_s_wish_outlives_an_xdp_program(struct kunit *test)
{
	struct vni_priv *priv = test->priv;

	set_xdp_program(priv, priv);
	vni_set_rx_gso(priv, false);
	set_xdp_program(priv, NULL);
	KUNIT_EXPECT_EQ(test, capabilities(priv) & SEGMENTED, 0);
	vni_set_rx_gso(priv, true);
	KUNIT_EXPECT_EQ(test, capabilities(priv) & SEGMENTED, SEGMENTED);
}

static void without_checksums_there_is_nothing(struct kunit *test)
{
	struct vni_priv *priv = test->priv;

	priv->rx_csum = false;
	KUNIT_EXPECT_EQ(test, capabilities(priv), VNI_CAP_START);
	priv->rx_csum = true;
	KUNIT_EXPECT_EQ(test, capabilities(priv) & SEGMENTED, SEGMENTED);
}

static struct kunit_case receiver_cases[] = {
	KUNIT_CASE(an_xdp_program_suspends_segmentation),
	KUNIT_CASE(a_program_in_the_driver_gets_whole_frames_with_room),
	KUNIT_CASE(a_user_s_wish_outlives_an_xdp_program),
	KUNIT_CASE(without_checksums_there_is_nothing),
	{}
};

static struct kunit_suite receiver_suite = {
	.name = "vni_receiver",
	.init = receiver_init,
	.test_cases = receiver_cases,
};

kunit_test_suite(receiver_suite);
