/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What node 0 finds out about the machine before anything is shared. Filled in by
 * files that compile in user space too: tests/firmware.
 */
#ifndef _ASM_X86_MINT_MACHINE_H
#define _ASM_X86_MINT_MACHINE_H

#include <linux/types.h>
#include <mint/abi.h>

#define MINT_MAX_WITHHELD	16
#define MINT_MAX_SPANS		64	/* pieces of memory that node 0 keeps */
#define MINT_MAX_OWN		(MINT_MAX_SPANS + MINT_MAX_RAM)	/* cut at holes in memory */

/* Together with the shared region they fit into the ledger. */
static_assert(MINT_MAX_OWN < MINT_MAX_EXTENTS);

/**
 * struct mint_machine - the machine, as the firmware describes it
 * @nr_cpus: used entries of @apic_ids
 * @cpus_left_out: further CPUs, for which there is no entry
 * @apic_ids: the CPUs, by machine-wide number
 * @cpu_domains: their domains
 * @nr_ram: used entries of @ram
 * @ram: the memory above the first 2 MB, in ascending order; no piece crosses the
 *	border of a domain
 * @ram_left_out: bytes of further memory, for which there is no entry
 * @nr_own: used entries of @own
 * @own: what of it is node 0's, and the first 2 MB
 * @nr_domains: NUMA domains; 0: the firmware tells none
 * @proximities: the firmware's numbers of them, in ascending order
 * @distances: how far domain j is from domain i, at i * MINT_MAX_DOMAINS + j
 * @nr_withheld: used entries of @withheld
 * @withheld: PCI functions of segment 0 that node 0 must not keep,
 *	bus << 8 | device << 3 | function
 */
struct mint_machine {
	u32 nr_cpus;
	u32 cpus_left_out;
	u32 apic_ids[MINT_MAX_CPUS];
	u8 cpu_domains[MINT_MAX_CPUS];
	u32 nr_ram;
	struct mint_extent ram[MINT_MAX_RAM];
	u64 ram_left_out;
	u32 nr_own;
	struct mint_extent own[MINT_MAX_OWN];
	u32 nr_domains;
	u32 proximities[MINT_MAX_DOMAINS];
	u8 distances[MINT_MAX_DOMAINS * MINT_MAX_DOMAINS];
	u32 nr_withheld;
	u16 withheld[MINT_MAX_WITHHELD];
};

#endif /* _ASM_X86_MINT_MACHINE_H */
