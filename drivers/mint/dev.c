// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mint. A file starts as a plain one and becomes, by its first call of
 * that kind, the loader of one node, the console of one node or one side of a
 * control session; its mutex guards what it is.
 */
#include <linux/capability.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/mint.h>
#include "core.h"

/**
 * enum mint_use - what an open file is
 * @USE_PLAIN: nothing in particular
 * @USE_LOADER: has a node in loading
 * @USE_CONSOLE: follows a console
 * @USE_SESSION: one side of a control session
 */
enum mint_use {
	USE_PLAIN,
	USE_LOADER,
	USE_CONSOLE,
	USE_SESSION,
};

/**
 * struct mint_file - an open /dev/mint
 * @mutex: guards the rest, one call at a time
 * @use: what it is
 * @node: the node in loading, with USE_LOADER
 * @hold: of that node; another one may take it at any time
 * @follower: the view of the console, with USE_CONSOLE
 * @seen: changes of nodes that poll() has told of, but with USE_CONSOLE
 * @side: the side of the session, with USE_SESSION
 */
struct mint_file {
	struct mutex mutex;	/* guards all that follows */
	enum mint_use use;
	u32 node;
	u64 hold;
	struct mint_follower follower;
	unsigned int seen;
	struct mint_side *side;
};

static int mint_open(struct inode *inode, struct file *file)
{
	struct mint_file *mf = kzalloc(sizeof(*mf), GFP_KERNEL);

	if (!mf)
		return -ENOMEM;
	mutex_init(&mf->mutex);
	file->private_data = mf;
	return nonseekable_open(inode, file);
}

static int mint_release(struct inode *inode, struct file *file)
{
	struct mint_file *mf = file->private_data;

	if (mf->use == USE_LOADER)
		mint_life_give_up(mf->node, mf->hold);
	if (mf->use == USE_CONSOLE)
		mint_console_unfollow(&mf->follower);
	if (mf->use == USE_SESSION)
		mint_control_close(mf->side);
	kfree(mf);
	return 0;
}

static int mint_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long bytes = vma->vm_end - vma->vm_start;

	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EACCES;
	if (vma->vm_pgoff || bytes > mint_facts.region_bytes)
		return -EINVAL;
	vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	return remap_pfn_range(vma, vma->vm_start, PHYS_PFN(mint_facts.region_phys),
			       bytes, vma->vm_page_prot);
}

static int mint_call_info(struct mint_file *mf, void *argument)
{
	struct mint_ioc_info *info = argument;

	*info = (struct mint_ioc_info) {
		.node = mint_facts.node,
		.generation = mint_facts.generation,
		.abi = MINT_ABI_MAJOR << 16 | MINT_ABI_MINOR,
		.region_bytes = mint_facts.region_bytes,
	};
	return 0;
}

static int mint_call_create(struct mint_file *mf, void *argument)
{
	return mint_life_create(argument);
}

static int mint_call_load(struct mint_file *mf, void *argument)
{
	struct mint_ioc_node *call = argument;
	int err;

	if (mf->use != USE_PLAIN)
		return -EBUSY;
	err = mint_life_load(call->node, &call->generation, &mf->hold);
	if (err)
		return err;
	mf->use = USE_LOADER;
	mf->node = call->node;
	return 0;
}

static int mint_call_write(struct mint_file *mf, void *argument)
{
	struct mint_ioc_write *write = argument;

	if (mf->use != USE_LOADER || mf->node != write->node)
		return -EBADFD;
	return write->reserved ? -EINVAL : mint_life_write(write, mf->hold);
}

static int mint_call_start(struct mint_file *mf, void *argument)
{
	struct mint_ioc_start *start = argument;
	int err;

	if (mf->use != USE_LOADER || mf->node != start->node)
		return -EBADFD;
	if (start->reserved)
		return -EINVAL;
	err = mint_life_start(start, mf->hold);
	if (!err)
		mf->use = USE_PLAIN;
	return err;
}

static int mint_call_kill(struct mint_file *mf, void *argument)
{
	struct mint_ioc_node *call = argument;
	int err = mint_life_stop_wanted(call->node, call->generation);

	return err ? err : mint_life_kill(call->node, call->generation);
}

static int mint_call_stop_wanted(struct mint_file *mf, void *argument)
{
	struct mint_ioc_node *call = argument;

	return mint_life_stop_wanted(call->node, call->generation);
}

static int mint_call_destroy(struct mint_file *mf, void *argument)
{
	struct mint_ioc_node *call = argument;

	return mint_life_destroy(call->node, call->generation);
}

static int mint_call_console(struct mint_file *mf, void *argument)
{
	struct mint_ioc_node *call = argument;
	int err;

	if (mf->use != USE_PLAIN)
		return -EBUSY;
	err = mint_console_follow(&mf->follower, call->node);
	if (!err)
		mf->use = USE_CONSOLE;
	return err;
}

static int mint_call_console_size(struct mint_file *mf, void *argument)
{
	if (mf->use != USE_CONSOLE)
		return -EBADFD;
	return mint_console_resize(&mf->follower, argument);
}

static int mint_call_sysrq(struct mint_file *mf, void *argument)
{
	struct mint_ioc_sysrq *call = argument;

	return mint_sysrq_send(call->node, call->key);
}

static int mint_call_request(struct mint_file *mf, void *argument)
{
	int err;

	if (mf->use != USE_PLAIN)
		return -EBUSY;
	err = mint_control_request(argument, &mf->side);
	if (!err)
		smp_store_release(&mf->use, USE_SESSION);	/* pairs with mint_poll() */
	return err;
}

