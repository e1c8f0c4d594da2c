/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of CPUs: a bit for each of MINT_MAX_CPUS. */
#ifndef MINT_LOADER_CPUS_H
#define MINT_LOADER_CPUS_H

#include <stdbool.h>
#include <mint/abi.h>

static inline bool cpu_in(const __u64 *cpus, unsigned int cpu)
{
	return cpus[cpu / 64] >> cpu % 64 & 1;
}

static inline void cpu_add(__u64 *cpus, unsigned int cpu)
{
	cpus[cpu / 64] |= 1ULL << cpu % 64;
}

#endif /* MINT_LOADER_CPUS_H */
