// SPDX-License-Identifier: GPL-2.0
/*
 * Receiving past TCP: what TCP brings up to where the lane begins, then the lane,
 * then what TCP brings after its end.
 */
#include <linux/uio.h>
#include <net/busy_poll.h>

#include "bypass.h"

/* The writer hears of so much room at a time, so that it copies while we do. */
#define PIECE_BYTES		(64 * 1024)

/* Is it the turn of the lane? */
static bool mint_recv_is_here(struct mint_socket *s)
{
	if (s->stage != MINT_STAGE_JOINED)
		return false;
	if (!s->receiving) {
		if (!mint_reader_started(&s->reader, &s->sequence))
			return false;
		WRITE_ONCE(s->receiving, true);
	}
	return !before(tcp_sk(s->sk)->copied_seq, s->sequence);
}

/**
 * mint_recv_bytes() - how many bytes wait in the lane
 * @s: what the bypass knows of a socket, locked
 */
u64 mint_recv_bytes(struct mint_socket *s)
{
	u32 sequence;

	if (s->stage != MINT_STAGE_JOINED || !mint_reader_started(&s->reader, &sequence) ||
	    mint_reader_look(&s->reader, &mint_bypass->view))
		return 0;
	return mint_reader_bytes(&s->reader);
}

/* Has TCP brought all bytes before the lane? It wakes whom they are for. */
static bool mint_recv_is_next(const struct mint_socket *s, u64 start)
{
	return !before(READ_ONCE(tcp_sk(s->sk)->rcv_nxt), (u32)start);
}

/**
 * mint_recv_inq() - how many bytes of the lane a call could have by now
 * @s: what the bypass knows of a socket, locked
 *
 * Return: 0 while TCP has still to bring bytes in front of them.
 */
u64 mint_recv_inq(struct mint_socket *s)
{
	u64 bytes = mint_recv_bytes(s);

	return bytes && mint_recv_is_next(s, mint_load(&s->reader.lane->start)) ? bytes : 0;
}

static bool mint_recv_seems_ready(const struct mint_socket *s, u64 least)
{
	/* Acquire: who sees bytes sees where the lane starts. */
	return mint_load_acquire(&s->reader.lane->tail) - READ_ONCE(s->reader.head) >= least;
}

/* Has the server joined, and sent, before we knew of it? It signals its first bytes. */
static bool mint_recv_first(const struct mint_socket *s)
{
	const struct mint_view *view = &mint_bypass->view;
	struct mint_lane *lane = &mint_pair_at(view, s->pair)->lanes[MINT_LANE_TO_CLIENT];

	return READ_ONCE(s->stage) == MINT_STAGE_OFFERED &&
	       mint_pair_joined(view, s->pair, s->key) && mint_load_acquire(&lane->tail) &&
	       mint_recv_is_next(s, mint_load(&lane->start));
}

/**
 * mint_recv_possible() - are there bytes in the lane, and are they the next ones?
 * @s: what the bypass knows of a socket, perhaps not locked
 * @least: how many at least, from 1 on
 *
 * Asks for a signal if not.
 */
bool mint_recv_possible(struct mint_socket *s, u64 least)
{
	if (!mint_socket_joined(s))
		return mint_recv_first(s);
	if (!mint_recv_seems_ready(s, least)) {
		WRITE_ONCE(s->reader_waits, true);
		mint_reader_waits(&s->reader, mint_this_cpu());
		if (!mint_recv_seems_ready(s, least))
			return false;
	}
	if (mint_recv_is_next(s, mint_load(&s->reader.lane->start)))
		return true;
	/* With SO_RCVLOWAT TCP may wake nobody for the few before: mint_signals_check() does. */
	mint_reader_looks(&s->reader);
	WRITE_ONCE(s->reader_waits, true);
	return mint_recv_is_next(s, mint_load(&s->reader.lane->start));
}

