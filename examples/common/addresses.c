// SPDX-License-Identifier: GPL-2.0
/* Addresses as users write them. Who writes another thing is told so, and that is the end. */
#include <arpa/inet.h>
#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "addresses.h"

static bool take_address(const char *text, struct sockaddr_in *address)
{
	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	return inet_pton(AF_INET, text, &address->sin_addr) == 1;
}

/* Returns 0 if it is no number of a port. */
static unsigned int port_of(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits < 6 && !text[digits] ? strtoul(text, NULL, 10) : 0;
}

/**
 * address_of() - an address of IPv4
 * @text: such as 10.0.0.2
 *
 * Return: it, of no port.
 */
struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in address;

	if (!take_address(text, &address))
		errx(2, "'%s' is no address of IPv4. Try: 10.0.0.2", text);
	return address;
}

/**
 * address_and_port() - an address of IPv4 and a port
 * @text: such as 10.0.0.2:7000
 *
 * Return: both.
 */
struct sockaddr_in address_and_port(const char *text)
{
	const char *colon = strchrnul(text, ':');
	unsigned int port = *colon ? port_of(colon + 1) : 0;
	char before[INET_ADDRSTRLEN] = "";
	struct sockaddr_in address;

	if ((size_t)(colon - text) < sizeof(before))
		memcpy(before, text, colon - text);
	if (port < 1 || port > 65535 || !take_address(before, &address))
		errx(2, "'%s' is no address and port. Try: 10.0.0.2:7000", text);
	address.sin_port = htons(port);
	return address;
}
