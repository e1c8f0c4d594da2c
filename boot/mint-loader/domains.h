/* SPDX-License-Identifier: GPL-2.0 */
/* NUMA domains: where memory is, and whether that is near. */
#ifndef MINT_LOADER_DOMAINS_H
#define MINT_LOADER_DOMAINS_H

#include <jansson.h>
#include <stdbool.h>
#include <mint/abi.h>

bool domains_matter(const struct mint_ledger *ledger);
__u32 domains_of(const struct mint_ledger *ledger, __u64 base, __u64 bytes);
__u64 domain_bytes(const struct mint_ledger *ledger, __u8 domain);
bool domains_near(const struct mint_ledger *ledger, const __u64 *cpus, __u32 domains);
const char *domains_text(__u32 domains, char text[96]);
json_t *domains_json(__u32 domains);

#endif /* MINT_LOADER_DOMAINS_H */
