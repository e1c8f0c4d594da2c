// SPDX-License-Identifier: GPL-2.0
/*
 * Which node an address of a VLAN is at, as a switch learns it. Senders look
 * without a lock, see struct vni_station.
 */
#include <kunit/visibility.h>
#include <linux/hash.h>

#include "device.h"

/*
 * An address in a VLAN is known by 61 bits: the MAC address in bits 0-47, the
 * id of the frame's outermost tag in 48-59, bit 60 if that tag is 802.1ad's.
 */
#define VNI_STATION_BITS	61
#define VNI_STATION_VID_SHIFT	48
#define VNI_STATION_STAG	BIT_ULL(60)

/* vni_station.key: the tag in bits 0-52, the node in 53-58, bit 63 if valid. */
#define VNI_STATION_SET_BITS	ilog2(VNI_STATIONS / VNI_STATION_WAYS)
#define VNI_STATION_TAG_BITS	(VNI_STATION_BITS - VNI_STATION_SET_BITS)
#define VNI_STATION_NODE	(MINT_MAX_NODES - 1ULL)
#define VNI_STATION_VALID	BIT_ULL(63)

static_assert(VNI_STATION_NODE << VNI_STATION_TAG_BITS < VNI_STATION_VALID);

/* "\x02MINT" + node id: locally administered, the same after every start. */
const u8 vni_mac_prefix[ETH_ALEN - 1] = { 0x02, 'M', 'I', 'N', 'T' };

/* The node that an address is made from, or VNI_FLOOD. */
static int vni_mac_node(const struct vni_priv *priv, const u8 *mac)
{
	if (memcmp(mac, vni_mac_prefix, sizeof(vni_mac_prefix)) ||
	    mac[ETH_ALEN - 1] >= vni_nr_nodes(priv))
		return VNI_FLOOD;
	return mac[ETH_ALEN - 1];
}

/* The bits of a tag; one with a priority and no id does not count. */
static u64 vni_station_tag(__be16 proto, u16 tci)
{
	u64 vid = tci & VLAN_VID_MASK;

	if (!vid)
		return 0;
	return vid << VNI_STATION_VID_SHIFT |
	       (proto == htons(ETH_P_8021AD) ? VNI_STATION_STAG : 0);
}

/* The bits of the VLAN of a frame, as its header says, which may be cut off. */
static u64 vni_station_vlan_of(const struct vlan_ethhdr *header, u32 length)
{
	if (length < VLAN_ETH_HLEN || !eth_type_vlan(header->h_vlan_proto))
		return 0;
	return vni_station_tag(header->h_vlan_proto, ntohs(header->h_vlan_TCI));
}

/* The bits of a frame's VLAN. */
static u64 vni_station_vlan(const struct sk_buff *skb)
{
	const struct vlan_ethhdr *header = skb_vlan_eth_hdr(skb);
	struct vlan_ethhdr copy;

	if (skb_vlan_tag_present(skb))
		return vni_station_tag(skb->vlan_proto, skb->vlan_tci);
	if (!eth_type_vlan(header->h_vlan_proto))
		return 0;
	header = skb_header_pointer(skb, 0, sizeof(copy), &copy);
	return header ? vni_station_vlan_of(header, sizeof(copy)) : 0;
}

/*
 * Multiplied by an odd number, 61 bits become 61 others, one to one. The upper
 * ones choose the set, so that the lower ones, the tag, are enough to tell its
 * entries apart, and tag and node fit in one word.
 */
static struct vni_station *vni_station_set(struct vni_priv *priv, u64 vlan,
					   const u8 *mac, u64 *tag)
{
	u64 id = ether_addr_to_u64(mac) | vlan;

	id *= GOLDEN_RATIO_64;
	id &= GENMASK_ULL(VNI_STATION_BITS - 1, 0);
	*tag = id & GENMASK_ULL(VNI_STATION_TAG_BITS - 1, 0);
	return &priv->stations[(id >> VNI_STATION_TAG_BITS) * VNI_STATION_WAYS];
}

static int vni_station_node(u64 key)
{
	return key >> VNI_STATION_TAG_BITS & VNI_STATION_NODE;
}

static u64 vni_station_key(u64 tag, u64 node)
{
	return tag | node << VNI_STATION_TAG_BITS | VNI_STATION_VALID;
}

/* The entry of a tag in a set, with the key that it had, or NULL. */
static struct vni_station *vni_station_of(struct vni_station *set, u64 tag,
					  u64 *key)
{
	unsigned int i;

	for (i = 0; i < VNI_STATION_WAYS; i++) {
		*key = READ_ONCE(set[i].key);
		if (*key == vni_station_key(tag, vni_station_node(*key)))
			return &set[i];
	}
	return NULL;
}

static int vni_station_find_in(struct vni_priv *priv, u64 vlan, const u8 *mac)
{
	struct vni_station *station;
	u64 key, tag;

	station = vni_station_set(priv, vlan, mac, &tag);
	station = vni_station_of(station, tag, &key);
	if (station && time_before_eq(jiffies, READ_ONCE(station->seen) +
				      VNI_STATION_AGE_S * HZ))
		return vni_station_node(key);
	return vni_mac_node(priv, mac);
}

