/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between what an skb says of its frame and what a descriptor does. See
 * struct vni_slot.
 */
#ifndef VNI_DESCRIBE_H
#define VNI_DESCRIBE_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "ring.h"

/* describe.c */
int vni_describe(const struct sk_buff *skb, struct vni_frame *frame);
int vni_apply(const struct net_device *dev, struct sk_buff *skb,
	      const struct vni_frame *frame);

/* encap.c */
bool vni_encap_describe(const struct sk_buff *skb, struct vni_encap *encap);
int vni_encap_apply(struct sk_buff *skb, const struct vni_frame *frame);

#endif /* VNI_DESCRIBE_H */
