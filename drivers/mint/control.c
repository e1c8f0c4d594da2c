// SPDX-License-Identifier: GPL-2.0
/*
 * The control channel: a node asks another one to power off or to run a
 * command. A client takes one of its own sessions; the server's kernel starts
 * /sbin/mint as a helper for each command. mint_control_mutex guards clients[] and
 * servers[]. Protocol: docs/abi.md.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/umh.h>
#include <asm/mint.h>
#include "session.h"

#define HELPER		"/sbin/mint"
#define NR_SESSIONS	(MINT_MAX_NODES * MINT_NODE_SESSIONS)
/* A peer that has been silent for this many seconds is lost. */
#define LOST_S		10

DECLARE_WAIT_QUEUE_HEAD(mint_control_news);

static DEFINE_MUTEX(mint_control_mutex);
static struct mint_side *clients[MINT_NODE_SESSIONS];
static struct mint_side *servers[NR_SESSIONS];

/*
 * By session: sequence of the last request that was looked at. Only
 * mint_control_look_for_requests() uses it.
 */
static u32 seen[NR_SESSIONS];

static struct workqueue_struct *helpers;

static struct mint_session *mint_session_entry(u32 number)
{
	return mint_region.sessions + (size_t)number * mint_region.session_stride;
}

static u32 mint_word_sequence(u64 word)
{
	return word >> 32;
}

static u32 mint_request_verb(u64 request)
{
	return request & 0xffff;
}

static bool mint_request_hung_up(u64 request)
{
	return request >> 16 & 0xffff;
}

static u32 mint_answer_state(u64 answer)
{
	return answer >> 16 & 0xffff;
}

static bool mint_answer_is_final(u64 answer, u32 sequence)
{
	return mint_word_sequence(answer) == sequence &&
	       (mint_answer_state(answer) == MINT_ANSWER_DONE ||
		mint_answer_state(answer) == MINT_ANSWER_REFUSED);
}

static struct mint_side *mint_side_alloc(u32 number, u32 peer, u32 peer_generation)
{
	struct mint_side *side = kzalloc(sizeof(*side), GFP_KERNEL);

	if (!side)
		return NULL;
	kref_init(&side->ref);
	mutex_init(&side->mutex);
	side->number = number;
	side->session = mint_session_entry(number);
	side->peer = peer;
	side->peer_generation = peer_generation;
	side->heard = jiffies;
	return side;
}

static void mint_side_free(struct kref *ref)
{
	kfree(container_of(ref, struct mint_side, ref));
}

/**
 * mint_side_put() - drop a reference
 * @side: freed if that was the last one
 */
void mint_side_put(struct mint_side *side)
{
	kref_put(&side->ref, mint_side_free);
}

/**
 * mint_side_ring() - tell the other side that there is news
 * @side: this node's side
 *
 * Context: any but NMI.
 */
void mint_side_ring(struct mint_side *side)
{
	mint_doorbell_ring_node(side->peer, MINT_CHANNEL_CONTROL);
}

/**
 * mint_side_broken() - note that the other side has written nonsense
 * @side: this node's side; from now on its request counts as over
 */
void mint_side_broken(struct mint_side *side)
{
	if (!READ_ONCE(side->broken))
		pr_warn_ratelimited("node %u wrote nonsense into session %u\n",
				    side->peer, side->number);
	WRITE_ONCE(side->broken, true);
}

static bool mint_side_peer_is_lost(struct mint_side *side)
{
	struct mint_peer peer;

	if (mint_node_ended(side->peer, side->peer_generation))
		return true;
	mint_peer_get(side->peer, &peer);
	if (peer.running)
		WRITE_ONCE(side->heard, jiffies);
	return time_after(jiffies, READ_ONCE(side->heard) + LOST_S * HZ);
}

static bool mint_side_request_stands(struct mint_side *side)
{
	u64 word = mint_load(&side->session->request.word);

	return mint_word_sequence(word) == side->sequence && !mint_request_hung_up(word);
}

/**
 * mint_side_over() - is there nothing more to come from the other side?
 * @side: this node's side
 *
 * To be asked before the last look at what the other side has written: all of
 * that is seen by then.
 */
