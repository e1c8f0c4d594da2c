// SPDX-License-Identifier: GPL-2.0
/* Calls by io_uring, made by its system calls alone. */
#include <linux/io_uring.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "calls.h"

#define ENTRIES		16
#define SMALL		1000
#define LONG		(200 * 1024)
#define BUFFERS		8

/* Both queues, mapped. */
struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static void *map(int fd, size_t bytes, off_t offset)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);

	if (at == MAP_FAILED)
		die("io_uring memory: %s", strerror(errno));
	return at;
}

static void ring_open(struct ring *r)
{
	struct io_uring_params p = { 0 };
	char *sq, *cq;

	r->fd = syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (r->fd < 0)
		die("io_uring: %s", strerror(errno));
	sq = map(r->fd, p.sq_off.array + p.sq_entries * 4, IORING_OFF_SQ_RING);
	cq = map(r->fd, p.cq_off.cqes + p.cq_entries * sizeof(*r->cqes), IORING_OFF_CQ_RING);
	r->sqes = map(r->fd, p.sq_entries * sizeof(*r->sqes), IORING_OFF_SQES);
	r->sq_tail = (void *)(sq + p.sq_off.tail);
	r->sq_mask = (void *)(sq + p.sq_off.ring_mask);
	r->sq_array = (void *)(sq + p.sq_off.array);
	r->cq_head = (void *)(cq + p.cq_off.head);
	r->cq_tail = (void *)(cq + p.cq_off.tail);
	r->cq_mask = (void *)(cq + p.cq_off.ring_mask);
	r->cqes = (void *)(cq + p.cq_off.cqes);
}

/* Hands in one call. */
static void submit(struct ring *r, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *r->sq_tail, index = tail & *r->sq_mask;

	r->sqes[index] = *sqe;
	r->sq_array[index] = index;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0) != 1)
		die("io_uring_enter: %s", strerror(errno));
}

/* What a call has returned. */
struct completion {
	int res;
	unsigned int flags;
};

/* In the order in which calls end. */
static struct completion complete(struct ring *r)
{
	const struct io_uring_cqe *at;
	struct completion cqe;

	while (__atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE) == *r->cq_head)
		syscall(SYS_io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	at = &r->cqes[*r->cq_head & *r->cq_mask];
	cqe = (struct completion){ at->res, at->flags };
	__atomic_store_n(r->cq_head, *r->cq_head + 1, __ATOMIC_RELEASE);
	return cqe;
}

static bool is_complete(struct ring *r)
{
	return __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE) != *r->cq_head;
}

static void say_complete(struct ring *r, const char *what)
{
	int result = complete(r).res;

	if (result < 0)
		errno = -result;
	say_result(what, result < 0 ? -1 : result);
}

static struct io_uring_sqe call_of(int opcode, int fd, void *data, size_t bytes, int flags)
{
	return (struct io_uring_sqe){
		.opcode = opcode,
		.fd = fd,
		.addr = (unsigned long)data,
		.len = bytes,
		.msg_flags = flags,
	};
}

/* Submits and waits. */
static int call(struct ring *r, int opcode, int fd, void *data, size_t bytes, int flags)
{
	struct io_uring_sqe sqe = call_of(opcode, fd, data, bytes, flags);

	submit(r, &sqe);
	return complete(r).res;
}

