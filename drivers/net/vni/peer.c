// SPDX-License-Identifier: GPL-2.0
/*
 * The other nodes as vni sees them: who takes frames, which address is where,
 * carrier, and the burial of the dead.
 *
 * A peer takes frames if its receiver line says so for a generation that is
 * not lost. Senders read the line itself; vni_peers_refresh(), the only
 * writer of vni_priv.peers, keeps up who is lost. See docs/vni.md.
 */
#include <kunit/visibility.h>
#include <linux/crc32.h>
#include <linux/hash.h>

#include "vni.h"

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

/* The bits of a frame's VLAN; a tag that tells no more than a priority is none. */
static u64 vni_station_vlan(const struct sk_buff *skb)
{
	const struct vlan_ethhdr *header = skb_vlan_eth_hdr(skb);
	__be16 proto = skb->vlan_proto;
	u16 tci = skb->vlan_tci;
	struct vlan_ethhdr copy;
	u64 vid;

	if (!skb_vlan_tag_present(skb)) {
		if (!eth_type_vlan(header->h_vlan_proto))
			return 0;
		header = skb_header_pointer(skb, 0, sizeof(copy), &copy);
		if (!header)
			return 0;
		proto = header->h_vlan_proto;
		tci = ntohs(header->h_vlan_TCI);
	}
	vid = tci & VLAN_VID_MASK;
	if (!vid)
		return 0;
	return vid << VNI_STATION_VID_SHIFT |
	       (proto == htons(ETH_P_8021AD) ? VNI_STATION_STAG : 0);
}

/*
 * Multiplied by an odd number, 61 bits become 61 others, one to one. The upper
 * ones choose the set, so that the lower ones, the tag, are enough to tell its
 * entries apart, and tag and node fit in one word.
 */
