// SPDX-License-Identifier: GPL-2.0
/*
 * Life of the other nodes: create, load, start, kill, destroy. A node belongs to
 * whoever has its hold, and is in MINT_LIFE_LOADING meanwhile; what it owns
 * changes under the ledger. INIT comes before anything of it is touched.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/ctype.h>
#include <linux/io.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <asm/mint.h>
#include <asm/tsc.h>
#include "core.h"

#define MAP_BYTES	SZ_2M
/* So little that the CPU may schedule often, even if an emulator is slow. */
#define COPY_BYTES	SZ_64K
/* What is done with a node at one go is done by then: a fence and a reset. */
#define AT_WORK_MS	5000

/* A kill is short: a command that wants the node meanwhile waits for its end. */
static DEFINE_MUTEX(kill_mutex);

/* PCI functions of ours are on their way to another node for one at a time. */
static DEFINE_MUTEX(create_mutex);

static bool valid_name(const char *name)
{
	size_t i, n = strnlen(name, MINT_NAME_BYTES);

	if (!n || n == MINT_NAME_BYTES)
		return false;
	for (i = 0; i < n; i++)
		if (!isalnum(name[i]) && !strchr("-_.", name[i]))
			return false;
	return true;
}

static u32 life_of(u32 node)
{
	return mint_load(&mint_node_entry(node)->life.life);
}

static int find_free_id(const char *name, u32 *id)
{
	u32 node;

	*id = MINT_MAX_NODES;
	for (node = MINT_MAX_NODES; node-- > 0;) {
		struct mint_node_life *life = &mint_node_entry(node)->life;

		if (life->life == MINT_LIFE_NONE)
			*id = node;
		else if (!strncmp(life->name, name, MINT_NAME_BYTES))
			return -EEXIST;
	}
	return *id == MINT_MAX_NODES ? -ENOSPC : 0;
}

static void enter_node(u32 node, const struct mint_ioc_create *want)
{
	struct mint_node_life *life = &mint_node_entry(node)->life;
	u32 cpus[MINT_MAX_CPUS];

	mint_ledger_cpus(node, cpus);
	/* A kernel starts its other CPUs by INIT. */
	mint_store(&life->boot_cpu, mint_ledger_has_boot_cpu(node) ?
		   mint_ledger_boot_cpu() : cpus[0]);
	mint_store(&life->policy, want->policy);
	memcpy(life->name, want->name, MINT_NAME_BYTES);
	mint_store_release(&life->life, MINT_LIFE_CREATED);
}

static int claim_and_enter(struct mint_ioc_create *want)
{
	int err = mint_ledger_lock();

	if (err)
		return err;
	err = find_free_id(want->name, &want->node);
	if (!err)
		err = mint_pci_check(want);
	if (!err)
		err = mint_ledger_claim(want->node, want);
	if (!err) {
		mint_pci_claim(want->node, want);
		enter_node(want->node, want);
	}
	mint_ledger_unlock();
	return err;
}

/**
 * mint_life_create() - claim CPUs, memory and PCI functions for a new node
 * @want: see MINT_IOC_CREATE
 */
int mint_life_create(struct mint_ioc_create *want)
{
	int err;

	if (!valid_name(want->name) || !want->nr_extents ||
	    want->nr_extents > MINT_HANDOVER_EXTENTS ||
	    want->nr_functions > MINT_NODE_FUNCTIONS ||
	    want->policy > MINT_POLICY_ALWAYS)
		return -EINVAL;
	mutex_lock(&create_mutex);
	err = mint_pci_freeze(want);
	if (!err) {
		err = claim_and_enter(want);
		if (err)
			mint_pci_thaw(want);
		else
			mint_pci_let_go(want);
	}
	mutex_unlock(&create_mutex);
	if (!err)
		mint_peers_changed();
	return err;
}

static bool is_meant(u32 node, u32 generation)
{
	return generation == MINT_ANY_GENERATION ||
	       generation == mint_load(&mint_node_entry(node)->life.generation);
}

/* A loader of ABI 2.0 has no hold: the node is its own until it ends. */
static bool is_left_behind(u32 loader)
{
	struct mint_node *entry = mint_node_entry(loader);

	return loader < MINT_MAX_NODES &&
	       ((mint_load(&entry->self.abi) & 0xffff) > 0 ||
		mint_node_ended(loader, mint_load(&entry->life.generation)));
}

