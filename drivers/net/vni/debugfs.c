// SPDX-License-Identifier: GPL-2.0
/*
 * vni in debugfs: <debugfs>/vni.0/buffers, a census of all buffers of the
 * machine by state word, and latency, how long frames were on their way.
 *
 * The census walks the whole pool and takes no lock, so it is exact only while no
 * node sends. See docs/vni.md.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "device.h"

static const char * const vni_state_names[] = {
	[VNI_STATE_POOL] = "pool",
	[VNI_STATE_CACHED] = "cached",
	[VNI_STATE_ALLOC] = "alloc",
	[VNI_STATE_INFLIGHT] = "inflight",
	[VNI_STATE_HELD] = "held",
	[VNI_STATE_BAD] = "bad",
};

static_assert(ARRAY_SIZE(vni_state_names) == VNI_STATE_BAD + 1);

static int vni_buffers_show(struct seq_file *file, void *unused)
{
	struct vni_priv *priv = file->private;
	struct vni_census census;
	unsigned int i;

	vni_port_census(&priv->port, &census);
	for (i = 0; i < ARRAY_SIZE(vni_state_names); i++)
		seq_printf(file, "%s: %u\n", vni_state_names[i],
			   census.state[i]);
	seq_printf(file, "invalid: %u\n", census.invalid);
	seq_printf(file, "listed: %u\n", census.listed);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vni_buffers);

static int vni_latency_file_show(struct seq_file *file, void *unused)
{
	vni_latency_show(file->private, file);
	return 0;
}

/* Whatever is written, the counts begin anew. */
static ssize_t vni_latency_file_write(struct file *file, const char __user *data,
				      size_t bytes, loff_t *at)
{
	struct seq_file *seq = file->private_data;

	vni_latency_clear(seq->private);
	return bytes;
}
DEFINE_SHOW_STORE_ATTRIBUTE(vni_latency_file);

/**
 * vni_debugfs_init() - show a device in debugfs
 * @priv: the device, whose parent is set
 */
void vni_debugfs_init(struct vni_priv *priv)
{
	priv->debugfs = debugfs_create_dir(dev_name(priv->netdev->dev.parent),
					   NULL);
	debugfs_create_file("buffers", 0400, priv->debugfs, priv,
			    &vni_buffers_fops);
	debugfs_create_file("latency", 0600, priv->debugfs, priv,
			    &vni_latency_file_fops);
}

/**
 * vni_debugfs_exit() - undo vni_debugfs_init(), after the last reader
 * @priv: the device, about to be freed
 */
void vni_debugfs_exit(struct vni_priv *priv)
{
	debugfs_remove(priv->debugfs);
}
