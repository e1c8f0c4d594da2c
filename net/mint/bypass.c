// SPDX-License-Identifier: GPL-2.0
/*
 * TCP between the nodes of one machine past TCP.
 *
 * This file is the life of the device on the mint bus. See docs/bypass.md, which
 * says what the other files are.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "bypass.h"

#define CHECK_INTERVAL		(HZ / 10)

struct mint_bypass_dev *mint_bypass;

/* Hard interrupt: sockets are woken in softirq context. */
static void mint_bypass_doorbell(void *context)
{
	struct mint_bypass_dev *dev = context;

	queue_work(system_bh_highpri_wq, &dev->work);
}

static void mint_bypass_work(struct work_struct *work)
{
	mint_signals_handle();
	mint_watch_arm();
}

static void mint_bypass_check(struct work_struct *work)
{
	mint_signals_check();
	mint_sockets_check();
	/* This node has buried their peers, or another one has. */
	mint_sockets_lost();
	queue_delayed_work(system_wq, &mint_bypass->check, CHECK_INTERVAL);
}

/* A peer that has ended is buried. Returns true if it had connections. */
static bool mint_peer_refresh(u32 node)
{
	struct mint_peer peer;

	mint_peer_get(node, &peer);
	if (peer.running)
		WRITE_ONCE(mint_bypass->running, mint_bypass->running | BIT_ULL(node));
	else
		WRITE_ONCE(mint_bypass->running, mint_bypass->running & ~BIT_ULL(node));
	return peer.fenced && mint_pairs_bury(&mint_bypass->view, node, peer.fenced);
}

static int mint_peer_event(struct notifier_block *nb, unsigned long unused, void *data)
{
	const struct mint_peer *peer = data;

	if (peer->node >= MINT_MAX_NODES || peer->node == mint_bypass->view.node)
		return NOTIFY_OK;
	/* A socket may be in use for long: the watch of the nodes does not wait for it. */
	if (mint_peer_refresh(peer->node))
		mod_delayed_work(system_wq, &mint_bypass->check, 0);
	return NOTIFY_OK;
}

static int mint_bypass_attach(struct mint_device *mdev, struct mint_view *view)
{
	int err;

	err = mint_device_format(mdev, mint_bypass_format);
	if (!err)
		err = mint_view_init(view, mdev->section, mdev->section_bytes, mint_self_node(),
				     mint_self_generation(), mint_owner_dead, NULL);
	if (err)
		dev_err(&mdev->dev, "unusable bypass section: %d\n", err);
	return err;
}

static struct mint_bypass_dev *mint_bypass_create(struct mint_device *mdev)
{
	struct mint_bypass_dev *dev = kvzalloc(sizeof(*dev), GFP_KERNEL);
	int err;

	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->counts = alloc_percpu(struct mint_counts);
	err = dev->counts ? mint_bypass_attach(mdev, &dev->view) : -ENOMEM;
	if (err) {
		free_percpu(dev->counts);
		kvfree(dev);
		return ERR_PTR(err);
	}
	dev->mdev = mdev;
	dev->peer_notifier.notifier_call = mint_peer_event;
	spin_lock_init(&dev->lock);
	INIT_WORK(&dev->work, mint_bypass_work);
	INIT_DELAYED_WORK(&dev->check, mint_bypass_check);
	return dev;
}

static void mint_bypass_destroy(struct mint_bypass_dev *dev)
{
	mint_bypass = NULL;
	free_percpu(dev->counts);
	kvfree(dev);
}

static int mint_bypass_probe(struct mint_device *mdev)
{
	struct mint_bypass_dev *dev = mint_bypass_create(mdev);
	u32 node;
	int err;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	mint_bypass = dev;
	mint_pairs_bury(&dev->view, dev->view.node, dev->view.generation - 1);
	err = mint_watches_start();
	if (err)
		goto destroy;
	err = mint_channel_register(MINT_CHANNEL_BYPASS, mint_bypass_doorbell, dev);
	if (err)
		goto stop_watches;
	err = mint_netns_init();
	if (err)
		goto unregister_channel;
	err = mint_peer_notifier_register(&dev->peer_notifier);
	if (err)
		goto exit_netns;
	for (node = 0; node < MINT_MAX_NODES; node++)
		if (node != dev->view.node)
			mint_peer_refresh(node);
	err = tcp_set_default_ulp(&mint_ulp);
	if (err)
		goto unregister_notifier;
	queue_delayed_work(system_wq, &dev->check, CHECK_INTERVAL);
	mint_line_open(&dev->view, true);
	return 0;

unregister_notifier:
	mint_peer_notifier_unregister(&dev->peer_notifier);
	cancel_delayed_work_sync(&dev->check);
exit_netns:
	mint_netns_exit();
unregister_channel:
	mint_channel_unregister(MINT_CHANNEL_BYPASS);
	cancel_work_sync(&dev->work);
stop_watches:
	mint_watches_stop();
destroy:
	mint_bypass_destroy(dev);
	return err;
}

/* No socket is ours any more: each of them holds the module. */
static void mint_bypass_remove(struct mint_device *mdev)
{
	struct mint_bypass_dev *dev = mint_bypass;

	mint_line_open(&dev->view, false);
	tcp_clear_default_ulp();
	mint_calls_drain();
	mint_peer_notifier_unregister(&dev->peer_notifier);
	cancel_delayed_work_sync(&dev->check);
	mint_netns_exit();
	mint_channel_unregister(MINT_CHANNEL_BYPASS);
	cancel_work_sync(&dev->work);
	mint_watches_stop();
	mint_bypass_destroy(dev);
}

static struct mint_driver mint_bypass_driver = {
	.driver.name	= "bypass",
	.driver.dev_groups = mint_bypass_groups,
	.driver.suppress_bind_attrs = true,
	.kind		= "bypass",
	.probe		= mint_bypass_probe,
	.remove		= mint_bypass_remove,
};

static int __init mint_bypass_init(void)
{
	return mint_driver_register(&mint_bypass_driver);
}
module_init(mint_bypass_init);

static void __exit mint_bypass_exit(void)
{
	mint_driver_unregister(&mint_bypass_driver);
	rcu_barrier();
}
module_exit(mint_bypass_exit);

MODULE_ALIAS("mint:bypass");
MODULE_DESCRIPTION("TCP between the nodes of one machine past TCP");
MODULE_LICENSE("GPL");