bool mint_side_over(struct mint_side *side)
{
	struct mint_ioc_result result;

	if (READ_ONCE(side->gone))
		return true;
	if (side->serves)
		return READ_ONCE(side->broken) || !mint_side_request_stands(side) ||
		       mint_side_peer_is_lost(side);
	mint_control_result(side, &result);
	return result.state != MINT_ANSWER_NONE && result.state != MINT_ANSWER_RUNNING;
}

/**
 * mint_control_result() - how does a request of this node stand?
 * @side: the client's side
 * @result: filled in: MINT_ANSWER_* as the server has it, MINT_RESULT_LOST if the
 *	server has ended or is silent for 10 s, MINT_RESULT_BROKEN if it has
 *	written nonsense
 */
void mint_control_result(struct mint_side *side, struct mint_ioc_result *result)
{
	/* Pairs with the release in mint_control_answer(). */
	u64 word = mint_load_acquire(&side->session->answer.word);

	*result = (struct mint_ioc_result) {};
	if (mint_word_sequence(word) == side->sequence) {
		result->state = mint_answer_state(word);
		result->code = word & 0xffff;
	}
	if (!mint_answer_is_final(word, side->sequence) &&
	    (result->state > MINT_ANSWER_RUNNING || !mint_side_request_stands(side)))
		mint_side_broken(side);
	if (READ_ONCE(side->broken))
		result->state = MINT_RESULT_BROKEN;
	else if (mint_answer_is_final(word, side->sequence))
		return;
	else if (mint_side_peer_is_lost(side))
		result->state = MINT_RESULT_LOST;
}

/*
 * A session can be used again once nobody writes into it any more: the server
 * gave its final answer or is fenced. With verb 0 no server has seen the request,
 * since its client died before it was complete.
 */
static bool mint_session_is_free(u32 index)
{
	u32 number = mint_facts.node * MINT_NODE_SESSIONS + index;
	struct mint_session *session = mint_session_entry(number);
	u64 word = mint_load(&session->request.word);
	u32 server = mint_load(&session->request.server);

	if (clients[index])
		return false;
	return !mint_request_verb(word) || server >= MINT_MAX_NODES ||
	       mint_answer_is_final(mint_load_acquire(&session->answer.word),
				    mint_word_sequence(word)) ||
	       mint_owner_dead(NULL, server,
			       mint_load(&session->request.server_generation));
}

static int mint_control_claim_session(struct mint_side *side)
{
	u32 index;

	for (index = 0; index < MINT_NODE_SESSIONS; index++) {
		if (!mint_session_is_free(index))
			continue;
		side->number = mint_facts.node * MINT_NODE_SESSIONS + index;
		side->session = mint_session_entry(side->number);
		clients[index] = side;
		return 0;
	}
	return -EAGAIN;
}

/*
 * The word is stored twice: first without a verb, so that a server that reads the
 * former request notices, and last with it. See mint_control_read_request().
 */
static void mint_control_write_request(struct mint_side *side, const void *arguments, u32 bytes)
{
	struct mint_session *session = side->session;
	struct mint_request *request = &session->request;
	u32 pipe;

	side->sequence = mint_word_sequence(mint_load(&request->word)) + 1;
	if (!side->sequence)
		side->sequence++;
	mint_store(&request->word, mint_request_word(side->sequence, 0, 0));
	mint_mb();	/* pairs with the second look in mint_control_read_request() */
	memcpy(session->arguments, arguments, bytes);
	for (pipe = 0; pipe < MINT_NR_PIPES; pipe++)
		mint_store(pipe == MINT_PIPE_STDIN ? &session->pipes[pipe].head :
			   &session->pipes[pipe].tail,
			   mint_pipe_word(side->sequence, 0, 0));
	mint_store(&request->generation, mint_facts.generation);
	mint_store(&request->server, side->peer);
	mint_store(&request->server_generation, side->peer_generation);
	mint_store(&request->bytes, bytes);
	mint_store(&request->process, (u32)task_tgid_nr(current));
	/* Pairs with the acquire in mint_control_read_request(). */
	mint_store_release(&request->word,
			   mint_request_word(side->sequence, 0, side->verb));
	mint_side_ring(side);
}

