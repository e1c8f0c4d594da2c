// SPDX-License-Identifier: GPL-2.0
/*
 * What the bypass knows of a socket: from when its connection is made to when it
 * is closed, or has become one that only TCP serves.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "bypass.h"

/* A server joins at once or never: what is longer on offer has no other end here. */
#define OFFER_TIME		HZ

/**
 * mint_socket_of() - what the bypass knows of a socket
 * @sk: a TCP socket, locked, or under RCU
 *
 * Return: NULL if it is an ordinary one.
 */
struct mint_socket *mint_socket_of(const struct sock *sk)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	struct mint_socket *s = rcu_dereference_check(icsk->icsk_ulp_data,
						      lockdep_sock_is_held(sk));

	/*
	 * Another ulp, whose data that may be, stands there later than NULL, which
	 * mint_socket_detach() writes. Pairs with the release of its own pointer.
	 */
	smp_rmb();
	return READ_ONCE(icsk->icsk_ulp_ops) == &mint_ulp ? s : NULL;
}

/**
 * mint_socket_attach() - have to do with a socket
 * @sk: an ordinary TCP socket, locked
 *
 * Return: what the bypass knows of it from now on, or NULL.
 */
struct mint_socket *mint_socket_attach(struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);
	struct mint_socket *s = kzalloc(sizeof(*s), GFP_ATOMIC);

	if (!s)
		return NULL;
	if (!try_module_get(THIS_MODULE)) {
		kfree(s);
		return NULL;
	}
	s->sk = sk;
	s->base = sk->sk_prot;
	rcu_assign_pointer(icsk->icsk_ulp_data, s);
	/* The data first: see mint_socket_of(). */
	smp_store_release(&icsk->icsk_ulp_ops, &mint_ulp);
	return s;
}

static void mint_socket_detach(struct mint_socket *s)
{
	struct inet_connection_sock *icsk = inet_csk(s->sk);

	WRITE_ONCE(icsk->icsk_ulp_ops, NULL);
	RCU_INIT_POINTER(icsk->icsk_ulp_data, NULL);
	kfree_rcu(s, rcu);
	module_put(THIS_MODULE);
}

/**
 * mint_socket_plain() - make it an ordinary socket of TCP
 * @s: what the bypass knows of a socket without a pair, locked
 *
 * Calls that are under way find that out by themselves.
 */
void mint_socket_plain(struct mint_socket *s)
{
	s->stage = MINT_STAGE_PLAIN;
	WRITE_ONCE(s->sk->sk_prot, s->base);
	if (!s->users)
		mint_socket_detach(s);
}

/**
 * mint_socket_release() - a call that has waited goes
 * @s: its socket, locked
 */
void mint_socket_release(struct mint_socket *s)
{
	if (!--s->users && s->stage == MINT_STAGE_PLAIN)
		mint_socket_detach(s);
}

/**
 * mint_socket_list() - enter a socket under its pair
 * @s: what the bypass knows of it
 * @pair: number of the pair
 */
void mint_socket_list(struct mint_socket *s, u32 pair)
{
	s->pair = pair;
	spin_lock_bh(&mint_bypass->lock);
	WRITE_ONCE(mint_bypass->sockets[pair], s);
	spin_unlock_bh(&mint_bypass->lock);
}

static void mint_socket_unlist(struct mint_socket *s)
{
	spin_lock_bh(&mint_bypass->lock);
	if (mint_bypass->sockets[s->pair] == s)
		WRITE_ONCE(mint_bypass->sockets[s->pair], NULL);
	spin_unlock_bh(&mint_bypass->lock);
}

/**
 * mint_socket_join() - both ends are there
 * @s: what the bypass knows of a socket, listed
 */
void mint_socket_join(struct mint_socket *s)
{
	const struct mint_view *view = &mint_bypass->view;

	s->peer = mint_pair_partner(view, s->pair, s->server);
	s->reader_waits = true;
	mint_writer_init(&s->writer, view, s->pair,
			 s->server ? MINT_LANE_TO_CLIENT : MINT_LANE_TO_SERVER);
	mint_reader_init(&s->reader, view, s->pair,
			 s->server ? MINT_LANE_TO_SERVER : MINT_LANE_TO_CLIENT);
	mint_count(MINT_EVENT_JOINED, 1);
	/* Pairs with the acquire in mint_socket_joined(). */
	smp_store_release(&s->stage, MINT_STAGE_JOINED);
}

/* Has the client heard of the server since its acknowledgment? */
static bool mint_socket_heard(const struct mint_socket *s)
{
	const struct tcp_sock *tp = tcp_sk(s->sk);

	return tp->snd_una != (u32)s->key || tp->rcv_nxt != (u32)(s->key >> 32);
}

/**
 * mint_socket_settle() - see what has become of an offer
 * @s: what the bypass knows of a socket, locked
 *
 * Return: true if it is one of ours, false if it is an ordinary one: then @s is of
 * use only to a call that is counted in @s->users.
 */
bool mint_socket_settle(struct mint_socket *s)
{
	struct mint_view *view = &mint_bypass->view;
	bool last;

	if (s->stage == MINT_STAGE_OFFERED) {
		last = mint_socket_heard(s) || time_after(jiffies, s->offered + OFFER_TIME) ||
		       s->sk->sk_state == TCP_CLOSE;
		if (mint_pair_joined(view, s->pair, s->key)) {
			mint_socket_join(s);
		} else if (last && mint_pair_withdraw(view, s->pair)) {
			mint_count(MINT_EVENT_ALONE, 1);
			mint_socket_unlist(s);
			mint_socket_plain(s);
			return false;
		}
	}
	return s->stage != MINT_STAGE_PLAIN;
}

