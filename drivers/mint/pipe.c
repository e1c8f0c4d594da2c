// SPDX-License-Identifier: GPL-2.0
/*
 * Pipes of a session: the end that belongs to this node, as a file. Each end
 * keeps its own position privately; what the other one tells is checked.
 * The side's mutex serialises the ends of a session.
 */
#include <linux/anon_inodes.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "session.h"

/**
 * struct mint_pipe_end - one end of a pipe
 * @side: the side that it belongs to
 * @pipe: in the shared region
 * @writes: this is the writing end
 * @at: bytes ever moved through this end
 */
struct mint_pipe_end {
	struct mint_side *side;
	struct mint_pipe *pipe;
	bool writes;
	u32 at;
};

static u64 *mint_pipe_own_word(const struct mint_pipe_end *end)
{
	return end->writes ? &end->pipe->head : &end->pipe->tail;
}

static u64 *mint_pipe_other_word(const struct mint_pipe_end *end)
{
	return end->writes ? &end->pipe->tail : &end->pipe->head;
}

static void mint_pipe_show_position(struct mint_pipe_end *end, bool closed)
{
	mint_store_release(mint_pipe_own_word(end),
			   mint_pipe_word(end->side->sequence, closed, end->at));
	mint_side_ring(end->side);
}

/*
 * Returns how many bytes are in the pipe, or -EIO if the other end tells what
 * cannot be. As long as its word is of another request it has moved none.
 */
static int mint_pipe_fill(const struct mint_pipe_end *end, bool *closed)
{
	/* Pairs with the release in mint_pipe_show_position(). */
	u64 word = mint_load_acquire(mint_pipe_other_word(end));
	u32 other = 0, n;

	*closed = false;
	if (word >> 32 == end->side->sequence) {
		other = word;
		*closed = other & MINT_PIPE_POSITIONS;
	}
	n = (end->writes ? end->at - other : other - end->at) & (MINT_PIPE_POSITIONS - 1);
	if (n <= MINT_PIPE_BYTES)
		return n;
	mint_side_broken(end->side);
	return -EIO;
}

/* Returns how many bytes can be moved now, 0 at the end, -EAGAIN if none yet. */
static int mint_pipe_ready(struct mint_pipe_end *end)
{
	bool over = mint_side_over(end->side);	/* before the last look */
	bool closed;
	int n;

	if (READ_ONCE(end->side->gone))
		return 0;
	n = mint_pipe_fill(end, &closed);
	if (n < 0)
		return n;
	if (end->writes && (over || closed))
		return 0;
	if (end->writes)
		n = MINT_PIPE_BYTES - n;
	return n ?: over || closed ? n : -EAGAIN;
}

static int mint_pipe_move(struct mint_pipe_end *end, char __user *user, size_t n)
{
	size_t from = end->at % MINT_PIPE_BYTES;
	size_t part = min(n, MINT_PIPE_BYTES - from);
	u8 *data = end->pipe->data;

	if (end->writes)
		return copy_from_user(data + from, user, part) ||
		       copy_from_user(data, user + part, n - part) ? -EFAULT : 0;
	return copy_to_user(user, data + from, part) ||
	       copy_to_user(user + part, data, n - part) ? -EFAULT : 0;
}

static ssize_t mint_pipe_try_move(struct mint_pipe_end *end, char __user *user, size_t n)
{
	int most, err;

	mutex_lock(&end->side->mutex);
	most = mint_pipe_ready(end);
	if (most > 0) {
		n = min_t(size_t, n, most);
		err = mint_pipe_move(end, user, n);
		if (!err) {
			end->at += n;
			mint_pipe_show_position(end, false);
		}
		most = err ?: n;
	}
	mutex_unlock(&end->side->mutex);
	return most;
}

static bool mint_pipe_is_ready(struct mint_pipe_end *end)
{
	int most;

	mutex_lock(&end->side->mutex);
	most = mint_pipe_ready(end);
	mutex_unlock(&end->side->mutex);
	return most != -EAGAIN;
}

