/* SPDX-License-Identifier: GPL-2.0 */
/* IPv4 addresses of nodes on vni0, by custom. */
#ifndef MINT_LOADER_ADDRESSES_H
#define MINT_LOADER_ADDRESSES_H

#define ADDRESSES_NET	"10.77.0."
#define ADDRESSES_NODE0	"10.77.0.1"

int addresses_choose(const char *dir, unsigned int *number);

#endif /* MINT_LOADER_ADDRESSES_H */