/* Copies what lies in one piece behind @offset. Returns how much, or an error. */
static int mint_recv_piece(struct mint_socket *s, struct msghdr *msg, size_t len, int flags,
			   u64 offset)
{
	const void *at;
	u64 bytes = mint_reader_span(&s->reader, offset, &at);

	bytes = min3(bytes, (u64)len, (u64)PIECE_BYTES);
	if (!bytes)
		return 0;
	if (!(flags & MSG_TRUNC)) {
		bytes = copy_to_iter(at, bytes, &msg->msg_iter);
		if (!bytes)
			return -EFAULT;
	}
	if (flags & MSG_PEEK) {
		sk_peek_offset_fwd(s->sk, bytes);
	} else {
		sk_peek_offset_bwd(s->sk, bytes);
		mint_reader_consume(&s->reader, bytes);
		mint_tell_writer(s);
		mint_count(MINT_EVENT_BYTES_RECEIVED, bytes);
	}
	return bytes;
}

/*
 * Takes what the lane has; with MSG_PEEK, behind @offset. Returns bytes, 0 if there
 * are none, or an error.
 */
static int mint_recv_lane(struct mint_socket *s, struct msghdr *msg, size_t len, int flags,
			  u64 offset)
{
	int copied = 0, got;

	do {
		if (s->broken || mint_reader_look(&s->reader, &mint_bypass->view)) {
			mint_socket_break(s);
			break;
		}
		do {
			got = mint_recv_piece(s, msg, len - copied, flags, offset);
			if (got < 0)
				return copied ?: got;
			copied += got;
			if (flags & MSG_PEEK)
				offset += got;
		} while (got && copied < len);
		/*
		 * All is read: ask to hear of more, and look once more. Also who wants
		 * no more now may wait for an edge, or for SIGIO.
		 */
	} while (!(flags & MSG_PEEK) && !mint_reader_bytes(&s->reader) &&
		 mint_recv_possible(s, 1) && copied < len);
	return copied;
}

static int mint_recv_tcp(struct mint_socket *s, struct msghdr *msg, size_t len, int flags,
			 int *addr_len)
{
	struct sock *sk = s->sk;
	int got;

	release_sock(sk);
	got = s->base->recvmsg(sk, msg, len, flags | MSG_DONTWAIT, addr_len);
	lock_sock(sk);
	return got;
}

/* Bytes that MSG_PEEK passes over, if it has seen some: see SO_PEEK_OFF. */
static u32 mint_recv_skip(const struct mint_socket *s, int flags, u32 seen)
{
	int offset = sk_peek_offset(s->sk, flags);

	return offset < 0 ? seen : offset;
}

/* Bytes that TCP still brings before it is the turn of the lane. */
static u32 mint_recv_before(const struct mint_socket *s)
{
	s32 before = s->sequence - READ_ONCE(tcp_sk(s->sk)->copied_seq);

	return READ_ONCE(s->receiving) ? max(before, 0) : 0;
}

/* Of @skip bytes, how many are in the lane. */
static u32 mint_recv_offset(const struct mint_socket *s, u32 skip)
{
	return skip - min(skip, mint_recv_before(s));
}

/* Of @queued bytes that TCP has, how many a call may have that passes over some. */
static u32 mint_recv_limit(const struct mint_socket *s, u32 queued, u32 skip)
{
	u32 before = mint_recv_before(s), limit = before ? min(queued, before) : queued;

	return limit - min(skip, limit);
}

/* What TCP had, if it was @got, and behind it what the lane has. */
static int mint_recv_peek(struct mint_socket *s, struct msghdr *msg, size_t len, int flags,
			  u32 skip, int got)
{
	size_t copied = max(got, 0);
	int more;

	if ((got < 0 && got != -EAGAIN) || copied == len || s->stage != MINT_STAGE_JOINED ||
	    !READ_ONCE(s->receiving) || skip + copied < mint_recv_before(s))
		return got;
	more = mint_recv_lane(s, msg, len - copied, flags, mint_recv_offset(s, skip + copied));
	return copied + max(more, 0) ?: got;
}

/*
 * How many bytes of the lane come before what TCP says of the end. While it has still to
 * bring others in front of them it knows of no end but one by which these never come.
 */
static u64 mint_recv_due(struct mint_socket *s)
{
	u64 bytes = mint_recv_bytes(s);

	if (s->broken ||
	    (bytes && !mint_recv_is_next(s, mint_load(&s->reader.lane->start))))
		return 0;
	return bytes;
}

/* What TCP says of the end comes after all bytes of the lane. */
static int mint_recv_end(struct mint_socket *s, u32 skip, bool more)
{
	struct sock *sk = s->sk;

	if (more || mint_recv_due(s) > mint_recv_offset(s, skip))
		return -EAGAIN;
	if (sock_flag(sk, SOCK_DONE))
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return 0;
	return sk->sk_state == TCP_CLOSE ? -ENOTCONN : -EAGAIN;
}