/**
 * vni_station_find() - which node has the address that a frame is for
 * @priv: the device that learns the addresses
 * @skb: the frame, its unicast address at data
 *
 * The node that sent from the address last has it, as on a switch. An address
 * made from a node id is that node's until another node sends from it.
 *
 * Return: node id, or VNI_FLOOD if no node is known.
 */
int vni_station_find(struct vni_priv *priv, const struct sk_buff *skb)
{
	const u8 *mac = skb_vlan_eth_hdr(skb)->h_dest;

	if (!READ_ONCE(priv->nr_stations))
		return vni_mac_node(priv, mac);
	return vni_station_find_in(priv, vni_station_vlan(skb), mac);
}
EXPORT_SYMBOL_IF_KUNIT(vni_station_find);

/**
 * vni_station_of_frame() - the same for a frame that is no skb
 * @priv: the device that learns the addresses
 * @data: the frame, with any tag in it
 * @length: bytes of it
 *
 * Return: node id, or VNI_FLOOD if no node is known.
 */
int vni_station_of_frame(struct vni_priv *priv, const void *data, u32 length)
{
	const struct vlan_ethhdr *header = data;

	if (!READ_ONCE(priv->nr_stations))
		return vni_mac_node(priv, header->h_dest);
	return vni_station_find_in(priv, vni_station_vlan_of(header, length),
				   header->h_dest);
}
EXPORT_SYMBOL_IF_KUNIT(vni_station_of_frame);

/* The entry that a new one replaces: unused, or else silent for longest. */
static struct vni_station *vni_station_oldest(struct vni_station *set)
{
	struct vni_station *oldest = set;
	unsigned int i;

	for (i = 0; i < VNI_STATION_WAYS; i++) {
		if (!set[i].key)
			return &set[i];
		if (time_before(READ_ONCE(set[i].seen), READ_ONCE(oldest->seen)))
			oldest = &set[i];
	}
	return oldest;
}

/* Gives an entry a key, or 0. The lock is held. */
static void vni_station_set_key(struct vni_priv *priv,
				struct vni_station *station, u64 key)
{
	WRITE_ONCE(priv->nr_stations,
		   priv->nr_stations + !!key - !!station->key);
	WRITE_ONCE(station->key, key);
}

static void vni_station_put(struct vni_priv *priv, struct vni_station *set,
			    u64 tag, u32 node)
{
	struct vni_station *station;
	u64 key;

	spin_lock(&priv->station_lock);
	station = vni_station_of(set, tag, &key) ?: vni_station_oldest(set);
	WRITE_ONCE(station->seen, jiffies);
	vni_station_set_key(priv, station, vni_station_key(tag, node));
	spin_unlock(&priv->station_lock);
}

static void vni_station_drop(struct vni_priv *priv, struct vni_station *set,
			     u64 tag)
{
	struct vni_station *station;
	u64 key;

	spin_lock(&priv->station_lock);
	station = vni_station_of(set, tag, &key);
	if (station)
		vni_station_set_key(priv, station, 0);
	spin_unlock(&priv->station_lock);
}

/**
 * vni_station_learn() - note that an address sends from a node
 * @priv: the device that received the frame
 * @skb: a frame with that address, any value, its Ethernet header at data
 * @node: the node it came from
 *
 * The address made from the id of the node needs no entry. If another node has
 * one for it, that is dropped.
 *
 * Context: BH is off.
 */
void vni_station_learn(struct vni_priv *priv, const struct sk_buff *skb,
		       u32 node)
{
	const u8 *mac = skb_vlan_eth_hdr(skb)->h_source;
	struct vni_station *set, *station;
	u64 key, tag;

	if (!is_valid_ether_addr(mac) ||
	    (!READ_ONCE(priv->nr_stations) && vni_mac_node(priv, mac) == node))
		return;
	set = vni_station_set(priv, vni_station_vlan(skb), mac, &tag);
	station = vni_station_of(set, tag, &key);
	if (vni_mac_node(priv, mac) == node) {
		if (unlikely(station))
			vni_station_drop(priv, set, tag);
	} else if (!station || vni_station_node(key) != node) {
		vni_station_put(priv, set, tag, node);
	} else if (time_after(jiffies, READ_ONCE(station->seen) + HZ)) {
		WRITE_ONCE(station->seen, jiffies);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vni_station_learn);

/**
 * vni_stations_forget() - drop all addresses of a node
 * @priv: the device that learnt them
 * @node: the node, which has gone
 */
void vni_stations_forget(struct vni_priv *priv, u32 node)
{
	struct vni_station *station = priv->stations;

	spin_lock_bh(&priv->station_lock);
	for (; station < priv->stations + VNI_STATIONS; station++)
		if (station->key && vni_station_node(station->key) == node)
			vni_station_set_key(priv, station, 0);
	spin_unlock_bh(&priv->station_lock);
}
EXPORT_SYMBOL_IF_KUNIT(vni_stations_forget);
