// SPDX-License-Identifier: GPL-2.0
/* Kinds of connections: which of them go past TCP, and which never do. */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "calls.h"

#define LONG		(100 * 1024)
#define ULP_BYTES	16

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

static void both_ways(struct end *e)
{
	warm_up(e);
	if (e->client)
		send_all(e, LONG);
	take_all(e, LONG);
	if (!e->client)
		send_all(e, LONG);
}

/* The client's and the server's own socket; the port is the third one of the server. */
static void with_sockets(struct end *e, int client, int server, const void *there, size_t bytes)
{
	e->sent = 0;
	e->taken = 0;
	if (e->client) {
		meet(e);
		if (connect(client, there, bytes))
			die("connect: %s", strerrorname_np(errno));
		e->fd = client;
	} else {
		meet(e);
		e->fd = accept(server, NULL, NULL);
		close(server);
	}
	both_ways(e);
	meet(e);
	close(e->fd);
	e->fd = -1;
}

static int third_port(struct end *e)
{
	struct sockaddr_in own;
	socklen_t length = sizeof(own);

	if (e->client)
		return ntohs(e->there.sin_port) + 1;
	getsockname(e->listener, (struct sockaddr *)&own, &length);
	return ntohs(own.sin_port) + 1;
}

/* An address of IPv6 that differs from the one of IPv4 as in fd00::2 and 10.0.0.2. */
static void ipv6(struct end *e)
{
	struct sockaddr_in6 there = {
		.sin6_family = AF_INET6, .sin6_port = htons(third_port(e)),
		.sin6_addr.s6_addr = { 0xfd },
	};
	int i;

	there.sin6_addr.s6_addr[15] = ntohl(e->there.sin_addr.s_addr);
	for (i = 0; i < 2; i++)
		if (e->client)
			with_sockets(e, socket(AF_INET6, SOCK_STREAM, 0), -1, &there,
				     sizeof(there));
		else
			with_sockets(e, -1, listen_at(AF_INET6, third_port(e), 8), NULL, 0);
	say("IPv6");
}

/* IPv4 by sockets of IPv6, at either end and at both. */
static void mapped(struct end *e)
{
	struct sockaddr_in6 there = {
		.sin6_family = AF_INET6, .sin6_port = htons(third_port(e)),
		.sin6_addr.s6_addr = { [10] = 0xff, 0xff },
	};
	struct sockaddr_in plain = e->there;

	memcpy(there.sin6_addr.s6_addr + 12, &e->there.sin_addr, 4);
	plain.sin_port = htons(third_port(e));
	if (e->client) {
		with_sockets(e, socket(AF_INET6, SOCK_STREAM, 0), -1, &there, sizeof(there));
		with_sockets(e, socket(AF_INET6, SOCK_STREAM, 0), -1, &there, sizeof(there));
		with_sockets(e, socket(AF_INET, SOCK_STREAM, 0), -1, &plain, sizeof(plain));
	} else {
		with_sockets(e, -1, listen_at(AF_INET6, third_port(e), 8), NULL, 0);
		with_sockets(e, -1, listen_at(AF_INET, third_port(e), 8), NULL, 0);
		with_sockets(e, -1, listen_at(AF_INET6, third_port(e), 8), NULL, 0);
	}
	say("mapped");
}

/* Both ends in one kernel. */
static void own_node(struct end *e)
{
	struct sockaddr_in there = { .sin_family = AF_INET };
	socklen_t length = sizeof(there);
	int listener, i;
	struct end one = *e, two = *e;

	listener = listen_at(AF_INET, third_port(e), 1);
	getsockname(listener, (struct sockaddr *)&there, &length);
	there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	one.client = true;
	two.client = false;
	one.fd = connect_to(&there, sizeof(there));
	two.fd = accept(listener, NULL, NULL);
	for (i = 0; i < 4; i++) {
		send_all(&one, 100);
		take_all(&two, 100);
		send_all(&two, 100);
		take_all(&one, 100);
	}
	close(one.fd);
	close(two.fd);
	close(listener);
	say("done");
}

static int mptcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

	if (fd < 0)
		die("MPTCP: %s", strerror(errno));
	return fd;
}

static int listening(int fd, int port)
{
	listen_on(fd, AF_INET, port, 8);
	return fd;
}

static void mptcp(struct end *e)
{
	struct sockaddr_in there = e->there;

	there.sin_port = htons(third_port(e));
	if (e->client)
		with_sockets(e, mptcp_socket(), -1, &there, sizeof(there));
	else
		with_sockets(e, -1, listening(mptcp_socket(), third_port(e)), NULL, 0);
	say("MPTCP");
}

static void sign(int fd, const struct sockaddr_in *peer)
{
	struct tcp_md5sig key = { .tcpm_keylen = 4, .tcpm_key = "mint" };

	memcpy(&key.tcpm_addr, peer, sizeof(*peer));
	if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &key, sizeof(key)))
		die("TCP_MD5SIG: %s", strerror(errno));
}