static int mint_control_send_request(struct mint_side *side, const void *arguments, u32 bytes)
{
	int err;

	mutex_lock(&mint_control_mutex);
	err = mint_control_claim_session(side);
	if (!err)
		mint_control_write_request(side, arguments, bytes);
	mutex_unlock(&mint_control_mutex);
	return err;
}

static void *mint_control_copy_arguments(const struct mint_ioc_request *request)
{
	u8 *arguments;

	if (!request->bytes)
		return NULL;
	arguments = memdup_user(u64_to_user_ptr(request->arguments), request->bytes);
	if (IS_ERR(arguments))
		return arguments;
	if (!arguments[request->bytes - 1])
		return arguments;
	kfree(arguments);
	return ERR_PTR(-EINVAL);
}

/**
 * mint_control_request() - ask a node for something
 * @request: see MINT_IOC_REQUEST
 * @side: filled in: the client's side, for mint_control_close()
 *
 * Return: 0, or an error of MINT_IOC_REQUEST. -EAGAIN: all sessions are in use.
 */
int mint_control_request(const struct mint_ioc_request *request,
			 struct mint_side **side)
{
	bool exec = request->verb == MINT_VERB_EXEC;
	void *arguments;
	u32 generation;
	int err;

	if ((!exec && request->verb != MINT_VERB_STOP) || exec != !!request->bytes ||
	    request->reserved)
		return -EINVAL;
	if (request->bytes > MINT_ARGUMENT_BYTES)
		return -E2BIG;
	err = mint_node_running(request->node, &generation);
	if (err)
		return err;
	arguments = mint_control_copy_arguments(request);
	if (IS_ERR(arguments))
		return PTR_ERR(arguments);
	err = -ENOMEM;
	*side = mint_side_alloc(0, request->node, generation);
	if (*side) {
		(*side)->verb = request->verb;
		err = mint_control_send_request(*side, arguments, request->bytes);
	}
	kfree(arguments);
	if (err)
		kfree(*side);
	return err;
}

static void mint_side_hang_up(struct mint_side *side)
{
	mutex_lock(&side->mutex);
	side->gone = true;
	mutex_unlock(&side->mutex);
	if (!mint_answer_is_final(mint_load(&side->session->answer.word), side->sequence)) {
		mint_store(&side->session->request.word,
			   mint_request_word(side->sequence, 1, side->verb));
		mint_side_ring(side);
	}
	mutex_lock(&mint_control_mutex);
	clients[side->number % MINT_NODE_SESSIONS] = NULL;
	mutex_unlock(&mint_control_mutex);
}

/**
 * mint_control_close() - the file of a side was closed
 * @side: freed if nothing else uses it
 *
 * A client hangs up by that. A server does not: the end of its helper ends the
 * request.
 */
void mint_control_close(struct mint_side *side)
{
	if (!side->serves)
		mint_side_hang_up(side);
	mint_side_put(side);
}

/**
 * mint_control_poll() - is the request over?
 * @side: this node's side
 * @file: what is polled
 * @table: where to wait, may be NULL
 *
 * Return: EPOLLIN, EPOLLRDNORM and EPOLLHUP when it is over, else 0.
 */
__poll_t mint_control_poll(struct mint_side *side, struct file *file,
			   poll_table *table)
{
	poll_wait(file, &mint_control_news, table);
	return mint_side_over(side) ? EPOLLIN | EPOLLRDNORM | EPOLLHUP : 0;
}

static void mint_control_answer(u32 number, u32 sequence, u32 state, u32 code)
{
	/* Pairs with the acquire in mint_control_result(). */
	mint_store_release(&mint_session_entry(number)->answer.word,
			   mint_answer_word(sequence, state, code));
	mint_doorbell_ring_node(number / MINT_NODE_SESSIONS, MINT_CHANNEL_CONTROL);
}

