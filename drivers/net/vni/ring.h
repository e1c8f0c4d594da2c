/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address rings of vni: sending frames, receiving them, and who wakes whom.
 *
 * The protocol, its memory ordering and its repair are described at the top of
 * ring.c.
 */
#ifndef VNI_RING_H
#define VNI_RING_H

#include "frame.h"

/* Sending */
int vni_ring_post(struct vni_port *port, u32 cpu, u32 to, u32 to_generation,
		  const struct vni_frame *frames, unsigned int n);
bool vni_ring_needs_kick(struct vni_port *port, u32 to);

/* Receiving */
int vni_ring_take(struct vni_port *port, u32 queue, struct vni_frame *frame);
bool vni_ring_pending(struct vni_port *port, u32 queue);
bool vni_ring_arm(struct vni_port *port, u32 queue, u32 frames);
void vni_ring_disarm(struct vni_port *port, u32 queue);

/* Progress: what a receiver tells its senders, and what they can tell of it */
u64 vni_ring_release(struct vni_port *port, u32 queue);
unsigned int vni_ring_space(struct vni_port *port, u32 to);
u32 vni_ring_posted(struct vni_port *port, u32 to);
bool vni_ring_in_flight(struct vni_port *port, u32 to, u32 end);
void vni_ring_wait_space(struct vni_port *port, u32 to);
void vni_ring_watch(struct vni_port *port, u32 to);

#endif /* VNI_RING_H */
