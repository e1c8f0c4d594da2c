// SPDX-License-Identifier: GPL-2.0
/*
 * How long frames were on their way: from when the sender's driver had them until
 * this node took them out of its ring, by source and queue.
 *
 * The sender writes its time stamp counter into the descriptor, if the receiver
 * wants it; all CPUs of a machine count alike. See "Looking into the path" in
 * docs/vni.md.
 */
#include <asm/msr.h>
#include <asm/tsc.h>
#include <kunit/visibility.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "device.h"

DEFINE_STATIC_KEY_FALSE(vni_latency_key);

/* Below which latency a part of the frames stays. */
struct vni_quantile {
	unsigned int permille;
	const char *name;
};

static const struct vni_quantile vni_quantiles[] = {
	{ 500, "p50" }, { 900, "p90" }, { 990, "p99" }, { 999, "p99.9" }, { 1000, "most" },
};

/**
 * vni_latency_bucket() - where a latency is counted
 * @cycles: the latency
 *
 * Return: number of the bucket, of which there are four for each power of two.
 */
unsigned int vni_latency_bucket(u32 cycles)
{
	unsigned int bit;

	if (cycles < 4)
		return cycles;
	bit = fls(cycles) - 1;
	return (bit - 1) * 4 + (cycles >> (bit - 2) & 3);
}
EXPORT_SYMBOL_IF_KUNIT(vni_latency_bucket);

/**
 * vni_latency_first() - where a bucket begins
 * @bucket: its number, up to that behind the last one
 *
 * Return: cycles.
 */
u64 vni_latency_first(unsigned int bucket)
{
	if (bucket < 4)
		return bucket;
	return (u64)(4 + bucket % 4) << (bucket / 4 - 1);
}
EXPORT_SYMBOL_IF_KUNIT(vni_latency_first);

/* The table of a queue, or NULL. */
static struct vni_latency *vni_latency_table(struct vni_rxq *rxq)
{
	/* It is zeroed: pairs with the release in vni_latency_alloc(). */
	return smp_load_acquire(&rxq->latency);
}

/**
 * vni_latency_note() - count how long a frame was on its way
 * @rxq: the queue that it came by
 * @frame: the frame, just taken
 *
 * Context: NAPI.
 */
void vni_latency_note(struct vni_rxq *rxq, const struct vni_frame *frame)
{
	struct vni_latency *table = vni_latency_table(rxq);
	u32 cycles = (u32)rdtsc() - frame->slot.tsc;
	u64 *frames;

	if (!table || !frame->slot.tsc)
		return;
	/* Read out of order, the counter may seem to run backwards. */
	if (cycles > VNI_LATENCY_MOST)
		cycles = 0;
	frames = &table[frame->slot.source].frames[vni_latency_bucket(cycles)];
	WRITE_ONCE(*frames, READ_ONCE(*frames) + 1);
}

static int vni_latency_alloc(struct vni_priv *priv)
{
	struct vni_latency *table;
	unsigned int i;

	for (i = 0; i < vni_nr_queues(priv); i++) {
		if (priv->rxqs[i].latency)
			continue;
		table = kvcalloc(vni_nr_nodes(priv), sizeof(*table), GFP_KERNEL);
		if (!table)
			return -ENOMEM;
		/* Zeroed: pairs with the acquire in vni_latency_table(). */
		smp_store_release(&priv->rxqs[i].latency, table);
	}
	return 0;
}

/**
 * vni_latency_set() - switch it on or off
 * @priv: the device, open or closed; RTNL held
 * @on: true: ask senders for time stamps, and count
 *
 * Return: 0 or -ENOMEM.
 */
int vni_latency_set(struct vni_priv *priv, bool on)
{
	int err = on ? vni_latency_alloc(priv) : 0;

	if (err || on == priv->rx_latency)
		return err;
	WRITE_ONCE(priv->rx_latency, on);
	if (on)
		static_branch_inc(&vni_latency_key);
	else
		static_branch_dec(&vni_latency_key);
	vni_receiver_refresh(priv);
	return 0;
}

/**
 * vni_latency_destroy() - free the tables
 * @priv: the device, which polls no more
 */
void vni_latency_destroy(struct vni_priv *priv)
{
	unsigned int i;

	if (priv->rx_latency)
		static_branch_dec(&vni_latency_key);
	for (i = 0; i < vni_nr_queues(priv); i++)
		kvfree(priv->rxqs[i].latency);
}

/**
 * vni_latency_clear() - begin anew
 * @priv: the device
 *
 * What is counted at that moment may get lost, or stay.
 */
void vni_latency_clear(struct vni_priv *priv)
{
	unsigned int queue, source, bucket;

	for (queue = 0; queue < vni_nr_queues(priv); queue++) {
		struct vni_latency *table = vni_latency_table(&priv->rxqs[queue]);

		for (source = 0; table && source < vni_nr_nodes(priv); source++)
			for (bucket = 0; bucket < VNI_LATENCY_BUCKETS; bucket++)
				WRITE_ONCE(table[source].frames[bucket], 0);
	}
}

/* Nanoseconds below which so many of the frames stay. */
static u64 vni_latency_below(const struct vni_latency *row, u64 frames)
{
	unsigned int bucket;
	u64 seen = 0;

	for (bucket = 0; bucket < VNI_LATENCY_BUCKETS - 1; bucket++) {
		seen += READ_ONCE(row->frames[bucket]);
		if (seen >= frames)
			break;
	}
	return div_u64(vni_latency_first(bucket + 1) * USEC_PER_SEC, tsc_khz);
}

static void vni_latency_show_row(struct seq_file *file, u32 source, u32 queue,
				 const struct vni_latency *row)
{
	u64 frames = 0, part;
	unsigned int i;

	for (i = 0; i < VNI_LATENCY_BUCKETS; i++)
		frames += READ_ONCE(row->frames[i]);
	if (!frames)
		return;
	seq_printf(file, "%6u %5u %10llu", source, queue, frames);
	for (i = 0; i < ARRAY_SIZE(vni_quantiles); i++) {
		part = DIV_ROUND_UP_ULL(frames * vni_quantiles[i].permille, 1000);
		seq_printf(file, " %10llu", vni_latency_below(row, part));
	}
	seq_putc(file, '\n');
}

/**
 * vni_latency_show() - a line for each source and queue with frames
 * @priv: the device
 * @file: where to; nanoseconds, rounded up to the end of their bucket
 */
void vni_latency_show(struct vni_priv *priv, struct seq_file *file)
{
	u32 queue, source;
	unsigned int i;

	seq_puts(file, "source queue     frames");
	for (i = 0; i < ARRAY_SIZE(vni_quantiles); i++)
		seq_printf(file, " %7s_ns", vni_quantiles[i].name);
	seq_putc(file, '\n');
	for (queue = 0; queue < vni_nr_queues(priv); queue++) {
		struct vni_latency *table = vni_latency_table(&priv->rxqs[queue]);

		for (source = 0; table && source < vni_nr_nodes(priv); source++)
			vni_latency_show_row(file, source, queue, &table[source]);
	}
}
