// SPDX-License-Identifier: GPL-2.0
/* Numbered datagrams, which show whoever takes them whether they are whole. */
#include <arpa/inet.h>
#include <err.h>
#include <string.h>
#include <sys/socket.h>
#include "datagrams.h"

#define ROOM	(8 << 20)

/**
 * datagram_fill() - make a datagram
 * @to: where
 * @number: its number, from which its bytes follow
 * @bytes: its length, at least that of a number
 */
void datagram_fill(unsigned char *to, unsigned int number, size_t bytes)
{
	size_t at;

	memcpy(to, &number, sizeof(number));
	for (at = sizeof(number); at < bytes; at++)
		to[at] = number * 13 + bytes * 7 + at * 3 + (at >> 8);
}

/**
 * datagram_is_whole() - whether each byte is as it was made
 * @got: what has come
 * @bytes: how much
 * @number: set to its number, if it is whole
 *
 * Return: true if it is.
 */
bool datagram_is_whole(const unsigned char *got, size_t bytes, unsigned int *number)
{
	static unsigned char wanted[DATAGRAM_MOST_BYTES];

	if (bytes < sizeof(*number) || bytes > sizeof(wanted))
		return false;
	memcpy(number, got, sizeof(*number));
	datagram_fill(wanted, *number, bytes);
	return !memcmp(wanted, got, bytes);
}

/**
 * datagram_socket() - open a socket with room for many
 * @at: the address to take them at, or NULL
 *
 * Return: its file descriptor. If there can be none, the user is told, and that is the end.
 */
int datagram_socket(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), room = ROOM;

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (at && bind(fd, (const struct sockaddr *)at, sizeof(*at)))
		err(1, "%s:%u", inet_ntoa(at->sin_addr), ntohs(at->sin_port));
	return fd;
}