/* Is the next byte of TCP an urgent one? Whoever has bytes stops before it. */
static bool mint_recv_is_urgent(const struct mint_socket *s)
{
	const struct tcp_sock *tp = tcp_sk(s->sk);

	return tp->urg_data && tp->urg_seq == tp->copied_seq;
}

/*
 * Takes what there is, without waiting. Returns bytes, 0 at the end, -EAGAIN if
 * there is nothing, or another error; with @more, it leaves an error for the next
 * call.
 */
static int mint_recv_some(struct mint_socket *s, struct msghdr *msg, size_t len, int flags,
			  int *addr_len, bool more)
{
	const struct tcp_sock *tp = tcp_sk(s->sk);
	/* These come before the lane, if it has not begun when we look at it next. */
	u32 queued = tp->rcv_nxt - tp->copied_seq;
	u32 skip = mint_recv_skip(s, flags, 0), limit;
	int got;

	if (mint_socket_settle(s) && mint_recv_is_here(s)) {
		bool ended = mint_reader_ended(&s->reader);

		got = mint_recv_lane(s, msg, len, flags, skip);
		if (got || (!len && mint_reader_bytes(&s->reader)))
			return got;
		if (!ended)
			return mint_recv_end(s, skip, more);
	}
	limit = mint_recv_limit(s, queued, skip);
	if (limit && !(more && mint_recv_is_urgent(s)))
		got = mint_recv_tcp(s, msg, min_t(size_t, len, limit), flags, addr_len);
	else
		got = -EAGAIN;
	if (flags & MSG_PEEK)
		got = mint_recv_peek(s, msg, len, flags, skip, got);
	if (got == -EAGAIN)
		return mint_recv_end(s, skip, more);
	if (got || !len || !mint_recv_due(s) || mint_reader_ended(&s->reader))
		return got;
	/* The lane has begun since we looked, and its bytes come before the end. */
	return -EAGAIN;
}

/* What TCP has while it is the turn of the lane comes later. */
static bool mint_recv_has_news(struct mint_socket *s, u32 skip)
{
	struct sock *sk = s->sk;
	const struct tcp_sock *tp = tcp_sk(sk);

	return mint_recv_possible(s, mint_recv_offset(s, skip) + 1) || READ_ONCE(sk->sk_err) ||
	       READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN ||
	       (!skb_queue_empty_lockless(&sk->sk_receive_queue) &&
		READ_ONCE(tp->rcv_nxt) - READ_ONCE(tp->copied_seq) > skip &&
		(!READ_ONCE(s->receiving) || mint_recv_before(s) || mint_reader_ended(&s->reader)));
}

#ifdef CONFIG_NET_RX_BUSY_POLL
static bool mint_recv_spin_over(const struct mint_socket *s, unsigned long end)
{
	const struct sock *sk = s->sk;

	return mint_recv_seems_ready(s, 1) || busy_loop_current_time() >= end ||
	       !skb_queue_empty_lockless(&sk->sk_receive_queue) || READ_ONCE(sk->sk_err) ||
	       READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN || signal_pending(current) ||
	       need_resched();
}

/* Busy polling (SO_BUSY_POLL, net.core.busy_read): the peer need not signal then. */
static void mint_recv_spin(struct mint_socket *s)
{
	unsigned long end = busy_loop_current_time() + READ_ONCE(s->sk->sk_ll_usec);

	mint_reader_looks(&s->reader);
	release_sock(s->sk);
	while (!mint_recv_spin_over(s, end))
		cpu_relax();
	lock_sock(s->sk);
}
#else
static void mint_recv_spin(struct mint_socket *s)
{
}
#endif

/* Waits for bytes behind those that were seen, by TCP or in the lane, or the end. */
static int mint_recv_wait(struct mint_socket *s, int flags, u32 seen, long *timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	u32 skip = mint_recv_skip(s, flags, seen);
	struct sock *sk = s->sk;
	int err;

	if (s->receiving && sk_can_busy_loop(sk))
		mint_recv_spin(s);
	add_wait_queue(sk_sleep(sk), &wait);
	sk_set_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	err = sk_wait_event(sk, timeo, mint_recv_has_news(s, skip), &wait);
	sk_clear_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	remove_wait_queue(sk_sleep(sk), &wait);
	return min(err, 0);
}