/* Each way to send and to receive, one after the other. */
static void uring_calls(struct end *e)
{
	static const int senders[] = { IORING_OP_SEND, IORING_OP_SENDMSG, IORING_OP_WRITE,
				       IORING_OP_WRITEV };
	static const int receivers[] = { IORING_OP_RECV, IORING_OP_RECVMSG, IORING_OP_READ,
					 IORING_OP_READV };
	static char data[LONG];
	struct iovec piece = { data, SMALL };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };
	struct ring r;
	int i;

	ring_open(&r);
	begin(e);
	for (i = 0; i < 4; i++) {
		void *what = i == 1 ? (void *)&message : i == 3 ? (void *)&piece : (void *)data;
		int count = i == 1 || i == 3 ? 1 : SMALL;

		if (e->actor) {
			fill(e->client, e->sent, data, SMALL);
			say("sent %d", call(&r, senders[i], e->fd, what, count, 0));
			e->sent += SMALL;
			meet(e);
		} else {
			struct io_uring_sqe sqe = call_of(receivers[i], e->fd, what, count, 0);

			/* Half of them wait when the bytes come. */
			if (i % 2)
				submit(&r, &sqe);
			meet(e);
			if (i % 2 == 0) {
				wait_inq(e->fd, SMALL);
				submit(&r, &sqe);
			}
			say("taken %d", complete(&r).res);
			check(!e->client, e->taken, data, SMALL);
			e->taken += SMALL;
		}
		meet(e);
	}
	if (e->actor) {
		fill(e->client, e->sent, data, LONG);
		say("all sent %d", call(&r, IORING_OP_SEND, e->fd, data, LONG, MSG_WAITALL));
		say("shutdown %d", call(&r, IORING_OP_SHUTDOWN, e->fd, NULL, SHUT_WR, 0));
	} else {
		say("all taken %d", call(&r, IORING_OP_RECV, e->fd, data, LONG, MSG_WAITALL));
		check(!e->client, e->taken, data, LONG);
		say("end %d", call(&r, IORING_OP_RECV, e->fd, data, LONG, MSG_WAITALL));
	}
	close(r.fd);
}

/* Told of events, once and again and again; and what is taken back. */
static void uring_poll(struct end *e)
{
	struct io_uring_sqe once = { .opcode = IORING_OP_POLL_ADD, .fd = e->fd };
	struct io_uring_sqe cancel = { .opcode = IORING_OP_ASYNC_CANCEL, .addr = 7 };
	struct io_uring_sqe recv_later;
	static char data[SMALL];
	struct ring r;
	int i;

	ring_open(&r);
	begin(e);
	if (!e->actor) {
		for (i = 0; i < 3; i++) {
			meet(e);
			send_all(e, SMALL);
		}
		meet(e);
		close(r.fd);
		return;
	}
	once.fd = e->fd;
	once.poll32_events = POLLIN | POLLRDHUP;
	submit(&r, &once);
	say("told: %d", is_complete(&r));
	meet(e);
	say("once: %s", events_text(complete(&r).res));
	wait_inq(e->fd, SMALL);
	take_all(e, SMALL);
	once.len = IORING_POLL_ADD_MULTI;
	once.user_data = 7;
	submit(&r, &once);
	for (i = 0; i < 2; i++) {
		meet(e);
		say("many: %s", events_text(complete(&r).res));
		wait_inq(e->fd, SMALL);
		take_all(e, SMALL);
		while (is_complete(&r))
			complete(&r);
	}
	submit(&r, &cancel);
	complete(&r);
	complete(&r);
	recv_later = call_of(IORING_OP_RECV, e->fd, data, SMALL, 0);
	recv_later.user_data = 7;
	submit(&r, &recv_later);
	say("told: %d", is_complete(&r));
	submit(&r, &cancel);
	i = complete(&r).res + complete(&r).res;
	say("taken back: %d", i == -ECANCELED);
	meet(e);
	close(r.fd);
}

