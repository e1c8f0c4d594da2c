// SPDX-License-Identifier: GPL-2.0
/*
 * The other nodes as vni sees them: who takes which frames, and how to kick one.
 *
 * A peer takes frames if its receiver line says so for a generation that is
 * not lost. Senders read the line itself; vni_peers_refresh() keeps up who is
 * lost. See docs/vni.md.
 */
#include <linux/crc32.h>

#include "device.h"
#include "trace.h"

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

/**
 * vni_peer_read() - copy what any node, or ourselves, says in a receiver line
 * @priv: the device, open or closed
 * @node: the node; below the number of nodes
 * @queue: its queue
 * @receiver: the copy, without mac; fields are as the node wrote them
 */
void vni_peer_read(struct vni_priv *priv, u32 node, u32 queue,
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
 * @priv: the device that would send
 * @node: the peer; below the number of nodes
 * @queue: its queue; the lines of all queues differ only in CPU and open
 * @receiver: the copy, without mac; fields are as the peer wrote them
 *
 * Return: its generation if it takes frames, else 0; 0 for ourselves.
 */
u32 vni_peer_receiver(struct vni_priv *priv, u32 node, u32 queue,
		      struct vni_receiver *receiver)
{
	if (node == priv->port.node)
		return 0;
	vni_peer_read(priv, node, queue, receiver);
	if (receiver->open != 1 ||
	    receiver->generation == READ_ONCE(priv->peers[node].lost))
		return 0;
	return receiver->generation;
}

static u32 vni_steer(const struct vni_priv *priv, u64 steer, u32 hash)
{
	u32 queue = (steer >> (hash >> 27) * 2) & 3;

	return queue < vni_nr_queues(priv) ? queue : 0;
}

/**
 * vni_peer_steer_hash() - find the queue that a peer wants a flow on
 * @priv: the device that would send
 * @node: the peer; below the number of nodes
 * @hash: that of the flow
 *
 * Return: number of a queue, which may be closed: posting to it fails then.
 */
u32 vni_peer_steer_hash(struct vni_priv *priv, u32 node, u32 hash)
{
	return vni_steer(priv, mint_load(&vni_receiver_line(priv, node, 0)->steer),
			 hash);
}

/**
 * vni_peer_steer() - find the queue that a peer wants a flow on
 * @priv: the device that would send
 * @node: the peer; below the number of nodes
 * @skb: a frame of the flow
 *
 * Return: number of a queue, which may be closed: posting to it fails then.
 */
u32 vni_peer_steer(struct vni_priv *priv, u32 node, struct sk_buff *skb)
{
	u64 steer = mint_load(&vni_receiver_line(priv, node, 0)->steer);

	return steer ? vni_steer(priv, steer, skb_get_hash(skb)) : 0;
}

/**
 * vni_peer_kick() - ring the doorbell of a peer's queue if it takes frames
 * @priv: the device that kicks
 * @node: the peer; below the number of nodes
 * @queue: its queue
 *
 * Return: true if the doorbell was rung.
 */
bool vni_peer_kick(struct vni_priv *priv, u32 node, u32 queue)
{
	struct vni_receiver receiver;

	if (!vni_peer_receiver(priv, node, queue, &receiver))
		return false;
	trace_vni_doorbell(node, queue, receiver.cpu);
	mint_doorbell_ring(receiver.cpu, MINT_CHANNEL_VNI + queue);
	return true;
}

/**
 * vni_peers_kick() - kick queue 0 of peers, for other news than frames
 * @priv: the device that kicks
 * @nodes: a bit for each node id; ids that are no peers are ignored
 *
 * Return: number of peers that were kicked.
 */
unsigned int vni_peers_kick(struct vni_priv *priv, u64 nodes)
{
	unsigned int kicked = 0;
	u32 node;

	for (; nodes; nodes &= nodes - 1) {
		node = __ffs64(nodes);
		if (node >= vni_nr_nodes(priv))
			break;
		kicked += vni_peer_kick(priv, node, 0);
	}
	return kicked;
}

/**
 * vni_peers_changed() - does any receiver line differ from the last refresh?
 * @priv: the device whose view is compared
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
