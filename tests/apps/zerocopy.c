// SPDX-License-Identifier: GPL-2.0
/*
 * Sends a file by TCP with MSG_ZEROCOPY from where it is mapped, and ends when the
 * kernel has told of each send that its pages are free. Prints how long that took,
 * and of how many sends the kernel has copied the pages after all.
 *
 * usage: zerocopy ADDRESS PORT FILE
 */

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define PIECE_BYTES 131072
#define WAIT_MS 60000

static unsigned int sends, completed, copied;

static int connect_to(const char *address, const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		errx(2, "%s is no address", address);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "connect");
	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		err(1, "SO_ZEROCOPY");
	return fd;
}

/* Takes one report, of a range of sends; false if there is none. */
static int take_report(int fd)
{
	char control[128];
	struct msghdr message = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct sock_extended_err *report;
	unsigned int count;

	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
		if (errno != EAGAIN)
			err(1, "error queue");
		return 0;
	}
	if (!CMSG_FIRSTHDR(&message))
		errx(1, "a report without contents");
	report = (struct sock_extended_err *)CMSG_DATA(CMSG_FIRSTHDR(&message));
	if (report->ee_errno || report->ee_origin != SO_EE_ORIGIN_ZEROCOPY)
		errx(1, "error %u of origin %u", report->ee_errno, report->ee_origin);
	count = report->ee_data - report->ee_info + 1;
	completed += count;
	if (report->ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
		copied += count;
	return 1;
}

static void wait_report(int fd)
{
	struct pollfd wanted = { .fd = fd };

	if (poll(&wanted, 1, WAIT_MS) != 1)
		errx(1, "%u of %u sends reported within %d ms", completed, sends, WAIT_MS);
	while (take_report(fd))
		;
}

static void send_all(int fd, const char *bytes, size_t left)
{
	ssize_t sent;

	while (left) {
		sent = send(fd, bytes, left < PIECE_BYTES ? left : PIECE_BYTES, MSG_ZEROCOPY);
		/* Too many sends are not reported yet. */
		if (sent < 0 && errno == ENOBUFS) {
			wait_report(fd);
			continue;
		}
		if (sent < 0)
			err(1, "send");
		sends++;
		bytes += sent;
		left -= sent;
		take_report(fd);
	}
}

int main(int argc, char **argv)
{
	struct timespec began, ended;
	struct stat file;
	const char *bytes;
	int fd, in;

	if (argc != 4)
		errx(2, "usage: zerocopy ADDRESS PORT FILE");
	in = open(argv[3], O_RDONLY);
	if (in < 0 || fstat(in, &file))
		err(1, "%s", argv[3]);
	bytes = mmap(NULL, file.st_size, PROT_READ, MAP_PRIVATE, in, 0);
	if (bytes == MAP_FAILED)
		err(1, "mmap");
	fd = connect_to(argv[1], argv[2]);
	clock_gettime(CLOCK_MONOTONIC, &began);
	send_all(fd, bytes, file.st_size);
	while (completed < sends)
		wait_report(fd);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	printf("sends=%u copied=%u seconds=%.6f\n", sends, copied,
	       ended.tv_sec - began.tv_sec + (ended.tv_nsec - began.tv_nsec) / 1e9);
	return 0;
}