/* Gives the final answer, once. After that the client may use the session again. */
static void mint_side_finish(struct mint_side *side, u32 state, u32 code)
{
	u64 word = mint_load(&side->session->request.word);

	mutex_lock(&mint_control_mutex);
	if (servers[side->number] == side) {
		servers[side->number] = NULL;
		mutex_lock(&side->mutex);
		side->gone = true;
		mutex_unlock(&side->mutex);
		if (mint_word_sequence(word) == side->sequence)
			mint_control_answer(side->number, side->sequence, state, code);
	}
	mutex_unlock(&mint_control_mutex);
}

/* The helper gives the answer. If it could not, it is given here. */
static void mint_control_run_helper(struct work_struct *work)
{
	struct mint_side *side = container_of(work, struct mint_side, work);
	char *envp[3] = {
		"HOME=/root", "PATH=/sbin:/bin:/usr/sbin:/usr/bin", NULL
	};
	char which[32];
	char *argv[4] = { HELPER, "serve", which, NULL };
	int err;

	snprintf(which, sizeof(which), "%u.%u", side->number, side->sequence);
	err = call_usermodehelper(HELPER, argv, envp, UMH_WAIT_PROC | UMH_KILLABLE);
	mint_side_finish(side, MINT_ANSWER_REFUSED, err < 0 ? -err : EIO);
	mint_side_put(side);
}

static int mint_control_start_helper(u32 number, const struct mint_request *request)
{
	struct mint_side *side;

	if (!request->bytes || request->bytes > MINT_ARGUMENT_BYTES)
		return -EINVAL;
	if (READ_ONCE(servers[number]))	/* set here only */
		return -EBUSY;
	side = mint_side_alloc(number, number / MINT_NODE_SESSIONS, request->generation);
	if (!side)
		return -ENOMEM;
	side->serves = true;
	side->sequence = mint_word_sequence(request->word);
	side->bytes = request->bytes;
	INIT_WORK(&side->work, mint_control_run_helper);
	mutex_lock(&mint_control_mutex);
	servers[number] = side;
	mutex_unlock(&mint_control_mutex);
	queue_work(helpers, &side->work);
	return 0;
}

static int mint_control_take_request(u32 number, const struct mint_request *request)
{
	u32 client = number / MINT_NODE_SESSIONS;

	if (mint_node_ended(client, request->generation))
		return -ESTALE;
	if (mint_request_hung_up(request->word))
		return -ECANCELED;
	switch (mint_request_verb(request->word)) {
	case MINT_VERB_STOP:
		pr_info("node %u asks this node to power off\n", client);
		orderly_poweroff(false);
		mint_control_answer(number, mint_word_sequence(request->word), MINT_ANSWER_DONE, 0);
		return 0;
	case MINT_VERB_EXEC:
		return mint_control_start_helper(number, request);
	default:
		return -EOPNOTSUPP;
	}
}

/*
 * Copies a request. Returns false if there is none, if it is being written, or if
 * it is not for this start of this node.
 */
static bool mint_control_read_request(u32 number, struct mint_request *request)
{
	struct mint_request *shared = &mint_session_entry(number)->request;

	/* Pairs with the release in mint_control_write_request(). */
	request->word = mint_load_acquire(&shared->word);
	if (mint_word_sequence(request->word) == seen[number] || !mint_request_verb(request->word))
		return false;
	request->generation = mint_load(&shared->generation);
	request->server = mint_load(&shared->server);
	request->server_generation = mint_load(&shared->server_generation);
	request->bytes = mint_load(&shared->bytes);
	/* Pairs with the barrier after the first store in mint_control_write_request(). */
	mint_mb();
	return mint_word_sequence(mint_load(&shared->word)) == mint_word_sequence(request->word) &&
	       request->server == mint_facts.node &&
	       request->server_generation == mint_facts.generation;
}

static void mint_control_look_for_requests(struct work_struct *work)
{
	struct mint_request request;
	u32 number;
	int err;

	for (number = 0; number < NR_SESSIONS; number++) {
		if (!mint_control_read_request(number, &request))
			continue;
		seen[number] = mint_word_sequence(request.word);
		err = mint_control_take_request(number, &request);
		if (err)
			mint_control_answer(number, seen[number], MINT_ANSWER_REFUSED, -err);
	}
}