/* One call that receives again and again, into buffers that it chooses. */
static void uring_multishot(struct end *e)
{
	static char buffers[BUFFERS][SMALL];
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_PROVIDE_BUFFERS,
		.fd = BUFFERS, .addr = (unsigned long)buffers, .len = SMALL, .buf_group = 1,
	};
	struct completion cqe;
	size_t bytes = 0;
	struct ring r;
	int i;

	ring_open(&r);
	begin(e);
	if (!e->actor) {
		for (i = 0; i < BUFFERS / 2; i++) {
			meet(e);
			send_all(e, SMALL / 2);
		}
		meet(e);
		shutdown(e->fd, SHUT_WR);
		close(r.fd);
		return;
	}
	submit(&r, &sqe);
	say_complete(&r, "buffers");
	sqe = call_of(IORING_OP_RECV, e->fd, NULL, 0, 0);
	sqe.ioprio = IORING_RECV_MULTISHOT;
	sqe.flags = IOSQE_BUFFER_SELECT;
	sqe.buf_group = 1;
	submit(&r, &sqe);
	for (i = 0; i <= BUFFERS / 2; i++) {
		meet(e);
		do {
			cqe = complete(&r);
			if (cqe.res > 0) {
				check(!e->client, e->taken, buffers[cqe.flags >> 16], cqe.res);
				e->taken += cqe.res;
				bytes += cqe.res;
			}
		} while (cqe.res > 0 && bytes % (SMALL / 2));
		say("bytes %zu, goes on: %d", bytes, !!(cqe.flags & IORING_CQE_F_MORE));
	}
	say("end: %d", cqe.res);
	close(r.fd);
}

/* The memory of a send is free when its second word comes. */
static void uring_zerocopy(struct end *e)
{
	static char data[LONG];
	struct io_uring_sqe sqe;
	struct completion cqe;
	struct ring r;
	int i;

	ring_open(&r);
	begin(e);
	if (!e->actor) {
		take_all(e, 2 * SMALL + LONG);
		close(r.fd);
		return;
	}
	for (i = 0; i < 3; i++) {
		size_t bytes = i == 1 ? LONG : SMALL;
		struct iovec piece = { data, bytes };
		struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };

		fill(e->client, e->sent, data, bytes);
		if (i == 2)
			sqe = call_of(IORING_OP_SENDMSG_ZC, e->fd, &message, 1, MSG_WAITALL);
		else
			sqe = call_of(IORING_OP_SEND_ZC, e->fd, data, bytes, MSG_WAITALL);
		submit(&r, &sqe);
		cqe = complete(&r);
		say("sent %d, one more: %d", cqe.res, !!(cqe.flags & IORING_CQE_F_MORE));
		e->sent += bytes;
		if (cqe.flags & IORING_CQE_F_MORE) {
			cqe = complete(&r);
			say("it is: %d", !!(cqe.flags & IORING_CQE_F_NOTIF));
		}
	}
	close(r.fd);
}

/* Connections are made by it too. */
static void uring_connect(struct end *e)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_ACCEPT, .fd = e->listener };
	struct completion cqe;
	struct ring r;

	ring_open(&r);
	if (e->client) {
		e->fd = socket(AF_INET, SOCK_STREAM, 0);
		sqe.opcode = IORING_OP_CONNECT;
		sqe.fd = e->fd;
		sqe.addr = (unsigned long)&e->there;
		sqe.off = sizeof(e->there);
		meet(e);
		submit(&r, &sqe);
		say_complete(&r, "connect");
	} else {
		sqe.ioprio = IORING_ACCEPT_MULTISHOT;
		submit(&r, &sqe);
		meet(e);
		cqe = complete(&r);
		e->fd = cqe.res;
		say("accepted: %d, goes on: %d", cqe.res >= 0, !!(cqe.flags & IORING_CQE_F_MORE));
	}
	warm_up(e);
	if (e->client)
		send_all(e, LONG);
	else
		take_all(e, LONG);
	close(r.fd);
}

const struct scenario uring_scenarios[] = {
	{ "uring_calls", uring_calls, .lanes = 2 },
	{ "uring_poll", uring_poll, .lanes = 2 },
	{ "uring_multishot", uring_multishot, .lanes = 2 },
	{ "uring_zerocopy", uring_zerocopy, .lanes = 2 },
	{ "uring_connect", uring_connect, .lanes = 1, .once = true },
	{ }
};
