// SPDX-License-Identifier: GPL-2.0
/*
 * Consoles over shared memory. That of this node is hvc0; those of all nodes can
 * be followed from here. Output is a stream, which waits for followers, up to a
 * second. Input is a ring under a lock between kernels; what does not fit waits.
 */
#include <linux/init.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <asm/mint.h>
#include "../tty/hvc/hvc_console.h"
#include "core.h"

#define INPUT_SPINS	1000000
#define COPY_BYTES	1024

static struct hvc_struct *mint_hvc;
static DECLARE_WAIT_QUEUE_HEAD(news);

/* Guards followers[] and serialises this kernel's writers of all inputs. */
static DEFINE_MUTEX(mint_console_mutex);
static unsigned int followers[MINT_MAX_NODES];

/**
 * mint_console_format() - make a console empty
 * @console: zeroed memory
 */
void __init mint_console_format(struct mint_console *console)
{
	mint_stream_init(&console->out, MINT_CONSOLE_OUT_BYTES);
}

static struct mint_console *mint_own_console(void)
{
	return mint_console_entry(mint_facts.node);
}

static void mint_ring_followers(u64 nodes)
{
	while (nodes) {
		mint_doorbell_ring_node(__ffs64(nodes), MINT_CHANNEL_CONSOLE);
		nodes &= nodes - 1;
	}
}

/*
 * Would more output overwrite what a follower has not read? A follower that makes
 * no progress for a second is taken for dead, and no longer waited for.
 */
static bool mint_follower_is_behind(struct mint_console *console, size_t n)
{
	static unsigned long since;
	static u64 last_taken;
	u64 taken = mint_load(&console->out_taken);
	u64 ahead = mint_load(&console->out.head) + n - taken;

	if (ahead <= MINT_CONSOLE_OUT_BYTES || taken != last_taken) {
		last_taken = taken;
		since = jiffies;
	}
	return ahead > MINT_CONSOLE_OUT_BYTES &&
	       mint_load(&console->followers) &&
	       time_before(jiffies, since + HZ);
}

/*
 * The terminal and printk() both write, and hvc does not keep them apart. In a
 * panic the other CPUs stand still, one of them perhaps in here with the bit set,
 * so the CPU that panics does not wait for it.
 */
static bool mint_console_put_text(struct mint_console *console, const u8 *text, size_t n)
{
	static unsigned long putting;
	bool behind;

	guard(irqsave)();
	while (test_and_set_bit_lock(0, &putting) &&
	       atomic_read(&panic_cpu) != raw_smp_processor_id())
		cpu_relax();
	behind = mint_follower_is_behind(console, n);
	if (!behind)
		mint_stream_write(&console->out, MINT_CONSOLE_OUT_BYTES, text, n);
	clear_bit_unlock(0, &putting);
	return !behind;
}

/* Taking 0 makes the terminal try again, and printk() drop its text. */
static ssize_t mint_hvc_put(u32 vtermno, const u8 *text, size_t n)
{
	struct mint_console *console = mint_own_console();

	if (!mint_console_put_text(console, text, n))
		return 0;
	/* Output before the look: pairs with mint_or() in mint_console_follow(). */
	mint_mb();
	mint_ring_followers(mint_load(&console->followers));
	return n;
}

static ssize_t mint_hvc_get(u32 vtermno, u8 *text, size_t n)
{
	struct mint_console *console = mint_own_console();
	u64 tail = mint_load(&console->in_tail);
	/* Pairs with the release in mint_console_put_input(). */
	u64 head = mint_load_acquire(&console->in_head);
	size_t i;

	if (head - tail > MINT_CONSOLE_IN_BYTES)	/* not what we wrote */
		tail = head;
	n = min_t(u64, n, head - tail);
	for (i = 0; i < n; i++)
		text[i] = console->in[(tail + i) % MINT_CONSOLE_IN_BYTES];
	/* The bytes are read before their room is given back. */
	mint_store_release(&console->in_tail, tail + n);
	return n;
}

