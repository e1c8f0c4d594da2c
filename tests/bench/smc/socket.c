// SPDX-License-Identifier: GPL-2.0
/* Has the TCP sockets of a program be those of SMC. For LD_PRELOAD. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif
#define FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

int socket(int domain, int type, int protocol)
{
	if ((domain == AF_INET || domain == AF_INET6) &&
	    (type & ~FLAGS) == SOCK_STREAM &&
	    (!protocol || protocol == IPPROTO_TCP))
		protocol = IPPROTO_SMC;
	return syscall(SYS_socket, domain, type, protocol);
}
