// SPDX-License-Identifier: GPL-2.0
/*
 * The buffers of vni: out of the shared pool, and back to it, by way of the
 * free ones that each CPU keeps at hand.
 *
 * Interrupts are off meanwhile, since netconsole may send from a hard
 * interrupt, and so that none can make peers wait for the pool's lock.
 */
#include <linux/cleanup.h>
#include <linux/percpu.h>

#include "device.h"

/* A pool with less than this part of its buffers free is low. */
#define VNI_LOW_SHARE	8

/**
 * vni_buf_get() - a free buffer
 * @priv: the device; a buffer of its CPU's cache is taken first
 * @class: VNI_CLASS_*
 *
 * Return: its handle, or VNI_NO_BUF.
 */
u32 vni_buf_get(struct vni_priv *priv, unsigned int class)
{
	guard(irqsave)();
	return vni_buf_alloc(&priv->port, &this_cpu_ptr(priv->cpu)->cache, class);
}

/**
 * vni_buf_put() - give back a buffer that was got or received
 * @priv: the device; the buffer goes to its CPU's cache first
 * @handle: the buffer, or VNI_NO_BUF
 */
void vni_buf_put(struct vni_priv *priv, u32 handle)
{
	guard(irqsave)();
	vni_buf_free(&priv->port, &this_cpu_ptr(priv->cpu)->cache, handle);
}

static void vni_cache_flush_local(void *priv)
{
	struct vni_priv *p = priv;

	vni_cache_flush(&p->port, &this_cpu_ptr(p->cpu)->cache);
}

/**
 * vni_caches_flush() - return all that CPUs keep, so that a census adds up
 * @priv: the device
 *
 * Each CPU does so itself: others may send while the number of queues is changed. One
 * that is offline keeps nothing.
 *
 * Context: process.
 */
void vni_caches_flush(struct vni_priv *priv)
{
	on_each_cpu(vni_cache_flush_local, priv, 1);
}

/**
 * vni_caches_relieve() - return what CPUs keep of a class that runs low
 * @priv: an open device
 *
 * Of a pool that runs low nothing may lie idle in the caches of this node.
 *
 * Context: process.
 */
void vni_caches_relieve(struct vni_priv *priv)
{
	unsigned int class;

	for (class = 0; class < VNI_NR_CLASSES; class++)
		if (vni_pool_level(&priv->port, class) <
		    priv->port.geometry.classes[class].count / VNI_LOW_SHARE)
			break;
	if (class < VNI_NR_CLASSES)
		vni_caches_flush(priv);
}