static bool mint_console_size_good(const struct winsize *size)
{
	return size->ws_row && size->ws_row <= MINT_CONSOLE_MAX_SIDE &&
	       size->ws_col && size->ws_col <= MINT_CONSOLE_MAX_SIDE;
}

/* Sets the size of hvc0 to that of the terminal connected or resized last. */
static void mint_console_take_size(void)
{
	static u64 taken;
	u64 word = mint_load(&mint_own_console()->size);
	struct winsize size = {
		.ws_row = word, .ws_col = word >> 16,
		.ws_xpixel = word >> 32, .ws_ypixel = word >> 48,
	};

	if (word == READ_ONCE(taken))
		return;
	WRITE_ONCE(taken, word);
	if (mint_console_size_good(&size))
		hvc_resize(mint_hvc, size);
}

/*
 * Once the terminal is open, hvc polls no more but is called by the doorbell. The
 * tty was made anew and has no size, so it gets the last one.
 */
static int mint_hvc_open(struct hvc_struct *hvc, int unused)
{
	hvc->irq_requested = 1;
	schedule_work(&hvc->tty_resize);
	return 0;
}

static void mint_hvc_close(struct hvc_struct *hvc, int unused)
{
	hvc->irq_requested = 0;
}

static const struct hv_ops mint_hvc_ops = {
	.get_chars = mint_hvc_get,
	.put_chars = mint_hvc_put,
	.notifier_add = mint_hvc_open,
	.notifier_del = mint_hvc_close,
	.notifier_hangup = mint_hvc_close,
	.transparent = true,	/* keys of SysRq come by sysrq.c */
};

static void mint_console_rung(void *unused)
{
	mint_sysrq_rung();
	if (mint_hvc) {
		mint_console_take_size();
		if (hvc_poll(mint_hvc))
			hvc_kick();
	}
	wake_up_interruptible(&news);
}

/**
 * mint_console_follow() - attach to a node's console
 * @follower: filled in; begins with the output of the node's present start
 * @node: node id, any value
 *
 * Return: 0, or -ENOENT for an unused id.
 */
int mint_console_follow(struct mint_follower *follower, u32 node)
{
	struct mint_console *console;

	if (node >= MINT_MAX_NODES ||
	    mint_load(&mint_node_entry(node)->life.life) == MINT_LIFE_NONE)
		return -ENOENT;
	console = mint_console_entry(node);
	follower->node = node;
	follower->generation = mint_load(&mint_node_entry(node)->life.generation);
	follower->at = mint_load(&console->out.start);
	mint_store(&console->out_taken, follower->at);
	mutex_lock(&mint_console_mutex);
	/* Full barrier: pairs with the one in mint_hvc_put(). */
	if (!followers[node]++)
		mint_or(&console->followers, BIT_ULL(mint_facts.node));
	mutex_unlock(&mint_console_mutex);
	return 0;
}

/**
 * mint_console_unfollow() - detach from a node's console
 * @follower: what mint_console_follow() filled in
 */
void mint_console_unfollow(struct mint_follower *follower)
{
	mutex_lock(&mint_console_mutex);
	if (!--followers[follower->node])
		mint_andnot(&mint_console_entry(follower->node)->followers,
			    BIT_ULL(mint_facts.node));
	mutex_unlock(&mint_console_mutex);
}

/* Tells the node how far we have read, and rings it if it may wait for us. */
static void mint_console_take_output(struct mint_follower *follower, unsigned int n)
{
	struct mint_console *console = mint_console_entry(follower->node);
	u64 left = mint_load(&console->out.head) - follower->at;

	mint_store(&console->out_taken, follower->at);
	if (left <= MINT_CONSOLE_OUT_BYTES / 2 &&
	    left + n > MINT_CONSOLE_OUT_BYTES / 2)
		mint_doorbell_ring_node(follower->node, MINT_CHANNEL_CONSOLE);
}

