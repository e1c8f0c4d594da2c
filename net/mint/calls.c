// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of a socket whose bytes may go past TCP: those of TCP, but for what
 * follows.
 */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/sockios.h>
#include <linux/splice.h>
#include <linux/uaccess.h>
#include <asm/ioctls.h>

#include "bypass.h"

/* By IP version: the calls of TCP, and ours made of them when first used. */
static struct {
	struct proto *base;
	struct proto ours;
} mint_calls[2];
static DEFINE_SPINLOCK(mint_calls_lock);

/* Those that began on a CPU without those that ended on it, modulo 2^32. */
DEFINE_PER_CPU(unsigned int, mint_calls_running);

/* The calls of TCP for a socket that is, or just was, one of ours. */
static struct proto *mint_calls_base(const struct sock *sk)
{
	struct proto *prot = READ_ONCE(sk->sk_prot);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mint_calls); i++)
		if (prot == &mint_calls[i].ours)
			return mint_calls[i].base;
	return prot;
}

/*
 * As many bytes as SO_RCVLOWAT says, those that TCP has among them; half of the lane is
 * always enough.
 */
static u64 mint_low_water(const struct mint_socket *s)
{
	const struct tcp_sock *tp = tcp_sk(s->sk);
	u32 queued = READ_ONCE(tp->rcv_nxt) - READ_ONCE(tp->copied_seq);
	u32 wanted = sock_rcvlowat(s->sk, 0, INT_MAX);
	u64 half = READ_ONCE(s->reader.size) / 2;

	return clamp_t(u64, wanted - min(wanted, queued), 1, max(half, 1ULL));
}

/* Poll asks without the lock, and after it has entered the wait queue. */
static bool mint_is_readable(struct sock *sk)
{
	struct mint_socket *s;
	bool readable;

	rcu_read_lock();
	s = mint_socket_of(sk);
	readable = s && mint_recv_possible(s, mint_low_water(s));
	rcu_read_unlock();
	return readable;
}

/* Likewise. While the lane is not in use, or no more, TCP's room counts. */
static bool mint_memory_free(const struct sock *sk, int wake)
{
	struct mint_socket *s;
	bool free;

	rcu_read_lock();
	s = mint_socket_of(sk);
	if (s && READ_ONCE(s->sending))
		free = mint_send_possible(s);
	else
		free = tcp_stream_memory_free(sk, wake);
	rcu_read_unlock();
	return free;
}

/*
 * Bytes that nobody has read make a reset of the end, as in TCP. What we have sent the
 * peer reads without us: the pair is left before TCP has brought the end there, which
 * may take it minutes, or never come about. The module stays while that is waited for
 * (SO_LINGER).
 */
static void mint_close(struct sock *sk, long timeout)
{
	struct mint_socket *s;
	bool ours;

	guard(mint_call)();
	lock_sock(sk);
	s = mint_socket_of(sk);
	ours = s && mint_socket_settle(s);
	if (ours) {
		if (mint_recv_bytes(s)) {
			sock_set_flag(sk, SOCK_LINGER);
			sk->sk_lingertime = 0;
		}
		__module_get(THIS_MODULE);
		mint_socket_drop(s);
	}
	release_sock(sk);
	sk->sk_prot->close(sk, timeout);
	if (ours)
		module_put(THIS_MODULE);
}

static int mint_disconnect(struct sock *sk, int flags)
{
	struct mint_socket *s = mint_socket_of(sk);

	guard(mint_call)();
	/* Calls that wait for this connection find it gone by sk_disconnects. */
	if (s)
		mint_socket_drop(s);
	return sk->sk_prot->disconnect(sk, flags);
}

static int mint_ioctl(struct sock *sk, int cmd, int *karg)
{
	struct mint_socket *s;
	int err;

	guard(mint_call)();
	err = mint_calls_base(sk)->ioctl(sk, cmd, karg);
	if (err || (cmd != SIOCINQ && cmd != SIOCATMARK))
		return err;
	lock_sock(sk);
	s = mint_socket_of(sk);
	/* What TCP has is behind what the lane has. */
	if (s && cmd == SIOCATMARK && mint_recv_bytes(s))
		*karg = 0;
	if (s && s->stage == MINT_STAGE_JOINED && cmd == SIOCINQ)
		*karg += mint_recv_inq(s);
	release_sock(sk);
	return 0;
}