/* The server signs for whoever it talks with by the control connection. */
static void md5(struct end *e)
{
	struct sockaddr_in there = e->there;
	socklen_t length = sizeof(there);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (!e->client)
		getpeername(e->control, (struct sockaddr *)&there, &length);
	there.sin_port = 0;
	sign(fd, &there);
	there.sin_port = htons(third_port(e));
	if (e->client)
		with_sockets(e, fd, -1, &there, sizeof(there));
	else
		with_sockets(e, -1, listening(fd, third_port(e)), NULL, 0);
	say("signed");
}

/* Bytes with the SYN; the first time only asks for a cookie. */
static void fastopen(struct end *e)
{
	struct sockaddr_in there = e->there;
	int fd, i;

	there.sin_port = htons(third_port(e));
	if (!e->client) {
		int listener = listening(socket(AF_INET, SOCK_STREAM, 0), third_port(e));

		set_option(listener, IPPROTO_TCP, TCP_FASTOPEN, 8);
		meet(e);
		for (i = 0; i < 3; i++) {
			e->fd = accept(listener, NULL, NULL);
			e->sent = 0;
			e->taken = 0;
			take_all(e, 10);
			both_ways(e);
			finish(e);
		}
		close(listener);
		return;
	}
	meet(e);
	for (i = 0; i < 3; i++) {
		char data[10];

		fd = socket(AF_INET, SOCK_STREAM, 0);
		fill(true, 0, data, sizeof(data));
		if (i == 2) {
			set_option(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
			say_result("connect", connect(fd, (void *)&there, sizeof(there)));
			say_result("send", send(fd, data, sizeof(data), 0));
		} else {
			say_result("send", sendto(fd, data, sizeof(data), MSG_FASTOPEN,
						  (void *)&there, sizeof(there)));
		}
		e->fd = fd;
		e->sent = sizeof(data);
		e->taken = 0;
		both_ways(e);
		finish(e);
	}
}

/* What inet_diag says of the ulp of a connection, as `ss -ti` shows it. */
static void say_ulp(int fd, const char *what)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} query = {
		.header = {
			.nlmsg_len = sizeof(query), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.request = {
			.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = -1,
			.idiag_ext = 1 << (INET_DIAG_INFO - 1),
			.id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
		},
	};
	static char answer[8192] __attribute__((aligned(8)));
	const struct nlmsghdr *header = (void *)answer;
	struct sockaddr_in own, peer;
	socklen_t length = sizeof(own);
	const struct nlattr *at, *inner;
	const char *name = "none";
	int netlink, bytes;

	getsockname(fd, (struct sockaddr *)&own, &length);
	getpeername(fd, (struct sockaddr *)&peer, &length);
	query.request.id.idiag_sport = own.sin_port;
	query.request.id.idiag_dport = peer.sin_port;
	query.request.id.idiag_src[0] = own.sin_addr.s_addr;
	query.request.id.idiag_dst[0] = peer.sin_addr.s_addr;
	netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	if (netlink < 0 || send(netlink, &query, sizeof(query), 0) < 0)
		die("inet_diag: %s", strerror(errno));
	bytes = recv(netlink, answer, sizeof(answer), 0);
	close(netlink);
	if (bytes < 0 || header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		die("inet_diag: no answer");
	for (at = NLMSG_DATA(header) + NLMSG_ALIGN(sizeof(struct inet_diag_msg));
	     (char *)at < answer + bytes; at = (void *)at + NLA_ALIGN(at->nla_len)) {
		if ((at->nla_type & NLA_TYPE_MASK) != INET_DIAG_ULP_INFO)
			continue;
		inner = (void *)at + NLA_HDRLEN;
		if ((inner->nla_type & NLA_TYPE_MASK) == INET_ULP_INFO_NAME)
			name = (void *)inner + NLA_HDRLEN;
	}
	say("%s: %s", what, name);
}

/* Who looks can tell the one kind from the other. */
static void ulp_name(struct end *e)
{
	char name[ULP_BYTES] = "none";
	socklen_t length = sizeof(name);

	begin(e);
	say_ulp(e->fd, "the connection");
	say_ulp(e->control, "a plain one");
	getsockopt(e->fd, IPPROTO_TCP, TCP_ULP, name, &length);
	say("TCP_ULP: %s", length ? name : "none");
}

const struct scenario kind_scenarios[] = {
	{ "ipv6", ipv6, .lanes = 2, .once = true },
	{ "mapped", mapped, .lanes = 3, .once = true },
	{ "own_node", own_node, .lanes = NONE },
	{ "mptcp", mptcp, .lanes = NONE, .once = true },
	{ "md5", md5, .lanes = NONE, .once = true },
	{ "fastopen", fastopen, .lanes = ANY, .once = true },
	{ "ulp_name", ulp_name, .lanes = 1, .once = true },
	{ }
};
