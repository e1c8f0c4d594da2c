/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers of a vni section: their classes, taking a free one, giving it back.
 */
#ifndef VNI_POOL_H
#define VNI_POOL_H

#include "port.h"

#define VNI_CACHE_HANDLES	256

/**
 * struct vni_cache - free buffers that one CPU of the node keeps at hand
 * @cpu: number of that CPU in its node, for lock words
 * @count: handles in @handles, by class
 * @handles: free buffers in state CACHED
 *
 * Private memory, used by one context at a time (in the kernel: one CPU with
 * interrupts off). Zeroed plus @cpu set is a valid empty cache.
 */
struct vni_cache {
	u32 cpu;
	u32 count[VNI_NR_CLASSES];
	u32 handles[VNI_NR_CLASSES][VNI_CACHE_HANDLES];
};

/**
 * struct vni_census - where all buffers are, by state word
 * @state: buffers by VNI_STATE_*
 * @invalid: state words of no known state
 * @listed: handles in the pools' lists
 */
struct vni_census {
	u32 state[VNI_STATE_BAD + 1];
	u32 invalid;
	u32 listed;
};

/* The class of a buffer, the handle of which is known to be below nr_bufs. */
static inline unsigned int vni_class_of(const struct vni_port *port, u32 handle)
{
	unsigned int class, n = 0;

	for (class = 1; class < VNI_NR_CLASSES; class++)
		n += handle >= port->geometry.classes[class].first;
	return n;
}

/**
 * vni_class_for() - the class for a frame
 * @port: own view of the section
 * @length: bytes of the frame
 *
 * Return: the smallest VNI_CLASS_* whose buffers hold it, or -EMSGSIZE. A class
 * that has none holds nothing.
 */
static inline int vni_class_for(const struct vni_port *port, u32 length)
{
	int class;

	for (class = 0; class < VNI_NR_CLASSES; class++)
		if (length <= port->geometry.classes[class].buf_bytes &&
		    port->geometry.classes[class].count)
			return class;
	return -EMSGSIZE;
}

/**
 * vni_buf_data() - where the bytes of a buffer lie
 * @port: own view of the section
 * @handle: the buffer
 *
 * Return: its first byte, or NULL for a handle out of range.
 */
static inline void *vni_buf_data(const struct vni_port *port, u32 handle)
{
	const struct vni_class *c;

	if (handle >= port->geometry.nr_bufs)
		return NULL;
	c = &port->geometry.classes[vni_class_of(port, handle)];
	return (char *)port->base + c->data_offset +
	       (u64)(handle - c->first) * c->buf_bytes;
}

/**
 * vni_buf_bytes() - how much a buffer holds
 * @port: own view of the section
 * @handle: the buffer
 *
 * Return: bytes, 0 for a handle out of range.
 */
static inline u32 vni_buf_bytes(const struct vni_port *port, u32 handle)
{
	if (handle >= port->geometry.nr_bufs)
		return 0;
	return port->geometry.classes[vni_class_of(port, handle)].buf_bytes;
}

u32 vni_buf_alloc(struct vni_port *port, struct vni_cache *cache,
		  unsigned int class);
void vni_buf_free(struct vni_port *port, struct vni_cache *cache, u32 handle);
u32 vni_pool_level(const struct vni_port *port, unsigned int class);
void vni_cache_flush(struct vni_port *port, struct vni_cache *cache);
void vni_port_census(struct vni_port *port, struct vni_census *census);

#endif /* VNI_POOL_H */