static bool mint_follower_has_output(const struct mint_follower *follower)
{
	struct mint_console *console = mint_console_entry(follower->node);

	return mint_load(&console->out.head) != follower->at;
}

static bool mint_follower_has_ended(const struct mint_follower *follower)
{
	return mint_node_ended(follower->node, follower->generation);
}

/**
 * mint_console_read() - take output
 * @follower: the view; its position moves on
 * @to: room for the output
 * @n: its size in bytes
 * @wait: wait while there is none
 *
 * Return: bytes read; 0 when the node has ended and all was read; -EAGAIN if there
 * is none and @wait is not set; -EFAULT or -ERESTARTSYS.
 */
ssize_t mint_console_read(struct mint_follower *follower, char __user *to,
			  size_t n, bool wait)
{
	struct mint_console *console = mint_console_entry(follower->node);
	char text[256];
	unsigned int got;

	for (;;) {
		bool ended = mint_follower_has_ended(follower);	/* before the last look */
		long left;

		got = mint_stream_read(&console->out, MINT_CONSOLE_OUT_BYTES,
				       &follower->at, text, min(n, sizeof(text)));
		if (got) {
			mint_console_take_output(follower, got);
			return copy_to_user(to, text, got) ? -EFAULT : got;
		}
		if (ended)
			return 0;
		if (!wait)
			return -EAGAIN;
		/* A node that hangs does not ring at its end, so look again. */
		left = wait_event_interruptible_timeout(news, mint_follower_has_output(follower) ||
							mint_follower_has_ended(follower), HZ / 4);
		if (left < 0)
			return left;
	}
}

/* Copies what fits into the input ring. Returns how many bytes that were, or -EBUSY. */
static ssize_t mint_console_put_input(struct mint_console *console, const u8 *text, size_t n)
{
	u64 head, room;
	size_t i;

	if (mint_lock_acquire(&console->lock, mint_self_word(), INPUT_SPINS,
			      mint_owner_dead, NULL) == MINT_LOCK_BUSY)
		return -EBUSY;
	head = mint_load(&console->in_head);
	/* Pairs with the release in mint_hvc_get(). */
	room = head - mint_load_acquire(&console->in_tail);
	room = room > MINT_CONSOLE_IN_BYTES ? 0 : MINT_CONSOLE_IN_BYTES - room;
	n = min_t(u64, n, room);
	for (i = 0; i < n; i++)
		console->in[(head + i) % MINT_CONSOLE_IN_BYTES] = text[i];
	/* Pairs with the acquire in mint_hvc_get(). */
	mint_store_release(&console->in_head, head + n);
	mint_lock_release(&console->lock, mint_self_word());
	return n;
}

static ssize_t mint_console_send_input(u32 node, const u8 *text, size_t n)
{
	ssize_t sent;

	mutex_lock(&mint_console_mutex);
	preempt_disable();
	sent = mint_console_put_input(mint_console_entry(node), text, n);
	preempt_enable();
	mutex_unlock(&mint_console_mutex);
	mint_doorbell_ring_node(node, MINT_CHANNEL_CONSOLE);
	return sent;
}

/**
 * mint_console_write() - type into a node's console
 * @follower: the view of that console
 * @from: what was typed
 * @n: its size in bytes; at most 256 are taken at once
 * @wait: wait while the input is full
 *
 * Return: bytes taken; -EPIPE when the node has ended; -EAGAIN if the input is full
 * and @wait is not set; -EBUSY if another node keeps its lock; -EFAULT or
 * -ERESTARTSYS.
 */
