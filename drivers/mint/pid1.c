// SPDX-License-Identifier: GPL-2.0
/*
 * How far user space is: whether process 1 runs a program, and on which root. A
 * kernel that is up may still find neither root nor init, which whoever has started
 * the node wants to know. Each program that process 1 becomes is looked at once: a
 * heartbeat sees that it has become one, a work item which root it has, since the
 * locks of a process are not for a timer.
 */
#include <linux/fs_struct.h>
#include <linux/init.h>
#include <linux/mount.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>
#include <asm/mint.h>
#include "core.h"

/* What the kernel unpacks an initramfs into has a type of file system of its own. */
static bool mint_on_initial_root(struct task_struct *task)
{
	struct path root = {};
	bool initial;

	task_lock(task);
	if (task->fs)
		get_fs_root(task->fs, &root);
	task_unlock(task);
	initial = !root.mnt || root.mnt->mnt_sb->s_type == &rootfs_fs_type;
	path_put(&root);
	return initial;
}

static void mint_pid1_look(struct work_struct *work)
{
	struct task_struct *task = find_get_task_by_vpid(1);
	u32 init;

	if (!task)
		return;
	init = mint_on_initial_root(task) ? MINT_INIT_INITRAMFS : MINT_INIT_ROOT;
	put_task_struct(task);
	mint_store(&mint_node_entry(mint_facts.node)->user.init, init);
}

static DECLARE_WORK(look_work, mint_pid1_look);

/**
 * mint_pid1_beat() - tell the others when process 1 has become another program
 *
 * Called at each heartbeat of this node, every 50 ms. Context: the heartbeat's timer.
 */
void mint_pid1_beat(void)
{
	static u64 programs;	/* that it has become so far */
	struct task_struct *task;
	u64 now = 0;

	rcu_read_lock();
	task = find_task_by_pid_ns(1, &init_pid_ns);
	if (task)
		now = READ_ONCE(task->self_exec_id);
	rcu_read_unlock();
	if (now == programs)
		return;
	programs = now;
	schedule_work(&look_work);
}
