// SPDX-License-Identifier: GPL-2.0
/*
 * Locks of the vni section: taken within a bound, taken over from dead owners,
 * counted when that fails.
 *
 * Whoever takes a lock over repairs what it guards before using it: see Death
 * at the top of ring.c.
 */
#include "shared.h"

/**
 * vni_owner_dead() - mint_owner_dead_fn for the locks of a port
 * @context: the struct vni_port of the node that asks
 * @node: node id, any value
 * @generation: of that node, any value
 *
 * Return: nonzero if that incarnation is dead. A former incarnation of this
 * node is, since this one runs.
 */
int vni_owner_dead(void *context, u32 node, u32 generation)
{
	struct vni_port *port = context;

	if (node == port->node)
		return (s32)(generation - port->generation) < 0;
	return port->dead(port->dead_context, node, generation);
}

/**
 * vni_lock() - take a lock of the section
 * @port: of the node that becomes its owner; counts takeovers and timeouts
 * @lock: of a pool or a ring
 * @cpu: number of the calling CPU in its node
 *
 * For vni_pool_lock() and vni_ring_lock(), which repair what was taken over.
 *
 * Return: an enum mint_lock_result.
 */
enum mint_lock_result vni_lock(struct vni_port *port, struct mint_lock *lock,
			       u32 cpu)
{
	u64 self = mint_lock_word(port->node, cpu, port->generation);
	enum mint_lock_result result;

	result = mint_lock_acquire(lock, self, port->lock_spins,
				   vni_owner_dead, port);
	if (result == MINT_LOCK_BUSY)
		vni_fault_count(port, VNI_FAULT_LOCK_TIMEOUT);
	else if (result == MINT_LOCK_TAKEN_OVER)
		mint_store(&port->takeovers, mint_load(&port->takeovers) + 1);
	return result;
}

/**
 * vni_unlock() - give a lock of the section back
 * @port: as for vni_lock(); counts a lock that was lost meanwhile
 * @lock: of a pool or a ring
 * @cpu: as for vni_lock()
 */
void vni_unlock(struct vni_port *port, struct mint_lock *lock, u32 cpu)
{
	u64 self = mint_lock_word(port->node, cpu, port->generation);

	if (!mint_lock_release(lock, self))
		vni_fault_count(port, VNI_FAULT_LOCK_LOST);
}
