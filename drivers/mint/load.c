// SPDX-License-Identifier: GPL-2.0
/*
 * Filling the memory of a node that is in our hands, for the process that
 * loads it: between two of its calls another one may take the node.
 */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <asm/mint.h>
#include "life.h"

#define MAP_BYTES	SZ_2M
/* So little that the CPU may schedule often, even if an emulator is slow. */
#define COPY_BYTES	SZ_64K

/**
 * mint_life_load() - stop a node and make its memory ours to fill
 * @node: node id, any value
 * @generation: the start that is meant, or MINT_ANY_GENERATION; filled in:
 *	what the next start will be
 * @hold: filled in: what the calls that follow need; at rest
 *
 * Return: 0, or an error of MINT_IOC_LOAD.
 */
int mint_life_load(u32 node, u32 *generation, u64 *hold)
{
	int err = mint_life_seize(node, generation, hold);

	if (!err)
		mint_hold_rest(node, *hold);
	return err;
}

/**
 * mint_life_give_up() - a process that was loading a node has ended
 * @node: node id
 * @hold: what mint_life_load() filled in. If the node was taken from the process,
 *	there is nothing to give up.
 */
void mint_life_give_up(u32 node, u64 hold)
{
	if (!mint_hold_resume(node, hold))
		mint_life_abort(node);
}

static int mint_life_put(u32 node, u64 hold, void *to, const void *from, size_t bytes)
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
 * Copies by way of a buffer, since the caller's pages may have to be read from
 * a disk, and whoever wants the node waits while we are at work on it.
 */
static int mint_life_copy_mapped(const struct mint_ioc_write *write, u64 hold, void *to,
				 const char __user *from, void *buffer, size_t bytes)
{
	size_t done, part;
	int err;

	for (done = 0; done < bytes; done += part) {
		part = min_t(size_t, COPY_BYTES, bytes - done);
		if (from && copy_from_user(buffer, from + done, part))
			return -EFAULT;
		err = mint_life_put(write->node, hold, to + done, from ? buffer : NULL, part);
		if (err)
			return err;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int mint_life_copy_parts(const struct mint_ioc_write *write, u64 hold, void *buffer)
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
		err = mint_life_copy_mapped(write, hold, to, from ? from + done : NULL, buffer,
					    part);
		memunmap(to);
		if (err)
			return err;
	}
	return 0;
}

/* One check is enough: what a node owns does not change while we have it. */
static int mint_life_check_write(const struct mint_ioc_write *write, u64 hold)
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
 * @hold: what mint_life_load() filled in; at rest
 *
 * Return: 0. -EINVAL for nothing or more than 1 GB; -ERANGE if the node does not
 * own it; -ESTALE if the node was taken; -EFAULT, -ENOMEM or -EINTR.
 */
int mint_life_write(const struct mint_ioc_write *write, u64 hold)
{
	void *buffer;
	int err;

	if (!write->bytes || write->bytes > SZ_1G)
		return -EINVAL;
	err = mint_life_check_write(write, hold);
	if (err)
		return err;
	buffer = kvmalloc(COPY_BYTES, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	err = mint_life_copy_parts(write, hold, buffer);
	kvfree(buffer);
	return err;
}
