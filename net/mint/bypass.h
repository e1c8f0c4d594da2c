/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bypass of TCP inside one kernel: what its files offer each other.
 */
#ifndef MINT_BYPASS_KERNEL_H
#define MINT_BYPASS_KERNEL_H

#include <linux/cleanup.h>
#include <linux/mint.h>
#include <linux/percpu.h>
#include <net/tcp.h>

#include "lane.h"

/**
 * enum mint_event - what is counted; see docs/bypass.md
 * @MINT_EVENT_OFFERED: connections that this node offered
 * @MINT_EVENT_JOINED: connections that both ends take part in
 * @MINT_EVENT_ALONE: offers that nobody joined
 * @MINT_EVENT_TABLE_FULL: connections that found no entry
 * @MINT_EVENT_STARTED: directions that this node has started to send past TCP
 * @MINT_EVENT_NO_UNITS: times that there was no memory to start one
 * @MINT_EVENT_GROWN: lanes that got more memory
 * @MINT_EVENT_OPTION: directions that went back to TCP for what only TCP can do
 * @MINT_EVENT_REFUSED: directions that went back since the reader wants no more
 * @MINT_EVENT_LOST: connections that ended with the peer's node
 * @MINT_EVENT_DAMAGED: connections that ended since the peer wrote nonsense
 * @MINT_EVENT_DOORBELLS: doorbells rung
 * @MINT_EVENT_SIGNALS: signals given
 * @MINT_EVENT_BYTES_SENT: bytes into lanes
 * @MINT_EVENT_BYTES_RECEIVED: bytes out of lanes
 * @MINT_NR_EVENTS: number of these
 */
enum mint_event {
	MINT_EVENT_OFFERED,
	MINT_EVENT_JOINED,
	MINT_EVENT_ALONE,
	MINT_EVENT_TABLE_FULL,
	MINT_EVENT_STARTED,
	MINT_EVENT_NO_UNITS,
	MINT_EVENT_GROWN,
	MINT_EVENT_OPTION,
	MINT_EVENT_REFUSED,
	MINT_EVENT_LOST,
	MINT_EVENT_DAMAGED,
	MINT_EVENT_DOORBELLS,
	MINT_EVENT_SIGNALS,
	MINT_EVENT_BYTES_SENT,
	MINT_EVENT_BYTES_RECEIVED,
	MINT_NR_EVENTS,
};

/* Of one CPU. */
struct mint_counts {
	u64 events[MINT_NR_EVENTS];
};

/**
 * struct mint_bypass_dev - the bypass of this node
 * @mdev: its device
 * @view: of the section
 * @lock: guards @sockets
 * @sockets: by pair
 * @running: a bit for each peer that runs
 * @peer_notifier: tells when one comes or goes
 * @work: takes the signals, in softirq context
 * @check: looks every 100 ms for what may have been missed
 * @counts: for each CPU
 */
struct mint_bypass_dev {
	struct mint_device *mdev;
	struct mint_view view;
	spinlock_t lock; /* guards @sockets */
	struct mint_socket *sockets[MINT_BYPASS_MAX_PAIRS];
	u64 running;
	struct notifier_block peer_notifier;
	struct work_struct work;
	struct delayed_work check;
	struct mint_counts __percpu *counts;
};

/* NULL until the device is bound. */
extern struct mint_bypass_dev *mint_bypass;

static inline void mint_count(enum mint_event event, u64 number)
{
	this_cpu_add(mint_bypass->counts->events[event], number);
}

/**
 * enum mint_stage - how far a socket is
 * @MINT_STAGE_CONNECTING: its connection is not established
 * @MINT_STAGE_OFFERED: it has offered a pair
 * @MINT_STAGE_JOINED: its pair has, or had, two ends
 * @MINT_STAGE_PLAIN: it is a socket of TCP as any other, but for calls that were
 *	under way when it became one
 */
enum mint_stage {
	MINT_STAGE_CONNECTING,
	MINT_STAGE_OFFERED,
	MINT_STAGE_JOINED,
	MINT_STAGE_PLAIN,
};