ssize_t mint_console_write(struct mint_follower *follower,
			   const char __user *from, size_t n, bool wait)
{
	u8 text[256];
	ssize_t sent;

	n = min(n, sizeof(text));
	if (copy_from_user(text, from, n))
		return -EFAULT;
	for (;;) {
		if (mint_follower_has_ended(follower))
			return -EPIPE;
		sent = mint_console_send_input(follower->node, text, n);
		if (sent || !n)
			return sent;
		if (!wait)
			return -EAGAIN;
		if (schedule_timeout_interruptible(HZ / 100))
			return -ERESTARTSYS;
	}
}

/* What was typed so far was not meant for the start that follows. */
static void mint_console_drop_input(struct mint_console *console)
{
	mint_store(&console->in_tail, mint_load(&console->in_head));
}

/**
 * mint_console_begin() - make a console ready for a start of its node
 * @node: the node, which we are at work on
 *
 * Its input is empty, and it has no terminal yet. The node itself would come
 * too late: users connect, and type, while it boots.
 */
void mint_console_begin(u32 node)
{
	struct mint_console *console = mint_console_entry(node);

	mint_console_drop_input(console);
	mint_store(&console->size, 0ULL);
}

/**
 * mint_console_resize() - tell a node how large the terminal is
 * @follower: the view of its console
 * @size: see MINT_IOC_CONSOLE_SIZE, any values
 *
 * Return: 0, -EINVAL, or -EPIPE when the node has ended.
 */
int mint_console_resize(struct mint_follower *follower, const struct mint_ioc_size *size)
{
	const struct winsize given = { .ws_row = size->rows, .ws_col = size->columns };

	if (!mint_console_size_good(&given))
		return -EINVAL;
	if (mint_follower_has_ended(follower))
		return -EPIPE;
	mint_store(&mint_console_entry(follower->node)->size,
		   mint_size_word(size->rows, size->columns, size->width, size->height));
	/* Orders the store before the ring: it has a full barrier. */
	mint_doorbell_ring_node(follower->node, MINT_CHANNEL_CONSOLE);
	return 0;
}

/**
 * mint_console_poll() - what can be done without waiting?
 * @follower: the view of a console
 * @file: what is polled
 * @table: where to wait, may be NULL
 *
 * Return: EPOLLOUT always; EPOLLIN with output or at the end of the node, then
 * with EPOLLHUP.
 */
__poll_t mint_console_poll(struct mint_follower *follower, struct file *file,
			   poll_table *table)
{
	__poll_t events = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &news, table);
	if (mint_follower_has_output(follower))
		events |= EPOLLIN | EPOLLRDNORM;
	if (mint_follower_has_ended(follower))
		events |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	return events;
}

static int mint_wake_followers(struct notifier_block *nb, unsigned long unused, void *peer)
{
	wake_up_interruptible(&news);
	return NOTIFY_DONE;
}

static struct notifier_block peer_notifier = {
	.notifier_call = mint_wake_followers,
};

/* A former start of this node may have died while it followed consoles. */
static void __init mint_console_follow_nobody(void)
{
	u32 node;

	for (node = 0; node < MINT_MAX_NODES; node++)
		mint_andnot(&mint_console_entry(node)->followers, BIT_ULL(mint_facts.node));
}

static int __init mint_console_early_init(void)
{
	if (!mint_active())
		return 0;
	mint_sysrq_forget();
	mint_console_follow_nobody();
	return hvc_instantiate(0, 0, &mint_hvc_ops);
}
console_initcall(mint_console_early_init);

static int __init mint_console_init(void)
{
	struct hvc_struct *hvc;
	int err;

	if (!mint_active())
		return 0;
	hvc = hvc_alloc(0, 1, &mint_hvc_ops, COPY_BYTES);
	if (IS_ERR(hvc))
		return PTR_ERR(hvc);
	mint_hvc = hvc;
	err = mint_peer_notifier_register(&peer_notifier);
	if (err)
		return err;
	err = mint_channel_register(MINT_CHANNEL_CONSOLE, mint_console_rung, NULL);
	/* A ring from before was lost, so look once. */
	if (!err)
		mint_console_take_size();
	return err;
}
device_initcall(mint_console_init);
