/* SPDX-License-Identifier: GPL-2.0 */
/* Numbered datagrams, which show whoever takes them whether they are whole. */
#ifndef DATAGRAMS_H
#define DATAGRAMS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define DATAGRAM_MOST_BYTES	65507

void datagram_fill(unsigned char *to, unsigned int number, size_t bytes);
bool datagram_is_whole(const unsigned char *got, size_t bytes, unsigned int *number);
int datagram_socket(const struct sockaddr_in *at);

#endif /* DATAGRAMS_H */