static int enter_loading(u32 node)
{
	struct mint_node_life *life = &mint_node_entry(node)->life;
	u32 seen = mint_load(&life->life);
	u16 loader = mint_load(&life->loader);

	if (seen == MINT_LIFE_NONE)
		return -ENOENT;
	if (seen == MINT_LIFE_LOADING)
		return is_left_behind(loader) &&
		       mint_cmpxchg(&life->loader, loader, (u16)mint_facts.node) == loader ?
			0 : -EBUSY;
	/* Before, so that no dead loader is seen; after, if another lost. */
	mint_store(&life->loader, (u16)mint_facts.node);
	if (mint_cmpxchg(&life->life, seen, MINT_LIFE_LOADING) != seen)
		return -EBUSY;
	mint_store(&life->loader, (u16)mint_facts.node);
	return 0;
}

static void let_go(u32 node, u32 life)
{
	mint_store_release(&mint_node_entry(node)->life.life, life);
	mint_hold_end(node);
	mint_peers_changed();
}

/* Gives up loading; a node that was fenced stays stopped. */
static void abort_loading(u32 node)
{
	struct mint_node_life *life = &mint_node_entry(node)->life;
	u32 generation = mint_load(&life->generation);

	if (mint_load(&life->fenced) < generation)
		let_go(node, MINT_LIFE_STARTED);
	else
		let_go(node, generation ? MINT_LIFE_STOPPED : MINT_LIFE_CREATED);
}

/*
 * Makes us the only one who may touch the node. Not under the ledger's lock:
 * its owner may be the very node that is to be stopped.
 */
static int take_for_loading(u32 node, u32 generation, bool force, u64 *hold)
{
	int err;

	if (node >= MINT_MAX_NODES || life_of(node) == MINT_LIFE_NONE)
		return -ENOENT;
	if (node == mint_facts.node)
		return -EPERM;
	if (!is_meant(node, generation))
		return -ESTALE;
	*hold = mint_hold_take(node, force);
	if (!*hold)
		return -EBUSY;
	err = enter_loading(node);
	if (err) {
		mint_hold_end(node);
		return err;
	}
	if (is_meant(node, generation))
		return 0;
	/* It was started between our two looks. */
	abort_loading(node);
	return -ESTALE;
}

/**
 * mint_life_give_up() - a process that was loading a node has ended
 * @node: the node
 * @hold: of it, at rest; if it was taken, nothing is to be given up
 */
void mint_life_give_up(u32 node, u64 hold)
{
	if (!mint_hold_resume(node, hold))
		abort_loading(node);
}

/* Node 0 had no use for a low memory slot when the firmware booted it. */
static int ensure_low_slot(u32 node)
{
	int err;

	if (mint_load(&mint_node_entry(node)->life.low_slot) != MINT_OWNER_NONE)
		return 0;
	err = mint_ledger_lock();
	if (err)
		return err;
	err = mint_ledger_claim_low_slot(node);
	mint_ledger_unlock();
	return err;
}

static int load(u32 node, u32 *generation, u64 *hold)
{
	int err;

	mutex_lock(&kill_mutex);
	err = take_for_loading(node, *generation, false, hold);
	mutex_unlock(&kill_mutex);
	if (err)
		return err;
	err = mint_fence(node);
	if (!err)
		err = ensure_low_slot(node);
	if (err) {
		abort_loading(node);
		return err;
	}
	*generation = mint_load(&mint_node_entry(node)->life.generation) + 1;
	return 0;
}

/**
 * mint_life_load() - stop a node and make its memory ours to fill
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION; filled in:
 *	what the next start will be
 * @hold: filled in: what the calls that follow need
 *
 * Errors as MINT_IOC_LOAD.
 */
int mint_life_load(u32 node, u32 *generation, u64 *hold)
{
	int err = load(node, generation, hold);

	if (!err)
		mint_hold_rest(node, *hold);
	return err;
}

static int put(u32 node, u64 hold, void *to, const void *from, size_t bytes)
{
	int err = mint_hold_resume(node, hold);

	if (err)
		return err;
	if (from)
		memcpy(to, from, bytes);
	else
		memset(to, 0, bytes);
	mint_hold_rest(node, hold);
	return 0;
}

/*
 * By way of a buffer: whoever takes the node waits for a copy in memory, and
 * never for a page of the caller's.
 */
