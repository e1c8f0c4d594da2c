/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Which memory is near which CPUs. The kernel places memory by it, and the command
 * tells before where that will be.
 */
#ifndef MINT_DOMAIN_H
#define MINT_DOMAIN_H

#include <mint/abi.h>

#define MINT_DISTANCE_FAR	255	/* what the ledger can tell at most; also: not known */

/**
 * mint_distance() - how far one NUMA domain is from another
 * @ledger: the ledger
 * @from: a domain, any value
 * @to: a domain, any value
 *
 * Return: 10 is local, MINT_DISTANCE_FAR the most.
 */
static inline __u32 mint_distance(const struct mint_ledger *ledger, __u8 from, __u8 to)
{
	if (from >= MINT_MAX_DOMAINS || to >= MINT_MAX_DOMAINS)
		return MINT_DISTANCE_FAR;
	return mint_load(&ledger->distances[from * MINT_MAX_DOMAINS + to]);
}

/**
 * mint_domain_distance() - how far memory is from a node's CPUs
 * @ledger: the ledger
 * @cpus: the CPUs, a bit for each of MINT_MAX_CPUS
 * @domain: that of the memory, any value
 *
 * Return: the sum over the CPUs, to be compared with that of other memory.
 */
static inline __u32 mint_domain_distance(const struct mint_ledger *ledger, const __u64 *cpus,
					 __u8 domain)
{
	__u32 cpu, sum = 0;

	for (cpu = 0; cpu < MINT_MAX_CPUS; cpu++)
		if (cpus[cpu / 64] >> cpu % 64 & 1)
			sum += mint_distance(ledger, mint_load(&ledger->cpus[cpu].domain), domain);
	return sum;
}

#endif /* MINT_DOMAIN_H */
