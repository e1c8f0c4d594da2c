/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the user-space programs of tests/ring share: nodes on a section, and frames.
 */
#ifndef RINGTEST_H
#define RINGTEST_H

#include "recover.h"
#include "ring.h"
#include "world.h"

/* One node as one process or thread plays it. */
struct node {
	struct vni_port port;
	struct vni_cache cache;
};

static const struct vni_receiver ringtest_receiver = {
	.max_frame = VNI_MAX_FRAME,
};

static inline void ringtest_attach(struct node *node, void *section,
				   __u64 bytes, __u32 id, __u32 generation,
				   struct fences *fences)
{
	*node = (struct node){ .cache = { .cpu = 0 } };
	CHECK(!vni_port_init(&node->port, section, bytes, id, generation,
			     fences_dead, fences));
}

static inline void ringtest_open(struct node *node)
{
	CHECK(!vni_ring_open(&node->port, 0, 0, &ringtest_receiver));
}

/* Where the first bytes of a frame lie, and how many they are. */
static inline unsigned char *frame_first(const struct vni_port *port,
					 const struct vni_frame *frame,
					 __u32 *bytes)
{
	*bytes = frame->length;
	if (!vni_frame_inline(frame))
		return vni_frame_data(port, frame);
	*bytes -= vni_frame_rest(frame->length);
	return (unsigned char *)frame->slot.data;
}

/* Fill a frame, the handle and length of which are set. */
static inline void frame_write(const struct vni_port *port,
			       struct vni_frame *frame, unsigned char value)
{
	__u32 bytes;
	unsigned char *first = frame_first(port, frame, &bytes);

	memset(first, value, bytes);
	memset(frame->rest.data, value, frame->length - bytes);
}

/* Has a frame been filled with this value? */
static inline void frame_check(const struct vni_port *port,
			       const struct vni_frame *frame, unsigned char value)
{
	__u32 bytes, i;
	unsigned char *first = frame_first(port, frame, &bytes);

	CHECK(first[0] == value && !memcmp(first, first + 1, bytes - 1));
	for (i = 0; i < frame->length - bytes; i++)
		CHECK(frame->rest.data[i] == value);
}

/* A frame, inline or in a buffer; zero if there is none. */
static inline int frame_make(struct node *node, __u32 length, int data,
			     struct vni_frame *frame)
{
	*frame = (struct vni_frame){ .handle = VNI_NO_BUF, .length = length };
	if (data)
		return 1;
	frame->handle = vni_buf_alloc(&node->port, &node->cache,
				      vni_class_for(&node->port, length));
	return !vni_frame_inline(frame);
}

static inline __u64 ringtest_faults(const struct vni_port *port)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < VNI_NR_FAULTS; i++)
		sum += port->faults[i];
	return sum;
}

/* Is every buffer of the section back in its pool? */
static inline void ringtest_all_free(struct vni_port *port)
{
	struct vni_census census;

	vni_port_census(port, &census);
	CHECK(census.state[VNI_STATE_POOL] == port->geometry.nr_bufs);
	CHECK(census.listed == port->geometry.nr_bufs);
}

#endif /* RINGTEST_H */