static int copy_mapped(const struct mint_ioc_write *write, u64 hold, void *to,
		       const char __user *from, void *buffer, size_t bytes)
{
	size_t done, part;
	int err;

	for (done = 0; done < bytes; done += part) {
		part = min_t(size_t, COPY_BYTES, bytes - done);
		if (from && copy_from_user(buffer, from + done, part))
			return -EFAULT;
		err = put(write->node, hold, to + done, from ? buffer : NULL, part);
		if (err)
			return err;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int copy_parts(const struct mint_ioc_write *write, u64 hold, void *buffer)
{
	const char __user *from = u64_to_user_ptr(write->data);
	u64 done, part;
	void *to;
	int err;

	for (done = 0; done < write->bytes; done += part) {
		part = min_t(u64, MAP_BYTES, write->bytes - done);
		to = memremap(write->phys + done, part, MEMREMAP_WB);
		if (!to)
			return -ENOMEM;
		err = copy_mapped(write, hold, to, from ? from + done : NULL, buffer, part);
		memunmap(to);
		if (err)
			return err;
	}
	return 0;
}

/* What a node owns stays its own while we have it. */
static int check_write(const struct mint_ioc_write *write, u64 hold)
{
	int err = mint_hold_resume(write->node, hold);

	if (err)
		return err;
	if (!mint_ledger_owns(write->node, write->phys, write->bytes))
		err = -ERANGE;
	mint_hold_rest(write->node, hold);
	return err;
}

/**
 * mint_life_write() - fill memory of a node in loading
 * @write: see MINT_IOC_WRITE
 * @hold: of the node, at rest
 */
int mint_life_write(const struct mint_ioc_write *write, u64 hold)
{
	void *buffer;
	int err;

	if (!write->bytes || write->bytes > SZ_1G)
		return -EINVAL;
	err = check_write(write, hold);
	if (err)
		return err;
	buffer = kvmalloc(COPY_BYTES, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	err = copy_parts(write, hold, buffer);
	kvfree(buffer);
	return err;
}

static void fill_extents(struct mint_handover *handover, u32 node)
{
	unsigned int i;

	for (i = 0; i < MINT_MAX_EXTENTS; i++) {
		struct mint_extent extent = mint_region.ledger->extents[i];

		if (extent.owner == node &&
		    handover->nr_extents < MINT_HANDOVER_EXTENTS)
			handover->extents[handover->nr_extents++] = extent;
	}
}

/* The CPU that boots comes first. */
static void fill_cpus(struct mint_handover *handover, u32 node)
{
	u32 boot_cpu = mint_load(&mint_node_entry(node)->life.boot_cpu);
	u32 cpus[MINT_MAX_CPUS];
	unsigned int i, n;

	n = mint_ledger_cpus(node, cpus);
	handover->apic_ids[handover->nr_cpus++] = mint_ledger_apic_id(boot_cpu);
	for (i = 0; i < n; i++)
		if (cpus[i] != boot_cpu)
			handover->apic_ids[handover->nr_cpus++] = mint_ledger_apic_id(cpus[i]);
}

static phys_addr_t low_slot_phys(u32 node)
{
	struct mint_ledger *ledger = mint_region.ledger;
	u32 slot = mint_load(&mint_node_entry(node)->life.low_slot);

	/* Computed, not read: a corrupt base must not send a CPU anywhere. */
	if (slot >= min(ledger->nr_low_slots, MINT_MAX_LOW_SLOTS))
		return 0;
	return MINT_LOW_BASE + slot * MINT_LOW_SLOT_BYTES;
}

static struct mint_handover *make_handover(u32 node, u32 generation)
{
	struct mint_handover *handover = kzalloc(sizeof(*handover), GFP_KERNEL);

	if (!handover)
		return NULL;
	handover->magic = MINT_HANDOVER_MAGIC;
	handover->abi_major = MINT_ABI_MAJOR;
	handover->abi_minor = MINT_ABI_MINOR;
	handover->bytes = sizeof(*handover);
	handover->node = node;
	handover->generation = generation;
	handover->region_phys = mint_facts.region_phys;
	handover->region_bytes = mint_facts.region_bytes;
	handover->low_slot_phys = low_slot_phys(node) + MINT_LOW_STUB_BYTES;
	handover->low_slot_bytes = MINT_LOW_SLOT_BYTES - MINT_LOW_STUB_BYTES;
	handover->tsc_khz = tsc_khz;
	handover->lapic_khz = mint_load(&mint_region.ledger->lapic_khz);
	handover->self_phys = mint_facts.region_phys +
		((void *)&mint_node_entry(node)->self - mint_region.base);
	fill_extents(handover, node);
	fill_cpus(handover, node);
	/* The pair is taken last, so that it is as close as it can be. */
	handover->wallclock_ns = ktime_get_real_ns();
	handover->tsc = rdtsc_ordered();
	return handover;
}

static int write_handover(const struct mint_ioc_start *start, u32 generation)
{
	struct mint_handover *handover = make_handover(start->node, generation);
	void *to;

	if (!handover)
		return -ENOMEM;
	to = memremap(start->handover, sizeof(*handover), MEMREMAP_WB);
	if (to) {
		memcpy(to, handover, sizeof(*handover));
		memunmap(to);
	}
	kfree(handover);
	return to ? 0 : -ENOMEM;
}

static int check_start(const struct mint_ioc_start *start)
{
	u32 boot_cpu = mint_load(&mint_node_entry(start->node)->life.boot_cpu);

	if (boot_cpu >= mint_ledger_nr_cpus())
		return -ERANGE;
	if (!mint_ledger_owns(start->node, start->entry, 1) ||
	    !mint_ledger_owns(start->node, start->boot_params, PAGE_SIZE) ||
	    !mint_ledger_owns(start->node, start->handover,
			      sizeof(struct mint_handover)))
		return -ERANGE;
	if (mint_load(&mint_region.ledger->cpus[boot_cpu].owner) != start->node)
		return -ERANGE;
	return low_slot_phys(start->node) ? 0 : -ENOSPC;
}

static int start_cpu(const struct mint_ioc_start *start)
{
	u32 cpu = mint_load(&mint_node_entry(start->node)->life.boot_cpu);

	if (cpu == mint_ledger_boot_cpu())
		return mint_cpu_wake(mint_ledger_apic_id(cpu), start->entry,
				     start->boot_params);
	return mint_cpu_start(mint_ledger_apic_id(cpu), low_slot_phys(start->node),
			      start->entry, start->boot_params);
}

static void set_life(u32 node, u32 life)
{
	mint_store_release(&mint_node_entry(node)->life.life, life);
	mint_peers_changed();
}

static int set_going(const struct mint_ioc_start *start)
{
	struct mint_node_life *life = &mint_node_entry(start->node)->life;
	u32 generation = mint_load(&life->generation) + 1;
	int err;

	err = check_start(start);
	if (!err)
		err = write_handover(start, generation);
	if (err)
		return err;
	mint_console_begin(start->node);
	mint_store(&life->generation, generation);
	set_life(start->node, MINT_LIFE_STARTED);
	err = start_cpu(start);
	if (err) {
		pr_err("node %u: its CPU did not start (%d)\n", start->node, err);
		set_life(start->node, MINT_LIFE_LOADING);
		mint_fence(start->node);
	}
	return err;
}

/**
 * mint_life_start() - set a loaded node going
 * @start: see MINT_IOC_START
 * @hold: of the node, at rest
 *
 * On success the node is no longer in loading. On an error it still is, unless
 * it was taken: -ESTALE.
 */
int mint_life_start(const struct mint_ioc_start *start, u64 hold)
{
	int err = mint_hold_resume(start->node, hold);

	if (err)
		return err;
	err = set_going(start);
	if (err)
		mint_hold_rest(start->node, hold);
	else
		mint_hold_end(start->node);
	return err;
}

/**
 * mint_life_stop_wanted() - let no supervisor start a node again
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 *
 * Return: 0, -ENOENT or -ESTALE.
 */
int mint_life_stop_wanted(u32 node, u32 generation)
{
	struct mint_node_life *life;

	if (node >= MINT_MAX_NODES || life_of(node) == MINT_LIFE_NONE)
		return -ENOENT;
	if (!is_meant(node, generation))
		return -ESTALE;
	life = &mint_node_entry(node)->life;
	mint_store(&life->stop_wanted, mint_load(&life->generation));
	return 0;
}

static int stop(u32 node, u32 generation, bool force)
{
	u64 hold;
	int err;

	mutex_lock(&kill_mutex);
	err = take_for_loading(node, generation, force, &hold);
	if (!err) {
		err = mint_fence(node);
		abort_loading(node);
	}
	mutex_unlock(&kill_mutex);
	return err;
}

/**
 * mint_life_stop() - stop a node, unless somebody has it
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 */
int mint_life_stop(u32 node, u32 generation)
{
	return stop(node, generation, false);
}

/**
 * mint_life_kill() - stop a node at whatever instruction it is, whoever has it
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 *
 * One that is at work on the node comes to the end of that first.
 */
int mint_life_kill(u32 node, u32 generation)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(AT_WORK_MS);
	int err;

	for (;;) {
		err = stop(node, generation, true);
		if (err != -EBUSY || time_after(jiffies, deadline))
			return err;
		if (schedule_timeout_interruptible(1))
			return -EINTR;
	}
}

/**
 * mint_life_destroy() - stop a node and give back what it owns
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION
 *
 * The id keeps its generation: its next owner starts under a higher one.
 */
int mint_life_destroy(u32 node, u32 generation)
{
	u64 hold;
	int err;

	err = load(node, &generation, &hold);
	if (err)
		return err;
	err = mint_ledger_lock();
	if (err) {
		abort_loading(node);
		return err;
	}
	mint_ledger_release(node);
	memset(mint_node_entry(node)->life.name, 0, MINT_NAME_BYTES);
	mint_store_release(&mint_node_entry(node)->life.life, MINT_LIFE_NONE);
	mint_hold_end(node);
	mint_ledger_unlock();
	mint_peers_changed();
	return 0;
}
