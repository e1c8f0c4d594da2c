// SPDX-License-Identifier: GPL-2.0
/*
 * Frames whose segments travel in a tunnel (VXLAN, GENEVE, GRE, IPIP, FOU),
 * all of them in one frame: where their headers lie. See struct vni_encap.
 *
 * The stack trusts these offsets when it segments, so a receiver applies only
 * such as lie in the linear part.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>
#include <net/gre.h>
#include <net/ipv6.h>

#include "describe.h"
#include "device.h"

/* The first inner header, and the outer transport header, lie behind these. */
#define VNI_ENCAP_OUTER_BYTES	(ETH_HLEN + sizeof(struct iphdr))

/* The types of the ABI are the stack's, moved down. */
#define VNI_ENCAP_SHIFT		6
#define VNI_ENCAP_GSO		(VNI_ENCAP_TUNNELS << VNI_ENCAP_SHIFT)

static_assert(VNI_ENCAP_GRE << VNI_ENCAP_SHIFT == SKB_GSO_GRE);
static_assert(VNI_ENCAP_GRE_CSUM << VNI_ENCAP_SHIFT == SKB_GSO_GRE_CSUM);
static_assert(VNI_ENCAP_IPXIP4 << VNI_ENCAP_SHIFT == SKB_GSO_IPXIP4);
static_assert(VNI_ENCAP_IPXIP6 << VNI_ENCAP_SHIFT == SKB_GSO_IPXIP6);
static_assert(VNI_ENCAP_UDP << VNI_ENCAP_SHIFT == SKB_GSO_UDP_TUNNEL);
static_assert(VNI_ENCAP_UDP_CSUM << VNI_ENCAP_SHIFT == SKB_GSO_UDP_TUNNEL_CSUM);

/* What else a frame with such segments may be, beside what its type says. */
#define VNI_ENCAP_OTHER_GSO	(SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | \
				 SKB_GSO_TCP_ECN | SKB_GSO_TCP_FIXEDID | \
				 SKB_GSO_UDP_L4 | SKB_GSO_DODGY)

static bool vni_encap_inside_known(const struct vni_encap *encap)
{
	if (encap->types & VNI_ENCAP_IPPROTO)
		return encap->inner_protocol == IPPROTO_IPIP ||
		       encap->inner_protocol == IPPROTO_IPV6;
	return encap->inner_protocol == ETH_P_TEB ||
	       encap->inner_protocol == ETH_P_IP ||
	       encap->inner_protocol == ETH_P_IPV6;
}

/* The stack warns if there is less room than for an Ethernet header. */
static bool vni_encap_inside_fits(const struct vni_encap *encap)
{
	int bytes = encap->inner_network - encap->inner_mac;

	if (encap->inner_protocol == ETH_P_TEB)
		return bytes >= ETH_HLEN;
	return !bytes;
}

static u32 vni_encap_ipv4_transport(const struct sk_buff *skb, u32 at)
{
	const struct iphdr *ip = (void *)skb->data + at;

	return at + sizeof(*ip) <= skb_headlen(skb) ? at + ip->ihl * 4 : 0;
}

static u32 vni_encap_ipv6_transport(const struct sk_buff *skb, u32 at)
{
	const struct ipv6hdr *ip = (void *)skb->data + at;
	__be16 fragment;
	u8 next;

	at += sizeof(*ip);
	if (at > skb_headlen(skb))
		return 0;
	next = ip->nexthdr;
	return max(ipv6_skip_exthdr(skb, at, &next, &fragment), 0);
}

/*
 * Where the outer IP header says that the transport header lies, or 0. The stack
 * goes by that when it segments, whatever the descriptor says.
 */
static u32 vni_encap_outer_transport(const struct sk_buff *skb)
{
	const struct ethhdr *ethernet = (void *)skb->data;
	__be16 protocol = ethernet->h_proto;
	u32 at = ETH_HLEN;

	while (eth_type_vlan(protocol) && at + VLAN_HLEN <= skb_headlen(skb)) {
		const struct vlan_hdr *tag = (void *)skb->data + at;

		protocol = tag->h_vlan_encapsulated_proto;
		at += VLAN_HLEN;
	}
	if (protocol == htons(ETH_P_IP))
		return vni_encap_ipv4_transport(skb, at);
	if (protocol == htons(ETH_P_IPV6))
		return vni_encap_ipv6_transport(skb, at);
	return 0;
}