/**
 * mint_socket_refuse() - want no more bytes past TCP
 * @s: what the bypass knows of a socket that has joined, locked or not used any more
 */
void mint_socket_refuse(struct mint_socket *s)
{
	mint_reader_refuse(&s->reader);
	mint_tell_writer(s);
}

/**
 * mint_socket_leave() - have no more to do with its pair
 * @s: what the bypass knows of a socket that nobody reads from or writes to any more
 */
void mint_socket_leave(struct mint_socket *s)
{
	struct mint_view *view = &mint_bypass->view;

	if (s->stage == MINT_STAGE_CONNECTING || s->stage == MINT_STAGE_PLAIN)
		return;
	mint_socket_unlist(s);
	if (s->stage == MINT_STAGE_OFFERED) {
		if (mint_pair_withdraw(view, s->pair))
			return;
		mint_socket_join(s);
	}
	/* What the peer still sends must meet TCP's answer to a closed socket. */
	mint_socket_refuse(s);
	mint_pair_leave(view, s->pair, s->server);
}

/**
 * mint_socket_drop() - have no more to do with a socket
 * @s: what the bypass knows of it; its connection is about to end
 */
void mint_socket_drop(struct mint_socket *s)
{
	mint_socket_leave(s);
	mint_socket_plain(s);
}

/**
 * mint_socket_break() - reset a connection whose peer wrote nonsense
 * @s: what the bypass knows of a socket, locked, the caller counted in @s->users
 *
 * The lock is released and taken again.
 */
void mint_socket_break(struct mint_socket *s)
{
	if (s->broken)
		return;
	s->broken = true;
	mint_count(MINT_EVENT_DAMAGED, 1);
	release_sock(s->sk);
	tcp_abort(s->sk, ECONNRESET);
	lock_sock(s->sk);
}

static bool mint_socket_is_in_use(const struct mint_socket *s)
{
	/* data_race(): who takes it a moment later is waited for, and that is short. */
	return data_race(sock_owned_by_user_nocheck(s->sk));
}

/*
 * Takes the next socket from @pair on, with a reference. One that is in use is passed
 * over: its owner may be waiting for memory that is on the node whose end is looked at,
 * and nobody else is to wait for it. The next check finds it.
 */
static struct sock *mint_sockets_next(u32 *pair, bool (*match)(const struct mint_socket *s))
{
	struct mint_socket *s;
	struct sock *sk = NULL;

	spin_lock_bh(&mint_bypass->lock);
	for (; *pair < mint_bypass->view.geometry.nr_pairs && !sk; (*pair)++) {
		s = mint_bypass->sockets[*pair];
		if (s && match(s) && !mint_socket_is_in_use(s) &&
		    refcount_inc_not_zero(&s->sk->sk_refcnt))
			sk = s->sk;
	}
	spin_unlock_bh(&mint_bypass->lock);
	return sk;
}

static bool mint_socket_is_old(const struct mint_socket *s)
{
	return READ_ONCE(s->stage) == MINT_STAGE_OFFERED &&
	       time_after(jiffies, s->offered + OFFER_TIME);
}

/**
 * mint_sockets_check() - take back offers that nobody will join
 *
 * May sleep.
 */
void mint_sockets_check(void)
{
	struct mint_socket *s;
	struct sock *sk;
	u32 pair = 0;

	while ((sk = mint_sockets_next(&pair, mint_socket_is_old))) {
		lock_sock(sk);
		s = mint_socket_of(sk);
		if (s)
			mint_socket_settle(s);
		release_sock(sk);
		sock_put(sk);
	}
}

static bool mint_end_is_dead(struct mint_end end)
{
	struct mint_peer peer;

	if (end.node >= MINT_MAX_NODES)
		return false;
	mint_peer_get(end.node, &peer);
	return peer.fenced && mint_end_fenced(end, (struct mint_end){ end.node, peer.fenced });
}

/*
 * Who leaves a pair has closed its socket. If it died before TCP could bring its FIN
 * or RST, that never comes.
 */
static bool mint_socket_is_lost(const struct mint_socket *s)
{
	/* Pairs with the release in mint_socket_join(). */
	enum mint_stage stage = smp_load_acquire(&s->stage);
	u32 peer;

	if (stage != MINT_STAGE_OFFERED && stage != MINT_STAGE_JOINED)
		return false;
	/* What nobody has accepted is its listener's, which may be closing it. */
	if (!READ_ONCE(s->sk->sk_socket))
		return false;
	peer = mint_pair_peer(&mint_bypass->view, s->pair, s->server);
	return peer == MINT_PAIR_DEAD ||
	       (peer == MINT_PAIR_NOBODY && stage == MINT_STAGE_JOINED &&
		!sock_flag(s->sk, SOCK_DONE) && mint_end_is_dead(s->peer));
}

/**
 * mint_sockets_lost() - end the connections whose peer is dead
 *
 * What it has written is there to be read; then readers get an error, never the
 * end of a file. May sleep.
 */
void mint_sockets_lost(void)
{
	struct mint_socket *s;
	struct sock *sk;
	u32 pair = 0;
	bool lost;

	while ((sk = mint_sockets_next(&pair, mint_socket_is_lost))) {
		/* Whoever had it until now may have found a FIN in its backlog. */
		lock_sock(sk);
		s = mint_socket_of(sk);
		lost = s && mint_socket_is_lost(s);
		release_sock(sk);
		if (lost && !tcp_abort(sk, ECONNRESET))
			mint_count(MINT_EVENT_LOST, 1);
		sock_put(sk);
	}
}
