// SPDX-License-Identifier: GPL-2.0
/*
 * Doorbells: pending bits in the shared region, one word for each CPU of the
 * machine, behind one interrupt. A bit that is set already has an interrupt
 * on its way.
 */
#include <linux/cpuhotplug.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <asm/mint.h>
#include "core.h"

/**
 * struct mint_channel - who listens to a pending bit
 * @fn: called in hard interrupt context, NULL = nobody
 * @context: its argument; valid while @fn is set
 */
struct mint_channel {
	mint_channel_fn fn;
	void *context;
};

static struct mint_channel channels[MINT_NR_CHANNELS];
static DEFINE_PER_CPU(u32, machine_cpu);

static u32 nr_machine_cpus __ro_after_init;

static void mint_channel_handle(unsigned int channel)
{
	mint_channel_fn fn = READ_ONCE(channels[channel].fn);

	if (fn)
		fn(channels[channel].context);
}

static u64 *mint_doorbell_pending_word(unsigned int cpu)
{
	return &mint_region.doorbells[per_cpu(machine_cpu, cpu)].pending;
}

static void mint_doorbell_interrupt(void)
{
	u64 *word = mint_doorbell_pending_word(smp_processor_id());
	/* Full barrier: pairs with mint_or() in mint_doorbell_ring(). */
	u64 pending = mint_xchg(word, 0ULL);

	while (pending) {
		unsigned int channel = __ffs64(pending);

		pending &= pending - 1;
		mint_channel_handle(channel);
	}
}

/**
 * mint_doorbell_ring() - tell a CPU of any node that a channel has news
 * @cpu: machine-wide number; anything else is ignored
 * @channel: MINT_CHANNEL_*
 *
 * The handler of the channel sees what was written before the call.
 *
 * Context: any but NMI.
 */
void mint_doorbell_ring(u32 cpu, unsigned int channel)
{
	if (cpu >= nr_machine_cpus || channel >= MINT_NR_CHANNELS)
		return;
	if (mint_load(&mint_region.ledger->cpus[cpu].owner) == MINT_OWNER_NONE)
		return;
	/* Full barrier: pairs with the exchange in mint_doorbell_interrupt(). */
	if (!(mint_or(&mint_region.doorbells[cpu].pending, BIT_ULL(channel)) &
	      BIT_ULL(channel)))
		mint_ipi_send(mint_ledger_apic_id(cpu));
}
EXPORT_SYMBOL_GPL(mint_doorbell_ring);

/**
 * mint_machine_cpu() - what the machine calls a CPU of this node
 * @cpu: possible CPU of this kernel
 *
 * Return: its machine-wide number, as mint_doorbell_ring() takes it.
 */
u32 mint_machine_cpu(unsigned int cpu)
{
	return per_cpu(machine_cpu, cpu);
}
EXPORT_SYMBOL_GPL(mint_machine_cpu);

/**
 * mint_machine_nr_cpus() - how many CPUs the machine has
 *
 * Each node has one, and the lowest free id: no id is as high as this.
 *
 * Return: the number, up to MINT_MAX_CPUS.
 */
u32 mint_machine_nr_cpus(void)
{
	return nr_machine_cpus;
}
EXPORT_SYMBOL_GPL(mint_machine_nr_cpus);

/*
 * A CPU that is offline takes no interrupt, so what it was rung for goes to another
 * one. A bit that stays would be no good either when the CPU comes back: its
 * interrupt is lost, and while it is set nobody sends another one.
 */
static int mint_doorbell_hand_on(unsigned int cpu)
{
	u32 to = mint_machine_cpu(cpumask_first(cpu_online_mask));
	u64 pending = mint_xchg(mint_doorbell_pending_word(cpu), 0ULL);

	for (; pending; pending &= pending - 1)
		mint_doorbell_ring(to, __ffs64(pending));
	return 0;
}

/**
 * mint_doorbell_check() - look for bits whose interrupt never came
 *
 * While a bit is set nobody sends an interrupt for it. So a node that dies
 * between setting a bit and sending the interrupt would silence the channel for
 * good. A peer may also ring a CPU that has gone offline meanwhile. A bit that was
 * set just now costs one interrupt without news.
 *
 * Context: any but NMI.
 */
