/* SPDX-License-Identifier: GPL-2.0 */
/* The boot parameter mint=, as it was given. */
#ifndef _ARCH_X86_MINT_PARAMETER_H
#define _ARCH_X86_MINT_PARAMETER_H

#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/types.h>
#include <asm/mint_machine.h>

#define MINT_PARAMETER_BYTES	256	/* room for the value and its end */
#define MINT_ANYWHERE		(~0ULL)

/* What node 0 and the region have at least. */
#define MINT_NODE0_LEAST	(64ULL << 20)
#define MINT_REGION_LEAST	(16ULL << 20)

/**
 * struct mint_request - what the parameter asks for
 * @cpus: machine-wide numbers
 * @nr_cpus: used entries of @cpus
 * @mem: bytes for node 0
 * @shm: bytes for the shared region
 * @shm_base: its address, or MINT_ANYWHERE
 * @nr_withheld: used entries of @withheld
 * @withheld: PCI functions that node 0 leaves to others
 */
struct mint_request {
	u32 cpus[MINT_MAX_CPUS];
	u32 nr_cpus;
	u64 mem;
	u64 shm;
	u64 shm_base;
	u32 nr_withheld;
	u16 withheld[MINT_MAX_WITHHELD];
};

/* Says in one line why this kernel is not node 0. */
#define refuse(fmt, ...)						\
({									\
	pr_err(fmt "; booting without Mint\n", ##__VA_ARGS__);		\
	-EINVAL;							\
})

extern struct mint_request mint_request;

int mint_request_parse(char *text);

#endif /* _ARCH_X86_MINT_PARAMETER_H */
