/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mint inside one kernel: what the node core (drivers/mint) offers to the
 * platform code and to drivers on the mint bus.
 */
#ifndef _LINUX_MINT_H
#define _LINUX_MINT_H

#include <linux/device.h>
#include <linux/notifier.h>
#include <mint/abi.h>

/**
 * struct mint_device - a device on the mint bus
 * @dev: the device; its name is "<kind>.<number>"
 * @kind: what drivers match, e.g. "vni"
 * @section: its section of the shared region, mapped
 * @section_bytes: size of the section
 */
struct mint_device {
	struct device dev;
	const char *kind;
	void *section;
	u64 section_bytes;
};

#define to_mint_device(d)	container_of(d, struct mint_device, dev)

/**
 * struct mint_driver - a driver on the mint bus
 * @driver: name, and owner set by the register call
 * @kind: the device kind it drives
 * @probe: bind to a device
 * @remove: let go of it
 */
struct mint_driver {
	struct device_driver driver;
	const char *kind;
	int (*probe)(struct mint_device *mdev);
	void (*remove)(struct mint_device *mdev);
};

int __mint_driver_register(struct mint_driver *driver, struct module *owner);
void mint_driver_unregister(struct mint_driver *driver);

#define mint_driver_register(driver) \
	__mint_driver_register(driver, THIS_MODULE)

int mint_device_format(struct mint_device *mdev,
		       int (*format)(void *section, u64 bytes));

/* The own node and its peers; valid once a mint_device exists. */
u32 mint_self_node(void);
u32 mint_self_generation(void);
u64 mint_self_word(void);

/**
 * struct mint_peer - a node as this kernel last saw it, all fields checked
 * @node: node id
 * @generation: the generation that is or was running
 * @fenced: generations up to this one are stopped for good
 * @running: it says RUNNING for @generation, is not fenced, and its heartbeat
 *	moves
 * @boot_cpu: machine-wide number of its boot CPU
 */
struct mint_peer {
	u32 node;
	u32 generation;
	u32 fenced;
	bool running;
	u32 boot_cpu;
};

void mint_peer_get(u32 node, struct mint_peer *peer);
int mint_owner_dead(void *unused, __u32 node, __u32 generation);

/*
 * Chain called in process context, under no lock of ours, whenever the state
 * of a peer has changed: value 0, data a struct mint_peer. Registering does
 * not replay the present state: read it with mint_peer_get() afterwards.
 */
int mint_peer_notifier_register(struct notifier_block *nb);
int mint_peer_notifier_unregister(struct notifier_block *nb);

/* Doorbells */
typedef void (*mint_channel_fn)(void *context);

int mint_channel_register(unsigned int channel, mint_channel_fn fn,
			  void *context);
void mint_channel_unregister(unsigned int channel);
u32 mint_machine_cpu(unsigned int cpu);
u32 mint_machine_nr_cpus(void);
void mint_doorbell_ring(u32 cpu, unsigned int channel);
bool mint_doorbell_pending(unsigned int channel);

struct mint_idler;
struct task_struct;

/**
 * struct mint_idler_ops - what an idle CPU looks for; called with preemption off
 * @begin: nobody needs to tell of news from now on. Returns false if it is no time
 *	to look; then @end is not called
 * @pending: are there news?
 * @end: have oneself told again, and see to what came meanwhile; @found: what
 *	@pending has said last
 */
struct mint_idler_ops {
	bool (*begin)(struct mint_idler *idler);
	bool (*pending)(struct mint_idler *idler);
	void (*end)(struct mint_idler *idler, bool found);
};

/**
 * struct mint_idler - looks for news while its CPU has nothing else to do
 * @ops: for what, and how
 * @thread: the poller
 * @left: nanoseconds for which it still looks; 0 = it sleeps. Written by who arms it,
 *	and by @thread between begin() and end(); also read without
 * @score: grows with looks in vain and falls with those that find news
 * @pause: how often it has to be armed until it may look again
 *
 * @score and @pause are written as @left is.
 */
struct mint_idler {
	const struct mint_idler_ops *ops;
	struct task_struct *thread;
	s64 left;
	int score;
	unsigned int pause;
};

int mint_idler_start(struct mint_idler *idler, unsigned int cpu, const char *name,
		     unsigned int number);
void mint_idler_stop(struct mint_idler *idler);
void mint_idler_move(struct mint_idler *idler, unsigned int cpu);
bool mint_idler_armed(const struct mint_idler *idler);
void mint_idler_arm(struct mint_idler *idler);

#endif /* _LINUX_MINT_H */
