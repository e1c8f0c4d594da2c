/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Life and death of a vni port: rings are opened, mended and closed, and what
 * dead nodes held comes back.
 */
#ifndef VNI_RECOVER_H
#define VNI_RECOVER_H

#include "pool.h"

int vni_ring_open(struct vni_port *port, u32 queue, u32 cpu,
		  const struct vni_receiver *receiver);
void vni_ring_close(struct vni_port *port, u32 queue, struct vni_cache *cache);
void vni_ring_mend(struct vni_port *port, u32 queue);
unsigned int vni_port_bury(struct vni_port *port, struct vni_cache *cache,
			   u32 node, u32 generation);

#endif /* VNI_RECOVER_H */
