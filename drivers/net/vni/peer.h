/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other nodes as vni sees them, and the addresses behind them. See
 * docs/vni.md.
 */
#ifndef VNI_PEER_H
#define VNI_PEER_H

#include <linux/etherdevice.h>
#include <linux/notifier.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>

#include "ring.h"

#define VNI_STATIONS		1024
#define VNI_STATION_WAYS	4
#define VNI_STATION_AGE_S	300

struct vni_priv;

/**
 * struct vni_peer - what this node knows of another one
 * @lost: generation that has ended though its receiver line may still say
 *	open; 0 = none. Senders read it without a lock.
 * @up: generation that took frames at the last refresh; 0 = none. NAPI reads
 *	it without a lock to find that the peer has changed.
 * @buried: generations up to this one are buried
 * @mtus: MTU of the peer in the upper half and ours in the lower one, if both
 *	take frames and the MTUs differ; else 0
 *
 * vni_priv.lock guards all of it against other writers.
 */
struct vni_peer {
	u32 lost;
	u32 up;
	u32 buried;
	u32 mtus;
};

/**
 * struct vni_station - the node that an address of a VLAN is at
 * @key: address, VLAN and node, see station.c; 0 = unused
 * @seen: jiffies when the address last sent
 *
 * Senders read both without a lock. @key is one word; a @seen that belongs to
 * another @key costs one flood.
 */
struct vni_station {
	u64 key;
	unsigned long seen;
};

/* peer.c */
void vni_peer_read(struct vni_priv *priv, u32 node, u32 queue,
		   struct vni_receiver *receiver);
u32 vni_peer_receiver(struct vni_priv *priv, u32 node, u32 queue,
		      struct vni_receiver *receiver);
u32 vni_peer_steer(struct vni_priv *priv, u32 node, struct sk_buff *skb);
u32 vni_peer_steer_hash(struct vni_priv *priv, u32 node, u32 hash);
bool vni_peer_wants(const struct vni_receiver *receiver, const u8 *mac);
u64 vni_mcast_bit(const u8 *mac);
bool vni_peer_kick(struct vni_priv *priv, u32 node, u32 queue);
unsigned int vni_peers_kick(struct vni_priv *priv, u64 nodes);
bool vni_peers_changed(struct vni_priv *priv);

/* station.c */
extern const u8 vni_mac_prefix[ETH_ALEN - 1];
int vni_station_find(struct vni_priv *priv, const struct sk_buff *skb);
int vni_station_of_frame(struct vni_priv *priv, const void *data, u32 length);
void vni_station_learn(struct vni_priv *priv, const struct sk_buff *skb,
		       u32 node);
void vni_stations_forget(struct vni_priv *priv, u32 node);

/* refresh.c */
void vni_peers_refresh(struct vni_priv *priv);
void vni_refresh_work(struct work_struct *work);
void vni_bury(struct vni_priv *priv, u32 node, u32 generation);
int vni_peer_event(struct notifier_block *nb, unsigned long value, void *data);

#endif /* VNI_PEER_H */