static struct vni_station *vni_station_set(struct vni_priv *priv,
					   const struct sk_buff *skb,
					   const u8 *mac, u64 *tag)
{
	u64 id = ether_addr_to_u64(mac) | vni_station_vlan(skb);

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

/**
 * vni_station_find() - which node has the address that a frame is for
 * @priv: the device
 * @skb: the frame, its unicast address at data
 *
 * Who has sent from the address last has it, as on a switch. An address made
 * from a node id is that node's as long as nobody else has sent from it.
 *
 * Return: node id, or VNI_FLOOD if it is not known.
 */
int vni_station_find(struct vni_priv *priv, const struct sk_buff *skb)
{
	const u8 *mac = skb_vlan_eth_hdr(skb)->h_dest;
	struct vni_station *station;
	u64 key, tag;

	station = vni_station_set(priv, skb, mac, &tag);
	station = vni_station_of(station, tag, &key);
	if (station && time_before_eq(jiffies, READ_ONCE(station->seen) +
				      VNI_STATION_AGE_S * HZ))
		return vni_station_node(key);
	return vni_mac_node(priv, mac);
}
EXPORT_SYMBOL_IF_KUNIT(vni_station_find);

/* Whom a new station replaces: nobody, or who has been silent for longest. */
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

static void vni_station_put(struct vni_priv *priv, struct vni_station *set,
			    u64 tag, u32 node)
{
	struct vni_station *station;
	u64 key;

	spin_lock(&priv->station_lock);
	station = vni_station_of(set, tag, &key) ?: vni_station_oldest(set);
	WRITE_ONCE(station->seen, jiffies);
	WRITE_ONCE(station->key, vni_station_key(tag, node));
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
		WRITE_ONCE(station->key, 0);
	spin_unlock(&priv->station_lock);
}

/**
 * vni_station_learn() - note that an address sends from a node
 * @priv: the device
 * @skb: a frame with that address, any value, its Ethernet header at data
 * @node: the node it came from
 *
 * What a node sends from the address made from its id needs no entry, and ends
 * that of another node.
 *
 * Context: BH is off.
 */
void vni_station_learn(struct vni_priv *priv, const struct sk_buff *skb,
		       u32 node)
{
	const u8 *mac = skb_vlan_eth_hdr(skb)->h_source;
	struct vni_station *set, *station;
	u64 key, tag;

	if (!is_valid_ether_addr(mac))
		return;
	set = vni_station_set(priv, skb, mac, &tag);
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
 * vni_stations_forget() - a node has gone, and all addresses with it
 * @priv: the device
 * @node: the node
 */
void vni_stations_forget(struct vni_priv *priv, u32 node)
{
	struct vni_station *station = priv->stations;

	spin_lock_bh(&priv->station_lock);
	for (; station < priv->stations + VNI_STATIONS; station++)
		if (station->key && vni_station_node(station->key) == node)
			WRITE_ONCE(station->key, 0);
	spin_unlock_bh(&priv->station_lock);
}
EXPORT_SYMBOL_IF_KUNIT(vni_stations_forget);

/**
 * vni_mcast_bit() - a multicast address's bit in vni_receiver.mcast
 * @mac: the address
 *
 * Return: a word with one bit set.
 */
u64 vni_mcast_bit(const u8 *mac)
{
	return BIT_ULL(crc32_le(~0, mac, ETH_ALEN) >> 26);
}

/**
 * vni_peer_wants() - should a flooded frame go to a peer?
 * @receiver: the peer's receiver line
 * @mac: destination address
 *
 * Return: false only if the peer would discard it anyway.
 */
bool vni_peer_wants(const struct vni_receiver *receiver, const u8 *mac)
{
	if (!is_multicast_ether_addr(mac) || is_broadcast_ether_addr(mac) ||
	    receiver->flags & (VNI_RX_PROMISC | VNI_RX_ALLMULTI))
		return true;
	return receiver->mcast & vni_mcast_bit(mac);
}

static struct vni_receiver *vni_receiver_line(struct vni_priv *priv, u32 node,
					      u32 queue)
{
	u32 number = vni_ring_number(&priv->port, node, queue);

	return &vni_ring_of(&priv->port, number)->receiver;
}

static void vni_receiver_read(struct vni_priv *priv, u32 node, u32 queue,
			      struct vni_receiver *receiver)
{
	struct vni_receiver *shared = vni_receiver_line(priv, node, queue);

	/* Each field once. Pairs with the release of open by its node. */
	receiver->open = mint_load_acquire(&shared->open);
	receiver->generation = mint_load(&shared->generation);
	receiver->cpu = mint_load(&shared->cpu);
	receiver->flags = mint_load(&shared->flags);
	receiver->features = mint_load(&shared->features);
	receiver->max_frame = mint_load(&shared->max_frame);
	receiver->mcast = mint_load(&shared->mcast);
}

/**
 * vni_peer_receiver() - read a peer's receiver line
 * @priv: the device
 * @node: the peer; below the number of nodes
 * @queue: its queue; all of them say the same but for CPU and open
 * @receiver: the copy, without mac; fields are as the peer wrote them
 *
 * Return: its generation if it takes frames, else 0; 0 for ourselves.
 */
u32 vni_peer_receiver(struct vni_priv *priv, u32 node, u32 queue,
		      struct vni_receiver *receiver)
{
	if (node == priv->port.node)
		return 0;
	vni_receiver_read(priv, node, queue, receiver);
	if (receiver->open != 1 ||
	    receiver->generation == READ_ONCE(priv->peers[node].lost))
		return 0;
	return receiver->generation;
}

/**
 * vni_peer_steer() - the queue that a peer wants a flow on
 * @priv: the device
 * @node: the peer; below the number of nodes
 * @skb: a frame of the flow
 *
 * Return: number of a queue; whether it is open shows when it is posted to.
 */
u32 vni_peer_steer(struct vni_priv *priv, u32 node, struct sk_buff *skb)
{
	u64 steer = mint_load(&vni_receiver_line(priv, node, 0)->steer);
	u32 queue;

	if (!steer)
		return 0;
	queue = (steer >> (skb_get_hash(skb) >> 27) * 2) & 3;
	return queue < vni_nr_queues(priv) ? queue : 0;
}

/**
 * vni_peer_kick() - ring the doorbell of a peer's queue if it takes frames
 * @priv: the device
 * @node: the peer; below the number of nodes
 * @queue: its queue
 *
 * Return: true if it was rung.
 */
bool vni_peer_kick(struct vni_priv *priv, u32 node, u32 queue)
{
	struct vni_receiver receiver;

	if (!vni_peer_receiver(priv, node, queue, &receiver))
		return false;
	mint_doorbell_ring(receiver.cpu, MINT_CHANNEL_VNI + queue);
	return true;
}

/**
 * vni_peers_kick() - ring peers that take frames, for other news than frames
 * @priv: the device
 * @nodes: a bit for each node id; others than peers are ignored
 *
 * Return: how many were rung.
 */
unsigned int vni_peers_kick(struct vni_priv *priv, u64 nodes)
{
	unsigned int rung = 0;
	u32 node;

	for (; nodes; nodes &= nodes - 1) {
		node = __ffs64(nodes);
		if (node >= vni_nr_nodes(priv))
			break;
		rung += vni_peer_kick(priv, node, 0);
	}
	return rung;
}

/**
 * vni_peers_changed() - does any receiver line differ from the last look?
 * @priv: the device
 *
 * Return: true if vni_peers_refresh() has something to do.
 */
bool vni_peers_changed(struct vni_priv *priv)
{
	struct vni_receiver receiver;
	u32 node;

	for (node = 0; node < vni_nr_nodes(priv); node++)
		if (vni_peer_receiver(priv, node, 0, &receiver) !=
		    READ_ONCE(priv->peers[node].up))
			return true;
	return false;
}

/**
 * vni_bury() - take back what dead incarnations of a node held
 * @priv: the device, locked or not yet known to anybody
 * @node: the node; ourselves for our former generations
 * @generation: it is fenced up to this one
 *
 * Nothing is noted when a lock could not be had: the next look tries again.
 */
void vni_bury(struct vni_priv *priv, u32 node, u32 generation)
{
	u64 *timeouts = &priv->port.faults[VNI_FAULT_LOCK_TIMEOUT];
	u64 before = READ_ONCE(*timeouts);

	/* The protocol wants no receive context to run meanwhile. */
	if (priv->open)
		vni_napi_hold(priv);
	/* No interrupt may make peers wait for the pool's lock. */
	scoped_guard(irqsave) {
		priv->bury_cache.cpu = smp_processor_id();
		vni_port_bury(&priv->port, &priv->bury_cache, node, generation);
		vni_cache_flush(&priv->port, &priv->bury_cache);
	}
	if (priv->open)
		vni_napi_release(priv);
	if (READ_ONCE(*timeouts) != before)
		return;
	priv->peers[node].buried = generation;
	if (node != priv->port.node)
		priv->peer_resets++;
}

/* An Ethernet has one MTU. Nothing else tells who sets up nodes one by one. */
static void vni_peer_compare_mtu(struct vni_priv *priv, u32 node,
				 u32 max_frame)
{
	struct vni_peer *known = &priv->peers[node];
	u32 ours = READ_ONCE(priv->netdev->mtu);
	u32 theirs = clamp_t(u32, max_frame, ETH_HLEN,
			     ETH_HLEN + ETH_MAX_MTU) - ETH_HLEN;
	u32 mtus = theirs == ours ? 0 : theirs << 16 | ours;

	if (mtus && mtus != known->mtus && net_ratelimit())
		netdev_warn(priv->netdev,
			    "node %u has MTU %u, this one %u: longer frames than both take are lost. Try on all nodes: ip link set %s mtu %u\n",
			    node, theirs, ours, netdev_name(priv->netdev),
			    min(theirs, ours));
	WRITE_ONCE(known->mtus, mtus);
}

static bool vni_peer_refresh(struct vni_priv *priv, u32 node)
{
	struct vni_peer *known = &priv->peers[node];
	struct vni_receiver receiver;
	struct mint_peer peer;
	u32 lost = 0, up = 0;

	/* In this order: a line read first cannot be newer than the node. */
	vni_receiver_read(priv, node, 0, &receiver);
	mint_peer_get(node, &peer);
	if (!peer.running || peer.generation != receiver.generation)
		lost = receiver.generation;
	else if (receiver.open == 1)
		up = receiver.generation;

	WRITE_ONCE(known->lost, lost);
	if (up != known->up) {
		if (net_ratelimit())
			netdev_info(priv->netdev, "node %u %s\n", node,
				    up ? "takes frames" : "takes no frames");
		if (known->up) {
			vni_stations_forget(priv, node);
			vni_tx_purge(priv, node);
		}
		WRITE_ONCE(known->up, up);
	}
	if (up && priv->open)
		vni_peer_compare_mtu(priv, node, receiver.max_frame);
	else
		WRITE_ONCE(known->mtus, 0);
	if (peer.fenced > known->buried)
		vni_bury(priv, node, peer.fenced);
	return up;
}

/**
 * vni_peers_refresh() - look at all peers, set carrier, bury the dead
 * @priv: the device
 *
 * Context: process; takes the device's lock.
 */
void vni_peers_refresh(struct vni_priv *priv)
{
	bool carrier = false;
	u32 node;

	mutex_lock(&priv->lock);
	for (node = 0; node < vni_nr_nodes(priv); node++)
		if (node != priv->port.node)
			carrier |= vni_peer_refresh(priv, node);
	if (priv->open && carrier)
		netif_carrier_on(priv->netdev);
	else
		netif_carrier_off(priv->netdev);
	mutex_unlock(&priv->lock);
}

/**
 * vni_peer_event() - the node table has changed
 * @nb: of a struct vni_priv
 * @value: unused
 * @data: unused; all peers are looked at
 *
 * Return: NOTIFY_OK.
 */
int vni_peer_event(struct notifier_block *nb, unsigned long value, void *data)
{
	vni_peers_refresh(container_of(nb, struct vni_priv, peer_notifier));
	return NOTIFY_OK;
}
