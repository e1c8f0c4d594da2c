// SPDX-License-Identifier: GPL-2.0
/*
 * mint nbd: gives this node's /dev/nbd0 to a server, and a new connection whenever
 * the old one breaks, for a root that outlives restarts of its server. Debian's client
 * lets the kernel fail what is under way then, and a file system does not survive that.
 * The process has no file of the root open and all of its memory locked: it has to run
 * while nothing can be read from there.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <linux/netlink.h>
#include "report.h"
#include "timing.h"
#include "util.h"
#include "verb.h"

#define PORT		10809
#define INDEX		0		/* of /dev/nbd0 */
#define HELLO		0x4e42444d41474943ULL	/* "NBDMAGIC" */
#define OPTIONS		0x49484156454f5054ULL	/* "IHAVEOPT" */
#define OPTION_NAME	1
#define FLAG_FIXED	1
#define FLAG_NO_ZEROES	2
#define ZEROES		124

/* What is not answered for so long is sent again on the next connection. */
#define REQUEST_S	15
/* The server may be away for as long as it likes. */
#define AWAY_S		(365ULL * 24 * 3600)
/* A server whose node has died says nothing. */
#define QUIET_S		5
#define AGAIN_MS	500
#define MESSAGE_BYTES	512

/**
 * struct connection - a negotiated connection to the server
 * @fd: its socket
 * @bytes: size of the export
 * @flags: what the server says of it, for the kernel
 */
struct connection {
	int fd;
	__u64 bytes;
	__u16 flags;
};

/**
 * struct message - a message of generic netlink in the making
 * @head: its header
 * @genl: the header of its family
 * @data: attributes
 */
struct message {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	unsigned char data[MESSAGE_BYTES];
};

static bool receive(int fd, void *to, size_t bytes)
{
	return recv(fd, to, bytes, MSG_WAITALL) == (ssize_t)bytes;
}

/* Asks for an export by its name. A server that has none of that name hangs up. */
static bool negotiate(struct connection *connection, const char *name)
{
	struct __attribute((__packed__)) {
		__be64 hello, options;
		__be16 flags;
	} greeting;
	struct __attribute((__packed__)) {
		__be32 flags;
		__be64 options;
		__be32 option, bytes;
	} request = {
		.options = htobe64(OPTIONS),
		.option = htobe32(OPTION_NAME),
		.bytes = htobe32(strlen(name)),
	};
	struct __attribute((__packed__)) {
		__be64 bytes;
		__be16 flags;
	} export;
	int fd = connection->fd;
	char zeroes[ZEROES];
	__u16 flags;

	if (!receive(fd, &greeting, sizeof(greeting)) ||
	    greeting.hello != htobe64(HELLO) || greeting.options != htobe64(OPTIONS))
		return false;
	flags = be16toh(greeting.flags) & (FLAG_FIXED | FLAG_NO_ZEROES);
	request.flags = htobe32(flags);
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) != sizeof(request) ||
	    send(fd, name, strlen(name), MSG_NOSIGNAL) != (ssize_t)strlen(name) ||
	    !receive(fd, &export, sizeof(export)) ||
	    (!(flags & FLAG_NO_ZEROES) && !receive(fd, zeroes, sizeof(zeroes))))
		return false;
	connection->bytes = be64toh(export.bytes);
	connection->flags = be16toh(export.flags);
	return connection->bytes;
}

static void set_option(int fd, int level, int option, int value)
{
	setsockopt(fd, level, option, &value, sizeof(value));
}

/* One attempt; says nothing. */
static bool connect_to(const char *host, const char *name, struct connection *connection)
{
	const struct timeval limit = { .tv_sec = QUIET_S }, none = { 0 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	connection->fd = fd;
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, QUIET_S * 1000);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, QUIET_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (inet_pton(AF_INET, host, &to.sin_addr) == 1 &&
	    !connect(fd, (struct sockaddr *)&to, sizeof(to)) && negotiate(connection, name)) {
		/* The kernel has its own limits from here on. */
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
		return true;
	}
	close(fd);
	return false;
}

static void begin(struct message *message, __u16 family, __u8 command)
{
	memset(message, 0, sizeof(*message));
	message->head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	message->head.nlmsg_type = family;
	message->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	message->genl.cmd = command;
	message->genl.version = 1;
}

static struct nlattr *add(struct message *message, __u16 type, const void *value, size_t bytes)
{
	struct nlattr *attribute = (void *)((char *)message + NLMSG_ALIGN(message->head.nlmsg_len));

	attribute->nla_type = type;
	attribute->nla_len = NLA_HDRLEN + bytes;
	memcpy((char *)attribute + NLA_HDRLEN, value, bytes);
	message->head.nlmsg_len = NLMSG_ALIGN(message->head.nlmsg_len) +
				  NLA_ALIGN(attribute->nla_len);
	return attribute;
}

static void add_u64(struct message *message, __u16 type, __u64 value)
{
	add(message, type, &value, sizeof(value));
}

