// SPDX-License-Identifier: GPL-2.0
/*
 * Sending past TCP: into the lane, until something comes that only TCP can do.
 */
#include <linux/uio.h>

#include "bypass.h"

/* A connection that never sends more than this at once, once, stays with TCP. */
#define FIRST_BYTES		(16 * 1024)
/* So much is shown to the reader at a time, so that it copies while we do. */
#define PIECE_BYTES		(64 * 1024)
/* The memory of a lane at most; one whose first bytes are many begins with it. */
#define MOST_BYTES		(512 * 1024)
/* A lane that was full gets so many times more, as a power of two. */
#define GROWTH			2
/* After so many sends one tries again to get memory. */
#define RETRY_SENDS		64

/* Messages that need a segment of TCP of their own, or word of what became of it. */
static bool mint_send_is_odd(const struct sock *sk, const struct msghdr *msg)
{
	return msg->msg_flags & (MSG_OOB | MSG_FASTOPEN) || msg->msg_controllen ||
	       (msg->msg_flags & MSG_ZEROCOPY && !msg->msg_ubuf && sock_flag(sk, SOCK_ZEROCOPY)) ||
	       READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_TX_RECORD_MASK;
}

static u32 mint_order_of(u64 bytes)
{
	return bytes <= mint_bypass->view.geometry.unit_bytes ? 0 :
		order_base_2(bytes / mint_bypass->view.geometry.unit_bytes);
}

/* Many lanes with little memory before few with much: larger ones leave a quarter. */
static u64 mint_send_claim(struct mint_socket *s, u64 bytes)
{
	struct mint_view *view = &mint_bypass->view;
	u32 order = mint_order_of(bytes);
	u64 run;

	local_bh_disable();
	run = mint_run_claim(view, smp_processor_id(), s->pair, order,
			     order ? view->geometry.nr_units / 4 : 0);
	local_bh_enable();
	return run;
}

/* As much as the first bytes are worth, or what there is. */
static u64 mint_send_claim_first(struct mint_socket *s, size_t size)
{
	u64 bytes = size > FIRST_BYTES ? MOST_BYTES : 0, run;

	for (;;) {
		run = mint_send_claim(s, bytes);
		if (run || !bytes)
			return run;
		bytes = bytes >> GROWTH > FIRST_BYTES ? bytes >> GROWTH : 0;
	}
}

/* Will TCP send what it was given before, without more to come? */
static bool mint_tcp_flows(const struct tcp_sock *tp)
{
	return tp->snd_nxt == tp->write_seq ||
	       (tp->packets_out && !(tp->nonagle & TCP_NAGLE_CORK));
}

/* Nobody may be in the middle of giving TCP something. */
static bool mint_send_may_start(struct mint_socket *s, size_t size)
{
	const struct sock *sk = s->sk;

	if (s->retry) {
		s->retry--;
		return false;
	}
	return (s->sends++ || size > FIRST_BYTES) &&
	       (1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) &&
	       !sk->sk_write_pending && mint_tcp_flows(tcp_sk(sk)) &&
	       !mint_writer_refused(&s->writer);
}

static bool mint_send_start(struct mint_socket *s, size_t size)
{
	u64 run;

	if (!mint_send_may_start(s, size))
		return false;
	run = mint_send_claim_first(s, size);
	if (!run) {
		s->retry = RETRY_SENDS;
		mint_count(MINT_EVENT_NO_UNITS, 1);
		return false;
	}
	mint_writer_use(&s->writer, &mint_bypass->view, run);
	mint_writer_start(&s->writer, tcp_sk(s->sk)->write_seq);
	WRITE_ONCE(s->sending, true);
	mint_count(MINT_EVENT_STARTED, 1);
	return true;
}

/* A lane that was full, and is empty, can change its memory. */
static void mint_send_grow(struct mint_socket *s)
{
	u64 old = s->writer.run, bytes = s->writer.size << GROWTH, run;

	if (bytes > MOST_BYTES || !mint_writer_idle(&s->writer))
		return;
	s->full = false;
	run = mint_send_claim(s, bytes);
	if (!run)
		return;
	mint_writer_use(&s->writer, &mint_bypass->view, run);
	mint_run_free(&mint_bypass->view, old);
	mint_count(MINT_EVENT_GROWN, 1);
}

/**
 * mint_send_end() - go back to TCP for good
 * @s: a socket that sends past TCP, locked
 * @why: what is counted
 */
void mint_send_end(struct mint_socket *s, enum mint_event why)
{
	s->sent = true;
	WRITE_ONCE(s->sending, false);
	mint_writer_end(&s->writer);
	mint_tell_reader(s);
	mint_count(why, 1);
}

/* Does the message go past TCP? */
static bool mint_send_ready(struct mint_socket *s, const struct msghdr *msg, size_t size)
{
	if (!mint_socket_settle(s) || s->stage != MINT_STAGE_JOINED || s->sent)
		return false;
	if (mint_send_is_odd(s->sk, msg)) {
		if (s->sending)
			mint_send_end(s, MINT_EVENT_OPTION);
		return false;
	}
	return s->sending || mint_send_start(s, size);
}

