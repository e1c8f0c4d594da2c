// SPDX-License-Identifier: GPL-2.0
/*
 * The CPUs of vni: which one serves which queue, and what each has for itself.
 *
 * When a CPU goes offline or comes back, doorbells and idle threads move; NAPI
 * runs on the CPU that is kicked. The node core hands on a doorbell that still
 * goes to the old CPU, and the stack hands on polls that were due there. Lock
 * order: CPU hotplug, vni_priv.lock. See docs/vni.md.
 */
#include <linux/cpuhotplug.h>
#include <linux/percpu.h>

#include "device.h"

/* Called on the CPU while it still runs, and on another when it is dead. */
static enum cpuhp_state vni_online_state;
static enum cpuhp_state vni_dead_state;

/**
 * vni_cpus_look() - choose the queue that each CPU polls when it sends
 * @priv: the device, its lock held
 * @open: false: none
 */
void vni_cpus_look(struct vni_priv *priv, bool open)
{
	unsigned int cpu, i;

	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu_ptr(priv->cpu, cpu)->rxq, NULL);
	for (i = 0; open && i < priv->nr_rxqs; i++)
		WRITE_ONCE(per_cpu_ptr(priv->cpu, vni_queue_cpu(priv, i))->rxq,
			   &priv->rxqs[i]);
}

static void vni_queue_move(struct vni_priv *priv, u32 queue)
{
	u32 number = vni_ring_number(&priv->port, priv->port.node, queue);
	unsigned int cpu = vni_queue_cpu(priv, queue);

	mint_store(&vni_ring_of(&priv->port, number)->receiver.cpu,
		   mint_machine_cpu(cpu));
	mint_idler_move(&priv->rxqs[queue].idler, cpu);
}

static void vni_cpu_use(struct vni_priv *priv, unsigned int cpu, bool use)
{
	unsigned int i;

	guard(mutex)(&priv->lock);
	cpumask_assign_cpu(cpu, &priv->cpus, use);
	if (!priv->open)
		return;
	vni_cpus_look(priv, true);
	for (i = 0; i < priv->nr_rxqs; i++)
		vni_queue_move(priv, i);
}

static int vni_cpu_online(unsigned int cpu, struct hlist_node *node)
{
	vni_cpu_use(hlist_entry(node, struct vni_priv, online_node), cpu, true);
	return 0;
}

/* The CPU still runs, and polls what it is kicked for meanwhile. */
static int vni_cpu_offline(unsigned int cpu, struct hlist_node *node)
{
	vni_cpu_use(hlist_entry(node, struct vni_priv, online_node), cpu, false);
	return 0;
}

/* Returns the free buffers of the CPU to the pool. */
static int vni_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct vni_priv *priv = hlist_entry(node, struct vni_priv, dead_node);

	guard(irqsave)();
	vni_cache_flush(&priv->port, &per_cpu_ptr(priv->cpu, cpu)->cache);
	return 0;
}

/**
 * vni_cpus_init() - prepare what each CPU has, and follow CPU hotplug
 * @priv: the device, its lock initialised
 *
 * Return: 0 or a negative error.
 */
int vni_cpus_init(struct vni_priv *priv)
{
	int cpu, err;

	priv->cpu = alloc_percpu(struct vni_cpu);
	if (!priv->cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(priv->cpu, cpu)->cache.cpu = cpu;
	err = cpuhp_state_add_instance_nocalls(vni_dead_state,
					       &priv->dead_node);
	if (err)
		goto free_cpus;
	/* This calls vni_cpu_online() for each CPU that is online. */
	err = cpuhp_state_add_instance(vni_online_state, &priv->online_node);
	if (err)
		goto remove_dead;
	return 0;

remove_dead:
	cpuhp_state_remove_instance_nocalls(vni_dead_state, &priv->dead_node);
free_cpus:
	free_percpu(priv->cpu);
	return err;
}

/**
 * vni_cpus_destroy() - undo vni_cpus_init()
 * @priv: the device, closed
 */
void vni_cpus_destroy(struct vni_priv *priv)
{
	cpuhp_state_remove_instance_nocalls(vni_online_state,
					    &priv->online_node);
	cpuhp_state_remove_instance_nocalls(vni_dead_state, &priv->dead_node);
	free_percpu(priv->cpu);
}

/**
 * vni_hotplug_init() - register with CPU hotplug, once for all devices
 *
 * Return: 0 or a negative error.
 */
int __init vni_hotplug_init(void)
{
	int state;

	state = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "net/vni:online",
					vni_cpu_online, vni_cpu_offline);
	if (state < 0)
		return state;
	vni_online_state = state;
	state = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN, "net/vni:dead",
					NULL, vni_cpu_dead);
	if (state < 0) {
		cpuhp_remove_multi_state(vni_online_state);
		return state;
	}
	vni_dead_state = state;
	return 0;
}

/**
 * vni_hotplug_exit() - undo vni_hotplug_init()
 */
void vni_hotplug_exit(void)
{
	cpuhp_remove_multi_state(vni_dead_state);
	cpuhp_remove_multi_state(vni_online_state);
}
