/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Life and death of a vni port: rings are opened, mended and closed, and what
 * dead nodes held comes back.
 */
#ifndef VNI_RECOVER_H
#define VNI_RECOVER_H

#include "pool.h"

int vni_ring_open(struct vni_port *port, __u32 queue, __u32 cpu,
		  const struct vni_receiver *receiver);
void vni_ring_close(struct vni_port *port, __u32 queue,
		    struct vni_cache *cache);
void vni_ring_mend(struct vni_port *port, __u32 queue);
unsigned int vni_port_bury(struct vni_port *port, struct vni_cache *cache,
			   __u32 node, __u32 generation);

#endif /* VNI_RECOVER_H */