/* What TCP's queues alone show would be half of the connection. */
static int mint_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
			   unsigned int optlen)
{
	bool settled = false;
	struct mint_socket *s;

	guard(mint_call)();
	if (level == SOL_TCP && (optname == TCP_REPAIR || optname == TCP_ULP)) {
		lock_sock(sk);
		s = mint_socket_of(sk);
		settled = s && mint_socket_settle(s) && s->stage == MINT_STAGE_JOINED;
		release_sock(sk);
	}
	if (settled)
		return -EOPNOTSUPP;
	return mint_calls_base(sk)->setsockopt(sk, level, optname, optval, optlen);
}

/* Nothing of a lane can be mapped: all is to be read as usual. */
static int mint_zerocopy_receive(struct sock *sk, char __user *optval, int __user *optlen)
{
	struct tcp_zerocopy_receive zc = {};
	struct mint_socket *s;
	int length;

	if (get_user(length, optlen))
		return -EFAULT;
	if (length < (int)offsetofend(struct tcp_zerocopy_receive, recv_skip_hint))
		return -EINVAL;
	length = min_t(int, length, sizeof(zc));
	if (copy_from_user(&zc, optval, length))
		return -EFAULT;
	lock_sock(sk);
	s = mint_socket_of(sk);
	zc.length = 0;
	zc.recv_skip_hint = s ? mint_recv_inq(s) : 0;
	zc.inq = zc.recv_skip_hint;
	zc.err = 0;
	zc.copybuf_len = 0;
	release_sock(sk);
	if (put_user(length, optlen) || copy_to_user(optval, &zc, length))
		return -EFAULT;
	return 0;
}

static int mint_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
			   int __user *optlen)
{
	struct mint_socket *s;
	bool receiving;

	guard(mint_call)();
	rcu_read_lock();
	s = mint_socket_of(sk);
	receiving = s && READ_ONCE(s->receiving);
	rcu_read_unlock();
	if (level == SOL_TCP && optname == TCP_ZEROCOPY_RECEIVE && receiving)
		return mint_zerocopy_receive(sk, optval, optlen);
	return mint_calls_base(sk)->getsockopt(sk, level, optname, optval, optlen);
}

/**
 * mint_splice_read() - splice() from a socket: bytes are copied into pages
 * @sock: the socket
 * @ppos: must be zero
 * @pipe: where they go
 * @len: how many at most
 * @flags: SPLICE_F_*
 *
 * Return: bytes, or a negative error.
 */
ssize_t mint_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe,
			 size_t len, unsigned int flags)
{
	guard(mint_call)();
	if (unlikely(*ppos))
		return -ESPIPE;
	return copy_splice_read(sock->file, ppos, pipe, len, flags);
}

static void mint_calls_make(unsigned int i, struct proto *base)
{
	struct proto *ours = &mint_calls[i].ours;

	*ours = *base;
	ours->close = mint_close;
	ours->disconnect = mint_disconnect;
	ours->ioctl = mint_ioctl;
	ours->setsockopt = mint_setsockopt;
	ours->getsockopt = mint_getsockopt;
	ours->sendmsg = mint_sendmsg;
	ours->recvmsg = mint_recvmsg;
	ours->sock_is_readable = mint_is_readable;
	ours->stream_memory_free = mint_memory_free;
	/* Pairs with the acquire in mint_calls_take(). */
	smp_store_release(&mint_calls[i].base, base);
}

/**
 * mint_calls_take() - have the calls of a socket come to us
 * @sk: an ordinary TCP socket, locked
 */
void mint_calls_take(struct sock *sk)
{
	/* A socket of IPv6 keeps these calls when it has a peer with IPv4. */
	unsigned int i = sk->sk_prot != &tcp_prot;

	/* Pairs with the release in mint_calls_make(). */
	if (!smp_load_acquire(&mint_calls[i].base)) {
		spin_lock_bh(&mint_calls_lock);
		if (!mint_calls[i].base)
			mint_calls_make(i, sk->sk_prot);
		spin_unlock_bh(&mint_calls_lock);
	}
	WRITE_ONCE(sk->sk_prot, &mint_calls[i].ours);
}

static unsigned int mint_calls_count(void)
{
	unsigned int cpu, sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(mint_calls_running, cpu));
	return sum;
}

/**
 * mint_calls_drain() - wait until no call is in this module
 *
 * No socket is ours any more, nor will be one. But a call may have come to us while
 * another one made its socket TCP's, and wait for the lock of that socket, or in TCP's
 * own call. It counts itself; the grace periods are for who has not done so yet, and
 * for who has no more. The sum only falls: see it at 0 once, and it stays there.
 */
void mint_calls_drain(void)
{
	synchronize_rcu_tasks();
	while (mint_calls_count())
		msleep(20);
	synchronize_rcu_tasks();
}
