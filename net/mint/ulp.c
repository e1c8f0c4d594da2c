// SPDX-License-Identifier: GPL-2.0
/*
 * Which connections may go past TCP.
 *
 * TCP tells of each connection that is made (tcp_default_ulp). A client's socket
 * is taken before its SYN leaves, so that every call that may have to wait for
 * bytes is ours. When the connection is established, the client offers a pair and
 * the server looks for it: see pair.c. If none comes about, the socket is given
 * back to TCP, and nothing of us is left in it.
 */
#include <linux/if_arp.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <net/dst.h>

#include "bypass.h"

/* A connection that is authenticated by TCP must have all bytes go by TCP. */
static bool mint_socket_signed(const struct sock *sk)
{
	bool is_signed = false;

#ifdef CONFIG_TCP_MD5SIG
	is_signed |= !!rcu_access_pointer(tcp_sk(sk)->md5sig_info);
#endif
#ifdef CONFIG_TCP_AO
	is_signed |= !!rcu_access_pointer(tcp_sk(sk)->ao_info);
#endif
	return is_signed;
}

/*
 * What is encrypted on its way must not lie in the shared region as it is: packets that
 * IPsec transforms, now or once it has keys, and those that leave by a device of packets
 * without a link, as WireGuard and tun are.
 */
static bool mint_socket_encrypted(const struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);

	return dst && (dst_xfrm(dst) || dst->flags & DST_XFRM_QUEUE ||
		       dst->dev->type == ARPHRD_NONE);
}

/* Is it an ordinary socket of a program, and does its owner want the bypass? */
static bool mint_socket_wanted(const struct sock *sk)
{
	const struct proto *prot = sk->sk_prot;

	return mint_netns_wants(sock_net(sk)) && !sk->sk_kern_sock &&
	       !inet_csk(sk)->icsk_ulp_ops && !READ_ONCE(sk->sk_user_data) &&
	       prot->sendmsg == tcp_prot.sendmsg && prot->recvmsg == tcp_prot.recvmsg &&
	       prot->close == tcp_prot.close && !tcp_sk(sk)->repair &&
	       !mint_socket_signed(sk) && !mint_socket_encrypted(sk);
}

/* Does any peer join? */
static bool mint_peers_open(void)
{
	u64 running = READ_ONCE(mint_bypass->running);
	struct mint_peer peer;

	for (; running; running &= running - 1) {
		mint_peer_get(__ffs64(running), &peer);
		if (peer.running && mint_line_is_open(&mint_bypass->view, peer.node,
						      peer.generation))
			return true;
	}
	return false;
}

static struct mint_socket *mint_ulp_attach(struct sock *sk)
{
	struct mint_socket *s = mint_socket_attach(sk);

	if (s)
		mint_calls_take(sk);
	return s;
}

static u64 mint_socket_key(const struct sock *sk, bool client)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 own = tp->snd_una, peers = tp->rcv_nxt;

	return client ? (u64)peers << 32 | own : (u64)own << 32 | peers;
}

/* A client is about to send its SYN: called with the socket locked. */
static void mint_ulp_connect(struct sock *sk)
{
	if (mint_socket_wanted(sk) && !tcp_sk(sk)->fastopen_req &&
	    !inet_test_bit(DEFER_CONNECT, sk) && mint_peers_open())
		mint_ulp_attach(sk);
}

static void mint_socket_offer(struct sock *sk)
{
	struct mint_socket *s = mint_socket_of(sk);
	int pair;

	if (!s || s->stage != MINT_STAGE_CONNECTING)
		return;
	/* The route may be another one than that of the SYN. */
	if (mint_socket_encrypted(sk)) {
		mint_socket_plain(s);
		return;
	}
	s->key = mint_socket_key(sk, true);
	pair = mint_pair_offer(&mint_bypass->view, s->key, mint_this_cpu());
	if (pair < 0) {
		mint_count(MINT_EVENT_TABLE_FULL, 1);
		mint_socket_plain(s);
		return;
	}
	s->offered = jiffies;
	s->stage = MINT_STAGE_OFFERED;
	mint_socket_list(s, pair);
	mint_count(MINT_EVENT_OFFERED, 1);
}

static void mint_socket_accept(struct sock *sk)
{
	struct mint_view *view = &mint_bypass->view;
	struct mint_socket *s;
	int pair;

	if (!mint_socket_wanted(sk))
		return;
	s = mint_ulp_attach(sk);
	if (!s)
		return;
	s->server = true;
	s->key = mint_socket_key(sk, false);
	pair = mint_pair_join(view, s->key, mint_this_cpu());
	if (pair < 0) {
		mint_socket_plain(s);
		return;
	}
	mint_socket_list(s, pair);
	mint_socket_join(s);
}

/* The connection is established: called with the socket locked, BH off. */
static void mint_ulp_established(struct sock *sk, bool active)
{
	if (active)
		mint_socket_offer(sk);
	else
		mint_socket_accept(sk);
}

/* The socket is destroyed: nobody else has it. */
static void mint_ulp_release(struct sock *sk)
{
	struct mint_socket *s = rcu_dereference_protected(inet_csk(sk)->icsk_ulp_data, true);

	mint_socket_leave(s);
	/* A child that nobody accepted was not closed, and may outlive the module. */
	WRITE_ONCE(sk->sk_prot, s->base);
	RCU_INIT_POINTER(inet_csk(sk)->icsk_ulp_data, NULL);
	kfree_rcu(s, rcu);
}

const struct tcp_ulp_ops mint_ulp = {
	.name		= "mint",
	.owner		= THIS_MODULE,
	.connect	= mint_ulp_connect,
	.established	= mint_ulp_established,
	.release	= mint_ulp_release,
	.splice_read	= mint_splice_read,
};