/* Copies what fits in one piece. Returns how much, or a negative error. */
static int mint_send_piece(struct mint_socket *s, struct msghdr *msg)
{
	u64 wanted = min_t(u64, msg_data_left(msg), PIECE_BYTES), bytes;
	void *at;

	if (mint_writer_room(&s->writer) < wanted || s->full) {
		if (mint_writer_look(&s->writer, &mint_bypass->view))
			return -EPROTO;
		if (s->full)
			mint_send_grow(s);
	}
	bytes = min(mint_writer_span(&s->writer, &at), wanted);
	if (!bytes)
		return 0;
	bytes = copy_from_iter(at, bytes, &msg->msg_iter);
	if (!bytes)
		return -EFAULT;
	mint_writer_publish(&s->writer, bytes);
	mint_tell_reader(s);
	mint_count(MINT_EVENT_BYTES_SENT, bytes);
	return bytes;
}

static bool mint_send_ended(const struct sock *sk)
{
	return READ_ONCE(sk->sk_err) || READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN;
}

static bool mint_send_over(const struct mint_socket *s)
{
	return mint_send_ended(s->sk) || mint_writer_refused(&s->writer);
}

/* Asks for a signal, and looks whether one is still needed. */
static bool mint_send_has_room(struct mint_socket *s)
{
	WRITE_ONCE(s->writer_waits, true);
	mint_writer_waits(&s->writer, mint_this_cpu());
	return mint_writer_look(&s->writer, &mint_bypass->view) || mint_writer_room(&s->writer);
}

/* Waits for room, the end, or a refusal. */
static int mint_send_wait(struct mint_socket *s, long *timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = s->sk;
	int err = 0;

	s->full = true;
	add_wait_queue(sk_sleep(sk), &wait);
	while (!mint_send_has_room(s) && !mint_send_over(s)) {
		sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		if (!*timeo)
			err = -EAGAIN;
		else if (signal_pending(current))
			err = sock_intr_errno(*timeo);
		else if (sk_wait_event(sk, timeo, !READ_ONCE(s->writer_waits) ||
				       mint_send_over(s), &wait) < 0)
			err = -EPIPE;
		if (err)
			break;
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

/*
 * Waits until some bytes of the message are in the lane. Returns how many; 0 if
 * none is left, or the rest has to go by TCP; or an error.
 */
static int mint_send_some(struct mint_socket *s, struct msghdr *msg, long *timeo)
{
	int sent, err;

	for (;;) {
		/* Also who sends nothing hears of the end. */
		if (mint_send_ended(s->sk))
			return -EPIPE;
		if (!msg_data_left(msg) || mint_writer_refused(&s->writer))
			return 0;
		sent = mint_send_piece(s, msg);
		if (sent)
			return sent;
		err = mint_send_wait(s, timeo);
		if (err)
			return err;
	}
}

/* Sends past TCP. Returns bytes, or a negative error if there are none. */
static int mint_send_lane(struct mint_socket *s, struct msghdr *msg)
{
	struct sock *sk = s->sk;
	long timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	int copied = 0, sent;

	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	while ((sent = mint_send_some(s, msg, &timeo)) > 0)
		copied += sent;
	if (sent == -EPROTO) {
		mint_socket_break(s);
		sent = -EPIPE;
	}
	if (copied || !sent)
		return copied;
	return sk_stream_error(sk, msg->msg_flags, sent);
}

static int mint_send(struct mint_socket *s, struct msghdr *msg, size_t size)
{
	int copied, more;

	if (!mint_send_ready(s, msg, size))
		return tcp_sendmsg_locked(s->sk, msg, size);
	copied = mint_send_lane(s, msg);
	/* While it waited the pair may have been left. */
	if (copied < 0 || !msg_data_left(msg) || s->stage != MINT_STAGE_JOINED ||
	    !mint_writer_refused(&s->writer))
		return copied;
	if (!s->sent)
		mint_send_end(s, MINT_EVENT_REFUSED);
	/* An error is for the next call, if this one has sent something. */
	if (copied && mint_send_ended(s->sk))
		return copied;
	more = tcp_sendmsg_locked(s->sk, msg, msg_data_left(msg));
	return more < 0 ? copied ?: more : copied + more;
}

/**
 * mint_sendmsg() - send from a socket whose bytes may go past TCP
 * @sk: the socket
 * @msg: the message
 * @size: its bytes
 *
 * Return: bytes taken, or a negative error, as tcp_sendmsg() does.
 */
int mint_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct mint_socket *s;
	int ret;

	guard(mint_call)();
	lock_sock(sk);
	s = mint_socket_of(sk);
	if (s) {
		s->users++;
		ret = mint_send(s, msg, size);
		mint_socket_release(s);
	} else {
		ret = tcp_sendmsg_locked(sk, msg, size);
	}
	release_sock(sk);
	return ret;
}

static bool mint_send_seems_free(const struct mint_socket *s)
{
	u64 size = READ_ONCE(s->writer.size);

	return READ_ONCE(s->writer.tail) - mint_load(&s->writer.lane->head) <= size - size / 4 ||
	       mint_writer_refused(&s->writer);
}

/**
 * mint_send_possible() - is there room for some bytes, or no use in waiting for it?
 * @s: a socket that sends past TCP, perhaps not locked
 *
 * Asks for a signal if not.
 */
bool mint_send_possible(struct mint_socket *s)
{
	if (mint_send_seems_free(s))
		return true;
	WRITE_ONCE(s->writer_waits, true);
	mint_writer_waits(&s->writer, mint_this_cpu());
	return mint_send_seems_free(s);
}
