// SPDX-License-Identifier: GPL-2.0
/*
 * Frames over 64 KB on the receive side of vni.
 *
 * A node that forwards frames splits them into parts of 64 KB: other devices
 * take such parts whole, while the stack would cut longer frames into single
 * segments for them. See docs/vni.md.
 */
#include <linux/cleanup.h>
#include <linux/inetdevice.h>
#include <net/gso.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "device.h"

#define VNI_BIG_PART_BYTES	65535
#define VNI_BIG_TCP_BYTES	60	/* the longest TCP header */

/**
 * vni_big_sound() - is a frame over 64 KB of the only valid kind?
 * @skb: the frame, its descriptor applied
 *
 * Return: true if it is TCP, with GSO data and a partial checksum.
 */
bool vni_big_sound(const struct sk_buff *skb)
{
	return skb_is_gso(skb) && skb_is_gso_tcp(skb) &&
	       skb->ip_summed == CHECKSUM_PARTIAL;
}

#if IS_ENABLED(CONFIG_IPV6)
static bool vni_forwards_ipv6(const struct net_device *dev)
{
	const struct ipv6_devconf *conf = dev_net(dev)->ipv6.devconf_all;

	return conf && READ_ONCE(conf->forwarding);
}
#else
static bool vni_forwards_ipv6(const struct net_device *dev)
{
	return false;
}
#endif

static bool vni_forwards_ipv4(const struct net_device *dev)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);

	return in_dev && IN_DEV_FORWARD(in_dev);
}

/**
 * vni_big_unwanted() - may received frames go on to other devices?
 * @dev: the interface that received them
 *
 * Context: NAPI.
 *
 * Return: true if the node forwards, or @dev is the port of a bridge or alike.
 */
bool vni_big_unwanted(const struct net_device *dev)
{
	guard(rcu)();
	return rcu_access_pointer(dev->rx_handler) || vni_forwards_ipv4(dev) ||
	       vni_forwards_ipv6(dev);
}

/* Restores the GSO fields of a part, if it has more than one segment. */
static void vni_big_part(struct sk_buff *part, u16 gso_size, u32 gso_type)
{
	struct skb_shared_info *shinfo = skb_shinfo(part);

	if (part->len > skb_tcp_all_headers(part) + gso_size) {
		shinfo->gso_size = gso_size;
		shinfo->gso_type = gso_type;
		shinfo->gso_segs = 0;
	}
	__skb_pull(part, ETH_HLEN);
}

/**
 * vni_big_split() - split a frame over 64 KB into shorter ones
 * @skb: the frame, vni_big_sound() and past its Ethernet header; is consumed
 *
 * The stack's own segmentation does it: the frame claims segments that are as
 * many times longer as fit into a part.
 *
 * Return: the parts, a list by next; or an error.
 */
struct sk_buff *vni_big_split(struct sk_buff *skb)
{
	const netdev_features_t features = NETIF_F_SG | NETIF_F_HW_CSUM |
					   NETIF_F_FRAGLIST | NETIF_F_HIGHDMA;
	u16 gso_size = skb_shinfo(skb)->gso_size;
	u32 gso_type = skb_shinfo(skb)->gso_type;
	struct sk_buff *parts, *part;
	u32 payload;

	skb_reset_network_header(skb);
	__skb_push(skb, ETH_HLEN);
	payload = VNI_BIG_PART_BYTES - VNI_BIG_TCP_BYTES -
		  skb_transport_offset(skb);
	if (payload > gso_size)
		skb_shinfo(skb)->gso_size = rounddown(payload, gso_size);
	parts = skb_gso_segment(skb, features);
	if (IS_ERR_OR_NULL(parts)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_SKB_GSO_SEG);
		return parts ?: ERR_PTR(-EINVAL);
	}
	consume_skb(skb);
	for (part = parts; part; part = part->next)
		vni_big_part(part, gso_size, gso_type);
	return parts;
}
