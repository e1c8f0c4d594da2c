/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of vni: the way of frames, who is woken, and who waits. See "Looking
 * into the path" in docs/vni.md.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vni

#if !defined(VNI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VNI_TRACE_H

#include <linux/tracepoint.h>

#include "frame.h"

/* Frames were put into the ring of another node, or could not be. */
TRACE_EVENT(vni_post,
	TP_PROTO(const struct vni_port *port, u32 ring, const struct vni_frame *frames,
		 unsigned int n, int posted),
	TP_ARGS(port, ring, frames, n, posted),
	TP_STRUCT__entry(
		__field(u32, node)
		__field(u32, queue)
		__field(u32, frames)
		__field(int, posted)
		__field(u32, handle)
		__field(u32, length)
	),
	TP_fast_assign(
		__entry->node = ring >> port->queue_shift;
		__entry->queue = ring & (port->geometry.nr_queues - 1);
		__entry->frames = n;
		__entry->posted = posted;
		__entry->handle = frames[0].handle;
		__entry->length = frames[0].length;
	),
	TP_printk("node=%u queue=%u frames=%u posted=%d first: handle=%#x length=%u",
		  __entry->node, __entry->queue, __entry->frames, __entry->posted,
		  __entry->handle, __entry->length)
);

/* A frame was taken out of an own ring. */
TRACE_EVENT(vni_take,
	TP_PROTO(u32 queue, const struct vni_frame *frame),
	TP_ARGS(queue, frame),
	TP_STRUCT__entry(
		__field(u32, queue)
		__field(u32, source)
		__field(u32, handle)
		__field(u32, length)
	),
	TP_fast_assign(
		__entry->queue = queue;
		__entry->source = frame->slot.source;
		__entry->handle = frame->handle;
		__entry->length = frame->length;
	),
	TP_printk("queue=%u source=%u handle=%#x length=%u",
		  __entry->queue, __entry->source, __entry->handle, __entry->length)
);

/* A descriptor in an own ring was impossible: what stands there, unchecked. */
TRACE_EVENT(vni_bad_descriptor,
	TP_PROTO(u32 queue, const struct vni_frame *frame),
	TP_ARGS(queue, frame),
	TP_STRUCT__entry(
		__field(u32, queue)
		__field(u32, source)
		__field(u32, generation)
		__field(u32, handle)
		__field(u32, length)
		__field(u32, flags)
	),
	TP_fast_assign(
		__entry->queue = queue;
		__entry->source = frame->slot.source;
		__entry->generation = frame->slot.generation;
		__entry->handle = frame->handle;
		__entry->length = frame->length;
		__entry->flags = frame->slot.vnet_flags;
	),
	TP_printk("queue=%u source=%u generation=%u handle=%#x length=%u vnet_flags=%#x",
		  __entry->queue, __entry->source, __entry->generation, __entry->handle,
		  __entry->length, __entry->flags)
);

/* The doorbell of a peer was rung, for frames or for other news. */
TRACE_EVENT(vni_doorbell,
	TP_PROTO(u32 node, u32 queue, u32 cpu),
	TP_ARGS(node, queue, cpu),
	TP_STRUCT__entry(
		__field(u32, node)
		__field(u32, queue)
		__field(u32, cpu)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->queue = queue;
		__entry->cpu = cpu;
	),
	TP_printk("node=%u queue=%u cpu=%u", __entry->node, __entry->queue, __entry->cpu)
);

DECLARE_EVENT_CLASS(vni_txq,
	TP_PROTO(int node, u32 queue, unsigned int frames, bool waiting),
	TP_ARGS(node, queue, frames, waiting),
	TP_STRUCT__entry(
		__field(int, node)
		__field(u32, queue)
		__field(u32, frames)
		__field(bool, waiting)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->queue = queue;
		__entry->frames = frames;
		__entry->waiting = waiting;
	),
	TP_printk("node=%d queue=%u frames=%u waits_for_buffer=%d",
		  __entry->node, __entry->queue, __entry->frames, __entry->waiting)
);

/* A TX queue was left stopped, with so many frames that the ring has no room for. */
DEFINE_EVENT(vni_txq, vni_stop,
	TP_PROTO(int node, u32 queue, unsigned int frames, bool waiting),
	TP_ARGS(node, queue, frames, waiting));

/* Such a stop has ended. */
DEFINE_EVENT(vni_txq, vni_wake,
	TP_PROTO(int node, u32 queue, unsigned int frames, bool waiting),
	TP_ARGS(node, queue, frames, waiting));

DECLARE_EVENT_CLASS(vni_loan,
	TP_PROTO(u32 queue, u32 handle, u32 lent),
	TP_ARGS(queue, handle, lent),
	TP_STRUCT__entry(
		__field(u32, queue)
		__field(u32, handle)
		__field(u32, lent)
	),
	TP_fast_assign(
		__entry->queue = queue;
		__entry->handle = handle;
		__entry->lent = lent;
	),
	TP_printk("queue=%u handle=%#x lent=%u", __entry->queue, __entry->handle, __entry->lent)
);

/* The stack was given a buffer to read, and has so many of the queue now. */
DEFINE_EVENT(vni_loan, vni_lend,
	TP_PROTO(u32 queue, u32 handle, u32 lent),
	TP_ARGS(queue, handle, lent));

/* It has given one back. */
DEFINE_EVENT(vni_loan, vni_return,
	TP_PROTO(u32 queue, u32 handle, u32 lent),
	TP_ARGS(queue, handle, lent));

/* What dead incarnations of a node held was taken back, unless a lock was not had. */
TRACE_EVENT(vni_bury,
	TP_PROTO(u32 node, u32 generation, bool done),
	TP_ARGS(node, generation, done),
	TP_STRUCT__entry(
		__field(u32, node)
		__field(u32, generation)
		__field(bool, done)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->generation = generation;
		__entry->done = done;
	),
	TP_printk("node=%u generation=%u done=%d",
		  __entry->node, __entry->generation, __entry->done)
);

#endif /* VNI_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
