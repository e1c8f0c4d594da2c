/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses as users write them. */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include <netinet/in.h>

struct sockaddr_in address_of(const char *text);
struct sockaddr_in address_and_port(const char *text);

#endif /* ADDRESSES_H */
