// SPDX-License-Identifier: GPL-2.0
/*
 * NUMA domains: where memory is, and whether that is near. A set of domains has a
 * bit for each of MINT_MAX_DOMAINS.
 */
#include <jansson.h>
#include <stdbool.h>
#include <mint/domain.h>
#include <mint/extent.h>
#include "domains.h"
#include "text.h"

/**
 * domains_matter() - are there several?
 * @ledger: the ledger
 */
bool domains_matter(const struct mint_ledger *ledger)
{
	return ledger->nr_domains > 1;
}

/**
 * domains_of() - the domains of a piece of memory
 * @ledger: the ledger
 * @base: first byte
 * @bytes: size
 *
 * Return: a set.
 */
__u32 domains_of(const struct mint_ledger *ledger, __u64 base, __u64 bytes)
{
	__u32 domains = 0;
	unsigned int i;

	for (i = 0; i < ledger->nr_ram; i++)
		if (ledger->ram[i].domain < MINT_MAX_DOMAINS &&
		    mint_extent_meets(&ledger->ram[i], base, bytes))
			domains |= 1U << ledger->ram[i].domain;
	return domains;
}

/**
 * domain_bytes() - how much memory is in a domain
 * @ledger: the ledger
 * @domain: the domain
 */
__u64 domain_bytes(const struct mint_ledger *ledger, __u8 domain)
{
	__u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < ledger->nr_ram; i++)
		if (ledger->ram[i].domain == domain)
			bytes += ledger->ram[i].bytes;
	return bytes;
}

/**
 * domains_near() - is there no memory nearer to these CPUs than that of some domains?
 * @ledger: the ledger
 * @cpus: the CPUs, a bit for each of MINT_MAX_CPUS
 * @domains: a set; of several the farthest counts
 */
bool domains_near(const struct mint_ledger *ledger, const __u64 *cpus, __u32 domains)
{
	__u32 nearest = ~0U, farthest = 0, distance;
	__u8 domain;

	for (domain = 0; domain < MINT_MAX_DOMAINS; domain++) {
		distance = mint_domain_distance(ledger, cpus, domain);
		if (distance < nearest && domain_bytes(ledger, domain))
			nearest = distance;
		if (distance > farthest && domains >> domain & 1)
			farthest = distance;
	}
	return farthest <= nearest;
}

/**
 * domains_text() - a set of domains as a list with ranges
 * @domains: the set
 * @text: where to put it
 *
 * Return: @text; "-" for no domain.
 */
const char *domains_text(__u32 domains, char text[96])
{
	const __u64 bits[MINT_MAX_CPUS / 64] = { domains };

	return cpus_text(bits, text, 96);
}

/**
 * domains_json() - a set of domains as an array of numbers
 * @domains: the set
 */
json_t *domains_json(__u32 domains)
{
	json_t *array = json_array();
	unsigned int domain;

	for (domain = 0; domain < MINT_MAX_DOMAINS; domain++)
		if (domains >> domain & 1)
			json_array_append_new(array, json_integer(domain));
	return array;
}
