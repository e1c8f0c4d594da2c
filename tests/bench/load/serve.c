// SPDX-License-Identifier: GPL-2.0
/*
 * The server: a process for each connection, which does what the request says;
 * and one for all connections of LOAD_TOGETHER.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "load.h"

static int listen_on(__u16 port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port),
	};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 256))
		die("port %u: %s", port, strerror(errno));
	return fd;
}

static void serve(int fd)
{
	struct request request;
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	read_all(fd, &request, sizeof(request));
	if (!request.size || request.size > LOAD_MAX)
		die("request of %u bytes", request.size);
	set_busy_poll(fd, request.busy_us);
	if (request.mode == LOAD_UDP_ECHO || request.mode == LOAD_UDP_SINK)
		serve_udp(fd, &request);
	else
		serve_tcp(fd, &request);
}

int cmd_serve(char **argv)
{
	int together = listen_on(LOAD_PORT + 1);
	int fd = listen_on(LOAD_PORT);

	(void)argv;
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fd);
		serve_together(together);
	}
	close(together);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int connection = accept(fd, NULL, NULL);

		if (connection < 0)
			die("accept: %s", strerror(errno));
		if (!fork()) {
			close(fd);
			serve(connection);
			_exit(0);
		}
		close(connection);
	}
}