/* Looks again four times a second, since a peer that hangs rings nobody. */
static ssize_t mint_pipe_move_or_wait(struct file *file, char __user *user, size_t n)
{
	struct mint_pipe_end *end = file->private_data;

	for (;;) {
		ssize_t moved = mint_pipe_try_move(end, user, n);
		long left;

		if (moved != -EAGAIN || file->f_flags & O_NONBLOCK)
			return moved;
		left = wait_event_interruptible_timeout(mint_control_news,
							mint_pipe_is_ready(end), HZ / 4);
		if (left < 0)
			return left;
	}
}

static ssize_t mint_pipe_read(struct file *file, char __user *to, size_t n, loff_t *at)
{
	return n ? mint_pipe_move_or_wait(file, to, n) : 0;
}

static ssize_t mint_pipe_write(struct file *file, const char __user *from, size_t n,
			       loff_t *at)
{
	ssize_t moved;

	if (!n)
		return 0;
	moved = mint_pipe_move_or_wait(file, (char __user *)from, n);
	return moved ?: -EPIPE;
}

static __poll_t mint_pipe_poll(struct file *file, poll_table *table)
{
	struct mint_pipe_end *end = file->private_data;
	int most;

	poll_wait(file, &mint_control_news, table);
	mutex_lock(&end->side->mutex);
	most = mint_pipe_ready(end);
	mutex_unlock(&end->side->mutex);
	if (most == -EAGAIN)
		return 0;
	if (end->writes)
		return EPOLLOUT | EPOLLWRNORM | (most > 0 ? 0 : EPOLLERR);
	return EPOLLIN | EPOLLRDNORM | (most > 0 ? 0 : EPOLLHUP);
}

static int mint_pipe_release(struct inode *inode, struct file *file)
{
	struct mint_pipe_end *end = file->private_data;

	mutex_lock(&end->side->mutex);
	if (!end->side->gone)
		mint_pipe_show_position(end, true);
	mutex_unlock(&end->side->mutex);
	mint_side_put(end->side);
	kfree(end);
	return 0;
}

static const struct file_operations mint_pipe_fops = {
	.owner = THIS_MODULE,
	.read = mint_pipe_read,
	.write = mint_pipe_write,
	.poll = mint_pipe_poll,
	.release = mint_pipe_release,
};

static int mint_pipe_open_once(struct mint_side *side, u32 pipe)
{
	int err = 0;

	mutex_lock(&side->mutex);
	if (side->opened & BIT(pipe))
		err = -EBUSY;
	side->opened |= BIT(pipe);
	mutex_unlock(&side->mutex);
	return err;
}

static void mint_pipe_forget_open(struct mint_side *side, u32 pipe)
{
	mutex_lock(&side->mutex);
	side->opened &= ~BIT(pipe);
	mutex_unlock(&side->mutex);
}

/**
 * mint_pipe_open() - open this side's end of a pipe
 * @side: this node's side; the file keeps a reference
 * @pipe: MINT_PIPE_*, any value
 *
 * Return: a file descriptor, -EINVAL, -EBUSY if it was opened before,
 * -ENOMEM or -EMFILE.
 */
int mint_pipe_open(struct mint_side *side, u32 pipe)
{
	struct mint_pipe_end *end;
	int fd;

	if (pipe >= MINT_NR_PIPES)
		return -EINVAL;
	fd = mint_pipe_open_once(side, pipe);
	if (fd)
		return fd;
	end = kzalloc(sizeof(*end), GFP_KERNEL);
	if (!end) {
		fd = -ENOMEM;
		goto forget;
	}
	end->side = side;
	end->pipe = &side->session->pipes[pipe];
	end->writes = (pipe == MINT_PIPE_STDIN) != side->serves;
	kref_get(&side->ref);
	fd = anon_inode_getfd("[mint-pipe]", &mint_pipe_fops, end,
			      O_CLOEXEC | (end->writes ? O_WRONLY : O_RDONLY));
	if (fd >= 0)
		return fd;
	mint_side_put(side);
	kfree(end);
forget:
	mint_pipe_forget_open(side, pipe);
	return fd;
}
