// SPDX-License-Identifier: GPL-2.0
/*
 * What a descriptor says of its frame, beside where the frame lies: checksum,
 * GSO data, VLAN tag and flow hash.
 *
 * The sender fills it in; the receiver checks its private copy and applies it
 * to the skb. See docs/vni.md and struct vni_slot.
 */
#include <kunit/visibility.h>
#include <linux/sctp.h>
#include <linux/virtio_net.h>

#include "describe.h"
#include "device.h"

/* The fields of a slot from vnet_flags on are those of virtio, in its order. */
#define VNI_SLOT_HDR	offsetof(struct vni_slot, vnet_flags)

static_assert(offsetof(struct vni_slot, gso_type) - VNI_SLOT_HDR ==
	      offsetof(struct virtio_net_hdr, gso_type));
static_assert(offsetof(struct vni_slot, hdr_len) - VNI_SLOT_HDR ==
	      offsetof(struct virtio_net_hdr, hdr_len));
static_assert(offsetof(struct vni_slot, gso_size) - VNI_SLOT_HDR ==
	      offsetof(struct virtio_net_hdr, gso_size));
static_assert(offsetof(struct vni_slot, csum_start) - VNI_SLOT_HDR ==
	      offsetof(struct virtio_net_hdr, csum_start));
static_assert(offsetof(struct vni_slot, csum_offset) - VNI_SLOT_HDR ==
	      offsetof(struct virtio_net_hdr, csum_offset));

#if IS_ENABLED(CONFIG_IP_SCTP)
static bool vni_needs_crc32c(const struct sk_buff *skb)
{
	return skb->csum_not_inet;
}

/* The stack writes the whole field when it completes the checksum. */
static int vni_apply_crc32c(struct sk_buff *skb, const struct vni_slot *slot)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL || skb_is_gso(skb) ||
	    slot->csum_offset != offsetof(struct sctphdr, checksum) ||
	    !pskb_may_pull(skb, slot->csum_start + sizeof(struct sctphdr)))
		return -EPROTO;
	skb->csum_not_inet = 1;
	return 0;
}
#else
static bool vni_needs_crc32c(const struct sk_buff *skb)
{
	return false;
}

/* Without SCTP this node has not announced that it takes such frames. */
static int vni_apply_crc32c(struct sk_buff *skb, const struct vni_slot *slot)
{
	return -EPROTO;
}
#endif

static void vni_describe_tag(const struct sk_buff *skb, struct vni_frame *frame)
{
	frame->flags |= VNI_SLOT_VLAN;
	frame->slot.vlan_tci = skb_vlan_tag_get(skb);
	if (skb->vlan_proto == htons(ETH_P_8021AD))
		frame->slot.vnet_flags |= VNI_NET_STAG;
}

/* What few frames need: a CRC32c to fill in, a tunnel. */
static int vni_describe_seldom(const struct sk_buff *skb, struct vni_slot *slot)
{
	struct vni_encap encap;

	if (vni_needs_crc32c(skb) && skb->ip_summed == CHECKSUM_PARTIAL)
		slot->vnet_flags |= VNI_NET_CRC32C;
	if (skb->encapsulation && skb_is_gso(skb)) {
		if (!vni_encap_describe(skb, &encap))
			return -EINVAL;
		slot->vnet_flags |= VNI_NET_ENCAP;
		memcpy(slot->data, &encap, sizeof(encap));
	}
	return 0;
}

/**
 * vni_describe() - fill in the descriptor of a frame that is sent
 * @skb: the frame, data at its Ethernet header
 * @frame: its descriptor; handle and data are left to the caller
 *
 * Return: 0, or -EINVAL if no descriptor can describe the frame.
 */
int vni_describe(const struct sk_buff *skb, struct vni_frame *frame)
{
	frame->length = skb->len;
	frame->flags = 0;
	frame->slot = (struct vni_slot){};
	if (virtio_net_hdr_from_skb(skb, (void *)&frame->slot + VNI_SLOT_HDR,
				    true, true, 0))
		return -EINVAL;
	if (skb_vlan_tag_present(skb))
		vni_describe_tag(skb, frame);
	if (skb->hash) {
		frame->flags |= VNI_SLOT_HASH;
		frame->flags |= skb->l4_hash ? VNI_SLOT_HASH_L4 : 0;
		frame->slot.hash = skb->hash;
	}
	if (unlikely(skb->encapsulation || vni_needs_crc32c(skb)))
		return vni_describe_seldom(skb, &frame->slot);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vni_describe);

/* Frames on their way may use a capability that was withdrawn meanwhile. */
static bool vni_gso_known(u8 gso_type)
{
	switch (gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return true;
	default:
		return false;
	}
}

static int vni_apply_seldom(struct sk_buff *skb, const struct vni_frame *frame)
{
	const struct vni_slot *slot = &frame->slot;

	switch (slot->vnet_flags & (VNI_NET_ENCAP | VNI_NET_CRC32C)) {
	case VNI_NET_ENCAP:
		return vni_encap_apply(skb, frame);
	case VNI_NET_CRC32C:
		return vni_apply_crc32c(skb, slot);
	default:
		return -EPROTO;
	}
}

/**
 * vni_apply() - apply the descriptor of a received frame to its skb
 * @dev: the interface, whose features count
 * @skb: the frame, data at its Ethernet header
 * @frame: a private copy of its descriptor
 *
 * Return: 0, or -EPROTO if the descriptor contradicts the frame or itself.
 */
int vni_apply(const struct net_device *dev, struct sk_buff *skb,
	      const struct vni_frame *frame)
{
	const struct vni_slot *slot = &frame->slot;
	struct virtio_net_hdr hdr;

	memcpy(&hdr, (const void *)slot + VNI_SLOT_HDR, sizeof(hdr));
	hdr.flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM;
	if (!vni_gso_known(slot->gso_type) ||
	    virtio_net_hdr_to_skb(skb, &hdr, true))
		return -EPROTO;
	if (unlikely(frame->length > VNI_MAX_PLAIN_FRAME &&
		     !vni_big_sound(skb)))
		return -EPROTO;
	if (slot->vnet_flags & VIRTIO_NET_HDR_F_DATA_VALID &&
	    skb->ip_summed == CHECKSUM_NONE)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (frame->flags & VNI_SLOT_VLAN)
		__vlan_hwaccel_put_tag(skb, slot->vnet_flags & VNI_NET_STAG ?
				       htons(ETH_P_8021AD) : htons(ETH_P_8021Q),
				       slot->vlan_tci);
	if (frame->flags & VNI_SLOT_HASH && dev->features & NETIF_F_RXHASH)
		skb_set_hash(skb, slot->hash,
			     frame->flags & VNI_SLOT_HASH_L4 ?
			     PKT_HASH_TYPE_L4 : PKT_HASH_TYPE_L3);
	if (unlikely(slot->vnet_flags & (VNI_NET_ENCAP | VNI_NET_CRC32C)))
		return vni_apply_seldom(skb, frame);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vni_apply);