static int mint_call_serve(struct mint_file *mf, void *argument)
{
	int err;

	if (mf->use != USE_PLAIN)
		return -EBUSY;
	err = mint_control_serve(argument, &mf->side);
	if (!err)
		smp_store_release(&mf->use, USE_SESSION);	/* pairs with mint_poll() */
	return err;
}

static int mint_call_pipe(struct mint_file *mf, void *argument)
{
	struct mint_ioc_pipe *call = argument;

	if (mf->use != USE_SESSION)
		return -EBADFD;
	return call->reserved ? -EINVAL : mint_pipe_open(mf->side, call->pipe);
}

static int mint_call_result(struct mint_file *mf, void *argument)
{
	if (mf->use != USE_SESSION)
		return -EBADFD;
	mint_control_result(mf->side, argument);
	return 0;
}

static int mint_call_finish(struct mint_file *mf, void *argument)
{
	if (mf->use != USE_SESSION)
		return -EBADFD;
	return mint_control_finish(mf->side, argument);
}

static const struct {
	unsigned int command;
	int (*call)(struct mint_file *mf, void *argument);
} calls[] = {
	{ MINT_IOC_INFO, mint_call_info },
	{ MINT_IOC_CREATE, mint_call_create },
	{ MINT_IOC_LOAD, mint_call_load },
	{ MINT_IOC_WRITE, mint_call_write },
	{ MINT_IOC_START, mint_call_start },
	{ MINT_IOC_KILL, mint_call_kill },
	{ MINT_IOC_DESTROY, mint_call_destroy },
	{ MINT_IOC_CONSOLE, mint_call_console },
	{ MINT_IOC_STOP_WANTED, mint_call_stop_wanted },
	{ MINT_IOC_SYSRQ, mint_call_sysrq },
	{ MINT_IOC_CONSOLE_SIZE, mint_call_console_size },
	{ MINT_IOC_REQUEST, mint_call_request },
	{ MINT_IOC_SERVE, mint_call_serve },
	{ MINT_IOC_PIPE, mint_call_pipe },
	{ MINT_IOC_RESULT, mint_call_result },
	{ MINT_IOC_FINISH, mint_call_finish },
};

static int mint_do_call(struct mint_file *mf, unsigned int command, void *argument)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].command != command)
			continue;
		mutex_lock(&mf->mutex);
		err = calls[i].call(mf, argument);
		mutex_unlock(&mf->mutex);
		return err;
	}
	return -ENOTTY;
}

static long mint_ioctl(struct file *file, unsigned int command, unsigned long at)
{
	void __user *user = (void __user *)at;
	union {
		struct mint_ioc_info info;
		struct mint_ioc_create create;
		struct mint_ioc_node node;
		struct mint_ioc_write write;
		struct mint_ioc_start start;
		struct mint_ioc_sysrq sysrq;
		struct mint_ioc_size size;
		struct mint_ioc_request request;
		struct mint_ioc_serve serve;
		struct mint_ioc_pipe pipe;
		struct mint_ioc_result result;
	} argument = {};
	size_t bytes = _IOC_SIZE(command);
	int err;

	if (command != MINT_IOC_INFO && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (_IOC_TYPE(command) != MINT_IOC_TYPE || bytes > sizeof(argument))
		return -ENOTTY;
	if (_IOC_DIR(command) & _IOC_WRITE && copy_from_user(&argument, user, bytes))
		return -EFAULT;
	err = mint_do_call(file->private_data, command, &argument);
	if (err)
		return err;
	if (_IOC_DIR(command) & _IOC_READ && copy_to_user(user, &argument, bytes))
		return -EFAULT;
	return 0;
}

static struct mint_follower *mint_file_follower(struct file *file)
{
	struct mint_file *mf = file->private_data;

	return READ_ONCE(mf->use) == USE_CONSOLE ? &mf->follower : NULL;
}

static ssize_t mint_read(struct file *file, char __user *to, size_t n, loff_t *at)
{
	struct mint_follower *follower = mint_file_follower(file);

	return follower ? mint_console_read(follower, to, n,
					    !(file->f_flags & O_NONBLOCK)) : -EBADFD;
}

static ssize_t mint_write(struct file *file, const char __user *from, size_t n,
			  loff_t *at)
{
	struct mint_follower *follower = mint_file_follower(file);

	return follower ? mint_console_write(follower, from, n,
					     !(file->f_flags & O_NONBLOCK)) : -EBADFD;
}

static __poll_t mint_poll(struct file *file, poll_table *table)
{
	struct mint_follower *follower = mint_file_follower(file);
	struct mint_file *mf = file->private_data;

	if (smp_load_acquire(&mf->use) == USE_SESSION)	/* pairs with mint_call_request() */
		return mint_control_poll(mf->side, file, table);
	return follower ? mint_console_poll(follower, file, table) :
		mint_peers_poll(&mf->seen, file, table);
}

static const struct file_operations mint_fops = {
	.owner = THIS_MODULE,
	.open = mint_open,
	.release = mint_release,
	.mmap = mint_mmap,
	.unlocked_ioctl = mint_ioctl,
	.read = mint_read,
	.write = mint_write,
	.poll = mint_poll,
};

static struct miscdevice mint_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mint",
	.fops = &mint_fops,
	.mode = 0600,
};

static int __init mint_dev_init(void)
{
	return mint_active() ? misc_register(&mint_misc) : 0;
}
device_initcall(mint_dev_init);