/* The stack takes the bytes from the one to the other for those of the tunnel. */
static bool vni_encap_tunnel_fits(const struct sk_buff *skb,
				  const struct vni_encap *encap)
{
	u32 least;

	if (encap->types & (VNI_ENCAP_UDP | VNI_ENCAP_UDP_CSUM))
		least = sizeof(struct udphdr);
	else if (encap->types & (VNI_ENCAP_GRE | VNI_ENCAP_GRE_CSUM))
		least = sizeof(struct gre_base_hdr);
	else
		return true;
	return encap->transport == vni_encap_outer_transport(skb) &&
	       encap->transport + least <= encap->inner_mac;
}

/* Are these headers that there can be, in an order that there can be? */
static bool vni_encap_sound(const struct sk_buff *skb,
			    const struct vni_encap *encap, u32 csum_start)
{
	return encap->types & VNI_ENCAP_TUNNELS &&
	       !(encap->types & ~(VNI_ENCAP_TUNNELS | VNI_ENCAP_IPPROTO)) &&
	       vni_encap_inside_known(encap) &&
	       vni_encap_inside_fits(encap) &&
	       vni_encap_tunnel_fits(skb, encap) &&
	       encap->transport >= VNI_ENCAP_OUTER_BYTES &&
	       encap->transport <= csum_start &&
	       encap->inner_mac >= VNI_ENCAP_OUTER_BYTES &&
	       encap->inner_network + sizeof(struct iphdr) <= csum_start &&
	       csum_start + VNI_ENCAP_TCP_BYTES <= VNI_ENCAP_HEADERS &&
	       !memchr_inv(encap->reserved, 0, sizeof(encap->reserved));
}

/**
 * vni_encap_describe() - describe where the headers of a frame in a tunnel lie
 * @skb: the frame, with encapsulation and GSO data
 * @encap: filled in
 *
 * Return: false if struct vni_encap cannot describe the frame.
 */
bool vni_encap_describe(const struct sk_buff *skb, struct vni_encap *encap)
{
	u32 gso_type = skb_shinfo(skb)->gso_type;
	int csum_start = skb_checksum_start_offset(skb);

	*encap = (struct vni_encap){
		.types = (gso_type & VNI_ENCAP_GSO) >> VNI_ENCAP_SHIFT,
		.transport = skb_transport_offset(skb),
		.inner_mac = skb_inner_mac_header(skb) - skb->data,
		.inner_network = skb_inner_network_offset(skb),
	};
	if (skb->inner_protocol_type == ENCAP_TYPE_IPPROTO) {
		encap->types |= VNI_ENCAP_IPPROTO;
		encap->inner_protocol = skb->inner_ipproto;
	} else {
		encap->inner_protocol = ntohs(skb->inner_protocol);
	}
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       csum_start == skb_inner_transport_offset(skb) &&
	       !(gso_type & ~(VNI_ENCAP_GSO | VNI_ENCAP_OTHER_GSO)) &&
	       skb->len > VNI_INLINE_BYTES && skb->len <= VNI_MAX_PLAIN_FRAME &&
	       vni_encap_sound(skb, encap, csum_start);
}

/**
 * vni_encap_apply() - apply the tunnel of a received frame to its skb
 * @skb: the frame, data at its Ethernet header, the rest of its descriptor already applied
 * @frame: a private copy of its descriptor, with VNI_NET_ENCAP
 *
 * Return: 0, or -EPROTO if the descriptor contradicts the frame or itself.
 */
int vni_encap_apply(struct sk_buff *skb, const struct vni_frame *frame)
{
	const struct vni_slot *slot = &frame->slot;
	struct vni_encap encap;

	memcpy(&encap, slot->data, sizeof(encap));
	if (vni_frame_inline(frame) || frame->length > VNI_MAX_PLAIN_FRAME ||
	    slot->gso_type == VIRTIO_NET_HDR_GSO_NONE ||
	    skb->ip_summed != CHECKSUM_PARTIAL ||
	    !vni_encap_sound(skb, &encap, slot->csum_start))
		return -EPROTO;
	/* A frame of one segment is not segmented again. */
	if (!skb_is_gso(skb))
		return 0;

	skb_shinfo(skb)->gso_type |= (encap.types & VNI_ENCAP_TUNNELS) <<
				     VNI_ENCAP_SHIFT;
	skb_set_transport_header(skb, encap.transport);
	skb_set_inner_mac_header(skb, encap.inner_mac);
	skb_set_inner_network_header(skb, encap.inner_network);
	skb_set_inner_transport_header(skb, slot->csum_start);
	if (encap.types & VNI_ENCAP_IPPROTO)
		skb_set_inner_ipproto(skb, encap.inner_protocol);
	else
		skb_set_inner_protocol(skb, htons(encap.inner_protocol));
	skb->encapsulation = 1;
	return 0;
}