static DECLARE_WORK(request_work, mint_control_look_for_requests);

/* Stores the server's words of the pipes, then that the command runs. */
static void mint_control_begin_serving(struct mint_side *side)
{
	struct mint_pipe *pipes = side->session->pipes;
	u64 word = mint_pipe_word(side->sequence, 0, 0);

	mint_store(&pipes[MINT_PIPE_STDIN].tail, word);
	mint_store(&pipes[MINT_PIPE_STDOUT].head, word);
	mint_store(&pipes[MINT_PIPE_STDERR].head, word);
	mint_control_answer(side->number, side->sequence, MINT_ANSWER_RUNNING, 0);
	side->claimed = true;
	kref_get(&side->ref);
}

static int mint_control_claim_request(struct mint_ioc_serve *serve, struct mint_side *side,
				      void *arguments)
{
	if (!side || side->sequence != serve->sequence || side->claimed)
		return -ENOENT;
	if (serve->bytes < side->bytes)
		return -E2BIG;
	serve->bytes = side->bytes;
	memcpy(arguments, side->session->arguments, side->bytes);
	mint_control_begin_serving(side);
	return 0;
}

/**
 * mint_control_serve() - hand a request to its helper
 * @serve: see MINT_IOC_SERVE; any values
 * @side: filled in: the server's side, for mint_control_close()
 *
 * Return: 0. -ENOENT if no request waits for a helper, -E2BIG if the arguments do
 * not fit, -EINVAL, -EFAULT or -ENOMEM.
 */
int mint_control_serve(struct mint_ioc_serve *serve, struct mint_side **side)
{
	void *arguments;
	int err;

	if (serve->session >= NR_SESSIONS || serve->reserved)
		return -EINVAL;
	arguments = kmalloc(MINT_ARGUMENT_BYTES, GFP_KERNEL);
	if (!arguments)
		return -ENOMEM;
	mutex_lock(&mint_control_mutex);
	*side = servers[serve->session];
	err = mint_control_claim_request(serve, *side, arguments);
	mutex_unlock(&mint_control_mutex);
	/* Not under the mutex, since a page fault may take any time. */
	if (!err && copy_to_user(u64_to_user_ptr(serve->arguments), arguments, serve->bytes)) {
		mint_side_put(*side);
		err = -EFAULT;
	}
	kfree(arguments);
	return err;
}

/**
 * mint_control_finish() - give the answer of a request
 * @side: the server's side
 * @result: MINT_ANSWER_DONE with an exit code, or _REFUSED with an errno
 *
 * Only the first answer counts. Return: 0, -EBADFD on the client's side, or
 * -EINVAL.
 */
int mint_control_finish(struct mint_side *side, const struct mint_ioc_result *result)
{
	if (!side->serves)
		return -EBADFD;
	if (!mint_answer_is_final(mint_answer_word(0, result->state, 0), 0) ||
	    result->state > 0xffff || result->code > 0xffff)
		return -EINVAL;
	mint_side_finish(side, result->state, result->code);
	return 0;
}

static void mint_control_rung(void *unused)
{
	wake_up_interruptible(&mint_control_news);
	queue_work(system_wq, &request_work);
}

static int mint_control_wake_waiters(struct notifier_block *nb, unsigned long unused, void *peer)
{
	wake_up_interruptible(&mint_control_news);
	return NOTIFY_DONE;
}

static struct notifier_block peer_notifier = {
	.notifier_call = mint_control_wake_waiters,
};

static int __init mint_control_init(void)
{
	int err;

	if (!mint_active())
		return 0;
	helpers = alloc_workqueue("mint_control", WQ_UNBOUND, 0);
	if (!helpers)
		return -ENOMEM;
	err = mint_peer_notifier_register(&peer_notifier);
	if (err)
		return err;
	return mint_channel_register(MINT_CHANNEL_CONTROL, mint_control_rung, NULL);
}
device_initcall(mint_control_init);
