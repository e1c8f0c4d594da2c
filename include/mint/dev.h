/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/mint: how user space creates, loads and starts nodes.
 *
 * mmap() of the device shows the shared region, read-only: tables are read
 * there. Changes go through the calls below, which need CAP_SYS_ADMIN. poll()
 * on a file that is no console returns POLLPRI once after each change of the
 * state of any node, the own one included.
 */
#ifndef MINT_DEV_H
#define MINT_DEV_H

#include <linux/ioctl.h>
#include <mint/abi.h>
#include <mint/boot.h>

#define MINT_ANY		(~0ULL)
#define MINT_ANY_GENERATION	(~0U)

#define MINT_NODE_FUNCTIONS	16	/* a node can be created with */

/**
 * struct mint_ioc_info - MINT_IOC_INFO: who am I
 * @node: own node id
 * @generation: own generation
 * @abi: MINT_ABI_MAJOR << 16 | MINT_ABI_MINOR of the running kernel
 * @reserved: zero
 * @region_bytes: how much to mmap()
 */
struct mint_ioc_info {
	__u32 node;
	__u32 generation;
	__u32 abi;
	__u32 reserved;
	__u64 region_bytes;
};

static_assert(sizeof(struct mint_ioc_info) == 24);

/**
 * struct mint_ioc_create - MINT_IOC_CREATE: claim CPUs, memory and PCI functions
 *	for a node
 * @name: NUL-terminated, unique
 * @cpus: machine-wide CPU numbers, a bit for each; at least one
 * @nr_extents: used entries of @extents, at least 1
 * @node: filled in: the id, the lowest free one
 * @policy: a MINT_POLICY_* value
 * @nr_functions: used entries of @functions, may be 0
 * @extents: what is wanted: @bytes a multiple of MINT_EXTENT_ALIGN, @base
 *	likewise or MINT_ANY for the first place that is free; filled in:
 *	what it became. @owner and @reserved zero.
 * @functions: PCI functions: segment << 16 | bus << 8 | device << 3 | function
 *
 * Functions of the calling node without a driver are given away. All or
 * nothing. Errors: EINVAL malformed, ERANGE a CPU or address that the
 * machine does not have, ENODEV a function likewise, EPERM the machine's boot
 * CPU or a bridge, EEXIST the name is taken, EBUSY a CPU, extent or function
 * has an owner or the calling node a driver for the function, ENOMEM no free place of that
 * size, ENOSPC a table is full, ETIMEDOUT another node keeps the ledger.
 */
struct mint_ioc_create {
	char name[MINT_NAME_BYTES];
	__u64 cpus[MINT_MAX_CPUS / 64];
	__u32 nr_extents;
	__u32 node;
	__u32 policy;
	__u32 nr_functions;
	struct mint_extent extents[MINT_HANDOVER_EXTENTS];
	__u32 functions[MINT_NODE_FUNCTIONS];
};

static_assert(sizeof(struct mint_ioc_create) == 336);

/**
 * struct mint_ioc_node - the argument of calls that need a node only
 * @node: node id
 * @generation: the start that is meant, or MINT_ANY_GENERATION; MINT_IOC_LOAD
 *	fills in the generation that will start. MINT_IOC_CONSOLE ignores it.
 *
 * MINT_IOC_LOAD stops all CPUs of the node (fence) and makes its memory
 * writable through this file until MINT_IOC_START or close(), whichever comes
 * first; close() leaves the node stopped. MINT_IOC_KILL stops its CPUs, and tells
 * supervisors that this is what a user wants. MINT_IOC_STOP_WANTED tells them
 * only: it comes before a node is asked to stop by itself.
 * MINT_IOC_DESTROY stops its CPUs and gives back what it owns.
 * MINT_IOC_CONSOLE turns the file into the node's console: read() gives the
 * output of its present start from the oldest byte kept, then waits; it gives
 * 0 when the node has ended and all was read. write() is its input.
 *
 * Errors: ENOENT no such node, ESTALE it has been started since the
 * generation that is meant, EBUSY the node is being loaded by another file,
 * EPERM the caller's own node or the machine's boot CPU is in it, ETIMEDOUT
 * another node keeps the ledger.
 */
struct mint_ioc_node {
	__u32 node;
	__u32 generation;
};

static_assert(sizeof(struct mint_ioc_node) == 8);

/**
 * struct mint_ioc_write - MINT_IOC_WRITE: fill memory of the node in loading
 * @node: node id
 * @reserved: zero
 * @phys: physical address, in an extent of the node as a whole
 * @bytes: how much, at most 1 GB in one call
 * @data: address of the bytes in the caller, or 0 to write zeroes
 *
 * Errors: EBADFD this file is not loading that node, ERANGE the range is not
 * in one extent of the node, EFAULT bad @data, EINVAL malformed.
 */
struct mint_ioc_write {
	__u32 node;
	__u32 reserved;
	__u64 phys;
	__u64 bytes;
	__u64 data;
};

static_assert(sizeof(struct mint_ioc_write) == 32);

/**
 * struct mint_ioc_start - MINT_IOC_START: set the node going
 * @node: node id
 * @reserved: zero
 * @entry: physical address of the kernel's 64-bit entry
 * @boot_params: physical address of its struct boot_params, 4096 bytes
 * @handover: physical address of room for a struct mint_handover, which the
 *	call fills in
 *
 * Returns when the CPU was started, not when the node is up: that is seen in
 * mint_node_self. Errors: EBADFD, ERANGE as for MINT_IOC_WRITE, EIO the CPU
 * did not take the start.
 */
struct mint_ioc_start {
	__u32 node;
	__u32 reserved;
	__u64 entry;
	__u64 boot_params;
	__u64 handover;
};

static_assert(sizeof(struct mint_ioc_start) == 32);

#define MINT_IOC_TYPE		'M'
#define MINT_IOC_INFO		_IOR(MINT_IOC_TYPE, 0x40, struct mint_ioc_info)
#define MINT_IOC_CREATE		_IOWR(MINT_IOC_TYPE, 0x41, struct mint_ioc_create)
#define MINT_IOC_LOAD		_IOWR(MINT_IOC_TYPE, 0x42, struct mint_ioc_node)
#define MINT_IOC_WRITE		_IOW(MINT_IOC_TYPE, 0x43, struct mint_ioc_write)
#define MINT_IOC_START		_IOW(MINT_IOC_TYPE, 0x44, struct mint_ioc_start)
#define MINT_IOC_KILL		_IOW(MINT_IOC_TYPE, 0x45, struct mint_ioc_node)
#define MINT_IOC_DESTROY	_IOW(MINT_IOC_TYPE, 0x46, struct mint_ioc_node)
#define MINT_IOC_CONSOLE	_IOW(MINT_IOC_TYPE, 0x47, struct mint_ioc_node)
#define MINT_IOC_STOP_WANTED	_IOW(MINT_IOC_TYPE, 0x50, struct mint_ioc_node)

#endif /* MINT_DEV_H */