/* A list of one socket, each entry a list of its own. */
static void add_socket(struct message *message, __u32 fd)
{
	struct __attribute((__packed__)) {
		struct nlattr item, socket;
		__u32 fd;
	} list = {
		.item = { sizeof(list), NBD_SOCK_ITEM | NLA_F_NESTED },
		.socket = { NLA_HDRLEN + sizeof(fd), NBD_SOCK_FD },
		.fd = fd,
	};

	add(message, NBD_ATTR_SOCKETS | NLA_F_NESTED, &list, sizeof(list));
}

/* Sends a message; the first answer takes its place. Returns 0 or a negative errno. */
static int ask(int netlink, struct message *message)
{
	const struct nlmsgerr *error = (const void *)&message->genl;
	ssize_t bytes;

	if (send(netlink, message, message->head.nlmsg_len, 0) < 0)
		return -errno;
	bytes = recv(netlink, message, sizeof(*message), 0);
	if (bytes < (ssize_t)NLMSG_LENGTH(GENL_HDRLEN))
		return bytes < 0 ? -errno : -EBADMSG;
	return message->head.nlmsg_type == NLMSG_ERROR ? error->error : 0;
}

/* The number of the family; 0: this kernel has none of that name. */
static __u16 find_family(int netlink, const char *name)
{
	struct message message;
	size_t at, end;

	begin(&message, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	message.head.nlmsg_flags = NLM_F_REQUEST;
	add(&message, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	if (ask(netlink, &message))
		return 0;
	end = message.head.nlmsg_len;
	for (at = NLMSG_LENGTH(GENL_HDRLEN); at + NLA_HDRLEN + 2 <= end; ) {
		const struct nlattr *attribute = (const void *)((char *)&message + at);

		if (attribute->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(const __u16 *)((const char *)attribute + NLA_HDRLEN);
		at += attribute->nla_len < NLA_HDRLEN ? end : (size_t)NLA_ALIGN(attribute->nla_len);
	}
	return 0;
}

/* Gives the kernel a connection: its first, or one in place of a dead one. */
static int hand_over(__u8 command, const struct connection *connection)
{
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	const __u32 index = INDEX;
	struct message message;
	__u16 family;
	int error;

	if (netlink < 0)
		return -errno;
	family = find_family(netlink, NBD_GENL_FAMILY_NAME);
	begin(&message, family, command);
	add(&message, NBD_ATTR_INDEX, &index, sizeof(index));
	if (command == NBD_CMD_CONNECT) {
		add_u64(&message, NBD_ATTR_SIZE_BYTES, connection->bytes);
		add_u64(&message, NBD_ATTR_BLOCK_SIZE_BYTES,
			connection->bytes % 4096 ? 512 : 4096);
		add_u64(&message, NBD_ATTR_SERVER_FLAGS, connection->flags);
	}
	add_u64(&message, NBD_ATTR_TIMEOUT, REQUEST_S);
	add_u64(&message, NBD_ATTR_DEAD_CONN_TIMEOUT, AWAY_S);
	add_socket(&message, connection->fd);
	error = family ? ask(netlink, &message) : -EOPNOTSUPP;
	close(netlink);
	return error;
}

/* Have the peer, the kernel or the time ended it? What comes is the kernel's. */
static bool has_ended(int fd, int wait_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLRDHUP };

	return poll(&poll_fd, 1, wait_ms) > 0;
}

/*
 * The kernel takes a connection in place of a dead one, and does not tell when it has
 * not yet seen that the old one is dead. So each is offered again and again.
 */
static __noreturn void keep(const char *host, const char *name, struct connection *connection)
{
	for (;;) {
		if (has_ended(connection->fd, QUIET_S * 1000)) {
			close(connection->fd);
			while (!connect_to(host, name, connection))
				pause_ms(AGAIN_MS);
		}
		hand_over(NBD_CMD_RECONFIGURE, connection);
	}
}

/* systemd ends no process at shutdown whose name begins so, and the root needs us. */
static void settle(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

	*program_invocation_name = '@';
	for (fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	setsid();
	if (chdir("/") || mlockall(MCL_CURRENT | MCL_FUTURE))
		return;
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "-1000", 5) == 5)
		close(fd);
}

static int cmd_nbd(const struct call *call)
{
	const char *host = call->operands[0], *name = call->operands[1];
	struct connection connection;
	int error;

	fail_context("cannot connect /dev/nbd%u with '%s' of %s", INDEX, name, host);
	if (!connect_to(host, name, &connection))
		return fail(MINT_EXIT_FAILED, "the server does not answer, or has no such export");
	error = hand_over(NBD_CMD_CONNECT, &connection);
	if (error)
		return fail(MINT_EXIT_FAILED, "%s", strerror(-error));
	switch (fork()) {
	case -1:
		return fail(MINT_EXIT_FAILED, "no process to keep it: %m");
	case 0:
		settle();
		keep(host, name, &connection);
	default:
		return MINT_EXIT_OK;
	}
}

const struct verb verb_nbd = {
	.name = "nbd",
	.operand = "HOST EXPORT",
	.run = cmd_nbd,
};
