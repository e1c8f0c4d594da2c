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

#define MINT_SETUP_DATA		0x4d494e54	/* setup_data.type: "MINT" */
#define MINT_HANDOVER_MAGIC	0x4f444e4148544e4dULL	/* "MNTHANDO" */
#define MINT_HANDOVER_EXTENTS	8

/**
 * struct mint_handover - facts for one start of one node
 * @magic: MINT_HANDOVER_MAGIC
 * @abi_major: MINT_ABI_MAJOR of the starting kernel; must match
 * @abi_minor: MINT_ABI_MINOR of the starting kernel
 * @bytes: size of this struct
 * @node: node id
 * @generation: of this start
 * @region_phys: shared region, first byte
 * @region_bytes: shared region, size
 * @low_slot_phys: low memory for the real-mode trampoline, page aligned
 * @low_slot_bytes: its size; 0 = none, the node stays on its first CPU
 * @nr_cpus: used entries of @apic_ids; the first is the CPU that boots
 * @tsc_khz: rate of the time stamp counter
 * @lapic_khz: rate of the local APIC timer, before its divider
 * @nr_extents: used entries of @extents
 * @reserved: zero
 * @wallclock_ns: wall clock, nanoseconds since 1970-01-01 UTC, at @tsc
 * @tsc: time stamp counter at @wallclock_ns
 * @self_phys: physical address of the node's struct mint_node_self, for a
 *	kernel that refuses the ABI and so must not look for it
 * @extents: the node's memory; @owner in it is @node
 * @apic_ids: APIC ids of the node's CPUs
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
	__u64 low_slot_phys;
	__u32 low_slot_bytes;
	__u32 nr_cpus;
	__u32 tsc_khz;
	__u32 lapic_khz;
	__u32 nr_extents;
	__u32 reserved;
	__u64 wallclock_ns;
	__u64 tsc;
	__u64 self_phys;
	struct mint_extent extents[MINT_HANDOVER_EXTENTS];
	__u32 apic_ids[MINT_MAX_CPUS];
};

static_assert(sizeof(struct mint_handover) == 96 + 24 * 8 + 4 * 256);

/**
 * struct mint_mailbox - how the machine's boot CPU is started again, which
 * must not get an INIT; the first bytes of the parking place in low memory
 * @command: 0 rest; 1 wake, by the starter, with NMIs until the CPU writes
 *	2 awake; 3 go, by the starter; the CPU writes 0 and goes
 * @entry: physical address of a kernel's 64-bit entry, before @command 1
 * @boot_params: physical address of its boot parameters, before @command 1
 * @reserved: zero
 */
struct mint_mailbox {
	__u64 command;
	__u64 entry;
	__u64 boot_params;
	__u64 reserved[5];
};

static_assert(sizeof(struct mint_mailbox) == 64);

#endif /* MINT_BOOT_H */
