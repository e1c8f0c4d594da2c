/* SPDX-License-Identifier: GPL-2.0 */
/* A value of mint= for a machine. */
#ifndef MINT_LOADER_PROPOSE_H
#define MINT_LOADER_PROPOSE_H

#include <stddef.h>
#include <mint/abi.h>

struct survey;

/* The rule, for users */
#define PROPOSE_RULE	\
	"node 0 gets whole cores, the boot CPU's first, up to a quarter of all CPUs, or one\n" \
	"  thread of the only core; a quarter of the memory, but 512M to 4G; the region has\n" \
	"  1/32, but 64M to 256M"

/**
 * struct proposal - what node 0 should keep
 * @why_not: there is no proposal, and why; or an empty string
 * @cpus: CPU numbers of the machine, a bit for each
 * @mem: bytes for node 0
 * @shm: bytes for the shared region
 */
struct proposal {
	char why_not[128];
	__u64 cpus[MINT_MAX_CPUS / 64];
	__u64 mem;
	__u64 shm;
};

void propose(const struct survey *survey, struct proposal *proposal);
const char *proposal_text(const struct proposal *proposal, char *text, size_t room);

#endif /* MINT_LOADER_PROPOSE_H */
