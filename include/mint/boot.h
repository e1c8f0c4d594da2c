/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The hand-over record: what a starting node is told of itself.
 *
 * It is the payload of a struct setup_data of type MINT_SETUP_DATA in the
 * node's own memory. The mint command makes room for it, the kernel that
 * starts the node fills it in. Specified in docs/abi.md.
 */
#ifndef MINT_BOOT_H
#define MINT_BOOT_H

#include <mint/abi.h>

#define MINT_SETUP_DATA		0x4d494e54	/* ``setup_data.type``: "MINT" */
#define MINT_HANDOVER_MAGIC	0x4f444e4148544e4dULL	/* the bytes "MNTHANDO" */
#define MINT_HANDOVER_EXTENTS	8	/* extents that a node can have */

/* The low area, below 1 MB: what a CPU needs on its way into a kernel */
#define MINT_LOW_PML4		0x0000	/* PML4: page tables that map the first 2 MB one to one */
#define MINT_LOW_PDPT		0x1000	/* their PDPT */
#define MINT_LOW_PD		0x2000	/* their PD */
#define MINT_LOW_STARTUP	0x3000	/* start-up page: where a SIPI sends a CPU */
#define MINT_LOW_PARK		0x4000	/* parking page: where the boot CPU rests */
#define MINT_LOW_BYTES		0x5000	/* size of the area */

/**
 * struct mint_handover - facts for one start of one node
 * @magic: MINT_HANDOVER_MAGIC
 * @abi_major: MINT_ABI_MAJOR of the loader; must match
 * @abi_minor: MINT_ABI_MINOR of the loader
 * @bytes: size of the record
 * @node: node id
 * @generation: of this start
 * @region_phys: shared region, first byte
 * @region_bytes: shared region, size
 * @low_phys: physical address of the low area, page aligned; the node uses it
 *	and not mint_ledger.low_base
 * @reserved0: zero
 * @nr_cpus: used entries of @apic_ids, 1 to 256
 * @tsc_khz: rate of the time stamp counter, in kHz
 * @lapic_khz: rate of the local APIC timer before its divider, in kHz; 0 = not
 *	known
 * @nr_extents: used entries of @extents
 * @x2apic: 1: the node's local APICs are to be in x2APIC mode, 0: in xAPIC mode
 * @wallclock_ns: wall clock at @tsc, nanoseconds since 1970-01-01 UTC
 * @tsc: time stamp counter at @wallclock_ns
 * @self_phys: physical address of the node's struct mint_node_self, for a
 *	kernel that refuses the ABI and so must not look for it
 * @extents: the node's memory; ``owner`` in it is @node. What lies in several
 *	NUMA domains is several entries, as far as there is room, else counts
 *	with the first of them
 * @apic_ids: APIC ids of the node's CPUs, ``boot_cpu`` first, the rest by
 *	ascending CPU number
 * @cpu_domains: NUMA domains of the CPUs of @apic_ids, or MINT_DOMAIN_NONE
 * @region_domain: NUMA domain of the shared region, or MINT_DOMAIN_NONE
 * @nr_domains: as in the ledger
 * @reserved2: zero
 * @distances: as in the ledger
 *
 * Writer: loader
 */
struct mint_handover {
	__u64 magic;
	__u16 abi_major;
	__u16 abi_minor;
	__u32 bytes;
	__u32 node;
	__u32 generation;
	__u64 region_phys;
	__u64 region_bytes;
	__u64 low_phys;
	__u32 reserved0;
	__u32 nr_cpus;
	__u32 tsc_khz;
	__u32 lapic_khz;
	__u32 nr_extents;
	__u32 x2apic;
	__u64 wallclock_ns;
	__u64 tsc;
	__u64 self_phys;
	struct mint_extent extents[MINT_HANDOVER_EXTENTS];
	__u32 apic_ids[MINT_MAX_CPUS];
	__u8 cpu_domains[MINT_MAX_CPUS];
	__u8 region_domain;
	__u8 nr_domains;
	__u8 reserved2[6];
	__u8 distances[MINT_MAX_DOMAINS * MINT_MAX_DOMAINS];
};

static_assert(sizeof(struct mint_handover) == 96 + 24 * 8 + 5 * 256 + 8 + 32 * 32);

#define MINT_STARTUP		0x800	/* offset of struct mint_startup in the start-up page */

#define MINT_STARTUP_NX		0x1	/* turn on EFER.NX: the page tables have its bit */
#define MINT_STARTUP_ALLOW_NX	0x2	/* before, let IA32_MISC_ENABLE allow it */
#define MINT_STARTUP_HALT	0x4	/* go nowhere: arrive, and halt in real mode */

/**
 * struct mint_startup - where the CPU goes that comes through the start-up page
 * @cr3: physical address of 4-level page tables that map @entry, and the first
 *	2 MB one to one
 * @entry: RIP there
 * @argument: RSI there
 * @stack: RSP there
 * @apic_id: APIC id of the CPU, for whoever takes the page over
 * @flags: MINT_STARTUP_* bits
 * @arrived: 0 until the CPU is on its page tables and needs nothing more of this
 *	structure. Writer: starter 0, the CPU 1
 * @reserved: zero
 *
 * Writer: who has mint_ledger.start_lock
 */
struct mint_startup {
	__u64 cr3;
	__u64 entry;
	__u64 argument;
	__u64 stack;
	__u32 apic_id;
	__u32 flags;
	__u32 arrived;
	__u32 reserved[5];
};

static_assert(sizeof(struct mint_startup) == 64);

/**
 * struct mint_mailbox - how the machine's boot CPU is started again, which
 * must not get an INIT; the first bytes of the parking page
 * @command: 0 rest; 1 wake, with NMIs until the CPU writes 2 awake; 3 go: the
 *	CPU writes 0 and goes. Writer: waker 1 and 3, the boot CPU 2 and 0
 * @entry: physical address of a kernel's 64-bit entry
 * @boot_params: physical address of its ``struct boot_params``
 * @cr3: as mint_startup.cr3
 * @parked: 0 while the CPU runs, else the incarnation that came to rest on it
 *	after a mint_node_life.halt; a lock word with CPU 0. Writer: the boot CPU, as
 *	its last store, release
 * @reserved: zero. Writer: preparing node
 *
 * Writer: waker, before @command 1
 */
struct mint_mailbox {
	__u64 command;
	__u64 entry;
	__u64 boot_params;
	__u64 cr3;
	__u64 parked;
	__u64 reserved[3];
};

static_assert(sizeof(struct mint_mailbox) == 64);

#endif /* MINT_BOOT_H */
