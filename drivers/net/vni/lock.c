// SPDX-License-Identifier: GPL-2.0
/*
 * Locks of the vni section, as a port takes them: whose death counts, how long
 * one is waited for, and what is counted.
 *
 * Whoever takes a lock over repairs what it guards: top of ring.c.
 */
#include "shared.h"

/**
 * vni_owner_dead() - mint_owner_dead_fn for the locks of a port
 * @context: the port
 * @node: node id
 * @generation: generation
 *
 * Return: nonzero if that incarnation is dead. A former one of the own node
 * is, since this one runs.
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
 * @port: the port
 * @lock: the lock
 * @cpu: own CPU number
 *
 * Takeovers and timeouts are counted; the caller repairs.
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
		vni_fault(port, VNI_FAULT_LOCK_TIMEOUT);
	else if (result == MINT_LOCK_TAKEN_OVER)
		mint_store(&port->takeovers, mint_load(&port->takeovers) + 1);
	return result;
}

/**
 * vni_unlock() - give a lock of the section back
 * @port: the port
 * @lock: the lock
 * @cpu: as for vni_lock()
 */
void vni_unlock(struct vni_port *port, struct mint_lock *lock, u32 cpu)
{
	u64 self = mint_lock_word(port->node, cpu, port->generation);

	if (!mint_lock_release(lock, self))
		vni_fault(port, VNI_FAULT_LOCK_LOST);
}