/**
 * struct mint_socket - what the bypass knows of a socket; guarded by its lock
 * @rcu: frees it
 * @sk: the socket
 * @base: the calls of TCP for it
 * @stage: see there
 * @server: the connection came from the peer
 * @sending: bytes go through the lane
 * @sent: they have, and go by TCP again
 * @receiving: bytes may come through the lane
 * @full: the lane has been full since its memory changed
 * @writer_waits: somebody waits for room; written without the lock too
 * @reader_waits: somebody waits for bytes; written without the lock too
 * @broken: the peer has written nonsense
 * @users: calls that wait with the lock released
 * @sends: calls to send so far, while by TCP
 * @retry: sends until one tries again to get memory
 * @sequence: number of TCP from which on bytes come through the lane
 * @pair: number of the pair
 * @peer: the other end, also once it has left
 * @key: of the connection
 * @offered: jiffies when it was offered
 * @writer: of the lane to the peer
 * @reader: of the lane from it
 */
struct mint_socket {
	struct rcu_head rcu;
	struct sock *sk;
	struct proto *base;
	enum mint_stage stage;
	bool server;
	bool sending;
	bool sent;
	bool receiving;
	bool full;
	bool broken;
	bool writer_waits;
	bool reader_waits;
	unsigned int users;
	u32 sends;
	u32 retry;
	u32 sequence;
	u32 pair;
	struct mint_end peer;
	u64 key;
	unsigned long offered;
	struct mint_writer writer;
	struct mint_reader reader;
};

/* Without the socket's lock. */
static inline bool mint_socket_joined(const struct mint_socket *s)
{
	/* Pairs with the release in mint_socket_join(). */
	return smp_load_acquire(&s->stage) == MINT_STAGE_JOINED;
}

/* The number by which peers ring this CPU. */
static inline u32 mint_this_cpu(void)
{
	return mint_machine_cpu(raw_smp_processor_id());
}

/* netns.c */
bool mint_netns_wants(const struct net *net);
int mint_netns_init(void);
void mint_netns_exit(void);

/* A call may find that its socket has become an ordinary one meanwhile. */
static inline struct proto *mint_socket_base(const struct mint_socket *s, const struct sock *sk)
{
	return s ? s->base : READ_ONCE(sk->sk_prot);
}

/* ulp.c */
extern const struct tcp_ulp_ops mint_ulp;

/* socket.c */
struct mint_socket *mint_socket_of(const struct sock *sk);
struct mint_socket *mint_socket_attach(struct sock *sk);
void mint_socket_plain(struct mint_socket *s);
void mint_socket_list(struct mint_socket *s, u32 pair);
void mint_socket_join(struct mint_socket *s);
void mint_socket_refuse(struct mint_socket *s);
void mint_socket_leave(struct mint_socket *s);
bool mint_socket_settle(struct mint_socket *s);
void mint_socket_release(struct mint_socket *s);
void mint_socket_drop(struct mint_socket *s);
void mint_socket_break(struct mint_socket *s);
void mint_sockets_check(void);
void mint_sockets_lost(void);

/* idle.c */
int mint_watches_start(void);
void mint_watches_stop(void);
void mint_watch_arm(void);

/* calls.c */
DECLARE_PER_CPU(unsigned int, mint_calls_running);
/* For as long as a call that came to us runs: see mint_calls_drain(). */
DEFINE_LOCK_GUARD_0(mint_call, this_cpu_inc(mint_calls_running),
		    this_cpu_dec(mint_calls_running))

void mint_calls_take(struct sock *sk);
void mint_calls_drain(void);
ssize_t mint_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe,
			 size_t len, unsigned int flags);

/* send.c */
int mint_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);
void mint_send_end(struct mint_socket *s, enum mint_event why);
bool mint_send_possible(struct mint_socket *s);

/* recv.c */
int mint_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len);
bool mint_recv_possible(struct mint_socket *s, u64 least);
u64 mint_recv_bytes(struct mint_socket *s);
u64 mint_recv_inq(struct mint_socket *s);

/* sysfs.c */
extern const struct attribute_group *mint_bypass_groups[];

/* signals.c */
void mint_tell_reader(struct mint_socket *s);
void mint_tell_writer(struct mint_socket *s);
void mint_signals_handle(void);
void mint_signals_check(void);

#endif /* MINT_BYPASS_KERNEL_H */