void mint_doorbell_check(void)
{
	unsigned int cpu;

	for_each_present_cpu(cpu) {
		if (!mint_load(mint_doorbell_pending_word(cpu)))
			continue;
		if (cpu_online(cpu))
			mint_ipi_send(cpu_physical_id(cpu));
		else
			mint_doorbell_hand_on(cpu);
	}
}

/**
 * mint_doorbell_pending() - does a CPU of this node still have to take a ring?
 * @channel: MINT_CHANNEL_*
 *
 * Return: true if the channel's bit is set on any of them.
 */
bool mint_doorbell_pending(unsigned int channel)
{
	unsigned int cpu;

	for_each_present_cpu(cpu)
		if (mint_load(mint_doorbell_pending_word(cpu)) & BIT_ULL(channel))
			return true;
	return false;
}
EXPORT_SYMBOL_GPL(mint_doorbell_pending);

/**
 * mint_doorbell_ring_node() - ring the CPU that a node has booted on
 * @node: node id, less than MINT_MAX_NODES; the own one is allowed
 * @channel: MINT_CHANNEL_*
 */
void mint_doorbell_ring_node(u32 node, unsigned int channel)
{
	mint_doorbell_ring(mint_load(&mint_node_entry(node)->life.boot_cpu), channel);
}

/**
 * mint_doorbell_ring_peers() - ring every other node that has been started
 * @channel: MINT_CHANNEL_*
 */
void mint_doorbell_ring_peers(unsigned int channel)
{
	u32 node;

	for (node = 0; node < MINT_MAX_NODES; node++)
		if (node != mint_facts.node &&
		    mint_load(&mint_node_entry(node)->life.life) == MINT_LIFE_STARTED)
			mint_doorbell_ring_node(node, channel);
}

/**
 * mint_channel_register() - listen to a channel
 * @channel: MINT_CHANNEL_*
 * @fn: called in hard interrupt context, possibly without news
 * @context: its argument
 *
 * Return: 0, -EINVAL if there is no such channel, -EBUSY if it has a listener.
 */
int mint_channel_register(unsigned int channel, mint_channel_fn fn, void *context)
{
	if (channel >= MINT_NR_CHANNELS)
		return -EINVAL;
	if (channels[channel].fn)
		return -EBUSY;
	channels[channel].context = context;
	/* Pairs with the dependency through fn in mint_channel_handle(). */
	smp_store_release(&channels[channel].fn, fn);
	return 0;
}
EXPORT_SYMBOL_GPL(mint_channel_register);

/**
 * mint_channel_unregister() - stop listening
 * @channel: what was registered
 *
 * When it returns, the handler neither runs nor will run. Context: may sleep.
 */
void mint_channel_unregister(unsigned int channel)
{
	WRITE_ONCE(channels[channel].fn, NULL);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(mint_channel_unregister);

static u32 __init mint_machine_cpu_of(u32 apic_id)
{
	u32 cpu;

	for (cpu = 0; cpu < nr_machine_cpus; cpu++)
		if (mint_ledger_apic_id(cpu) == apic_id)
			return cpu;
	return 0;
}

static int __init mint_doorbell_init(void)
{
	unsigned int cpu;
	int state;

	if (!mint_active())
		return 0;
	nr_machine_cpus = mint_ledger_nr_cpus();
	for_each_possible_cpu(cpu)
		per_cpu(machine_cpu, cpu) = mint_machine_cpu_of(cpu_physical_id(cpu));
	mint_ipi_listen(mint_doorbell_interrupt);
	/*
	 * The interrupt of a bit that was set before we listened is lost, and
	 * the bit would keep others from ringing. Nothing else is lost: whoever
	 * registers for a channel looks for news once.
	 */
	for_each_possible_cpu(cpu)
		mint_xchg(mint_doorbell_pending_word(cpu), 0ULL);
	state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "mint/doorbell:dead",
					  mint_doorbell_hand_on, mint_doorbell_hand_on);
	return min(state, 0);
}
core_initcall(mint_doorbell_init);