/* Does a call that has bytes return with them, if there are no more at once? */
static bool mint_recv_is_over(const struct mint_socket *s)
{
	struct sock *sk = s->sk;

	return sk->sk_err || sk->sk_shutdown & RCV_SHUTDOWN || sk->sk_state == TCP_CLOSE ||
	       sock_flag(sk, SOCK_DONE) || mint_recv_is_urgent(s);
}

/* Who wants to know when bytes came has them come by TCP from now on. */
static void mint_recv_heed_options(struct mint_socket *s)
{
	if (s->sk->sk_flags & SK_FLAGS_TIMESTAMP && s->stage == MINT_STAGE_JOINED)
		mint_socket_refuse(s);
}

/* Bytes, 0 at the end, or an error if there are none. */
static int mint_recv(struct mint_socket *s, struct msghdr *msg, size_t len, int flags,
		     int *addr_len)
{
	struct sock *sk = s->sk;
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	int target = sock_rcvlowat(sk, flags & MSG_WAITALL, len);
	int copied = 0, got;

	do {
		bool over = mint_recv_is_over(s);

		got = mint_recv_some(s, msg, len - copied, flags, addr_len, copied);
		if (got > 0) {
			copied += got;
			if (!(flags & MSG_PEEK))
				continue;
		} else if (got != -EAGAIN) {
			return copied ?: got;
		}
		if (copied >= target || !timeo || (copied && over))
			return copied ?: got;
		if (signal_pending(current))
			return copied ?: sock_intr_errno(timeo);
		got = mint_recv_wait(s, flags, copied, &timeo);
		if (got)
			return copied ?: got;
		if (flags & MSG_PEEK) {
			/* It looks from the beginning again. */
			iov_iter_revert(&msg->msg_iter, copied);
			sk_peek_offset_bwd(sk, copied);
			copied = 0;
		}
	} while (copied < len);
	return copied;
}

/*
 * As tcp_recvmsg() does, with @bytes that wait in the lane; in place of what TCP has put
 * into @control, if that is half of it.
 */
static void mint_recv_tell_inq(struct sock *sk, struct msghdr *msg, u64 bytes, void *control,
			       size_t space)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u64 inq = bytes + (u32)(READ_ONCE(tp->rcv_nxt) - READ_ONCE(tp->copied_seq));

	if (!inq && sock_flag(sk, SOCK_DONE))
		inq = 1;	/* the end */
	msg->msg_inq = min_t(u64, inq, INT_MAX);
	if (!tp->recvmsg_inq || (!bytes && msg->msg_controllen != space))
		return;
	msg->msg_control = control;
	msg->msg_controllen = space;
	put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(msg->msg_inq), &msg->msg_inq);
}

/**
 * mint_recvmsg() - receive from a socket whose bytes may go past TCP
 * @sk: the socket
 * @msg: where bytes go
 * @len: how many at most
 * @flags: MSG_*
 * @addr_len: as for tcp_recvmsg()
 *
 * Return: bytes, 0 at the end, or a negative error, as tcp_recvmsg() does.
 */
int mint_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len)
{
	void *control = msg->msg_control;
	size_t space = msg->msg_controllen;
	struct mint_socket *s;
	bool receiving = false;
	struct proto *base;
	u64 bytes = 0;
	int ret;

	guard(mint_call)();
	lock_sock(sk);
	s = mint_socket_of(sk);
	if (!s || flags & (MSG_ERRQUEUE | MSG_OOB)) {
		base = mint_socket_base(s, sk);
		release_sock(sk);
		return base->recvmsg(sk, msg, len, flags, addr_len);
	}
	s->users++;
	mint_recv_heed_options(s);
	ret = mint_recv(s, msg, len, flags, addr_len);
	receiving = s->receiving;
	bytes = mint_recv_inq(s);
	mint_socket_release(s);
	release_sock(sk);
	if (ret >= 0 && receiving && (msg->msg_get_inq || tcp_sk(sk)->recvmsg_inq))
		mint_recv_tell_inq(sk, msg, bytes, control, space);
	return ret;
}
