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
#include <mint/control.h>

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
 * CPU, which runs, or a bridge, EEXIST the name is taken, EBUSY a CPU, extent or function
 * has an owner or the calling node a driver for the function, ENOMEM no free place of that
 * size, ENOSPC a table is full, EOPNOTSUPP there is no low area, ETIMEDOUT another
 * node keeps the ledger.
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
 * supervisors that this is what a user wants. It takes the node from a file that
 * is loading it, on whatever node. MINT_IOC_STOP_WANTED tells them
 * only: it comes before a node is asked to stop by itself.
 * MINT_IOC_DESTROY stops its CPUs and gives back what it owns.
 * MINT_IOC_CONSOLE turns the file into the node's console: read() gives the
 * output of its present start from the oldest byte kept, then waits; it gives
 * 0 when the node has ended and all was read. write() is its input.
 *
 * Errors: ENOENT no such node, ESTALE it has been started since the
 * generation that is meant, EBUSY another command has the node, see struct
 * mint_hold: for MINT_IOC_KILL, it has been at work on it for 5 s; EINTR, EPERM
 * the caller's own node, EHOSTDOWN a CPU of it does not stop: what it has is
 * not touched, ENOLCK another node keeps the start-up page, ETIMEDOUT the ledger.
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
 * Errors: EBADFD this file is not loading that node, ESTALE it was taken from
 * this file, ERANGE the range is not in one extent of the node, EFAULT bad @data,
 * EINVAL malformed.
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
 * @tables: physical address of the page tables that the kernel is entered with: 4
 *	levels, which map the first 2 MB, @boot_params and what the kernel
 *	needs until it runs, one to one
 *
 * Returns when the CPU was started, not when the node is up: that is seen in
 * mint_node_self. Errors: EBADFD, ESTALE, ERANGE as for MINT_IOC_WRITE, EIO the
 * CPU did not take the start, ENOLCK another node keeps the start-up page, ENODATA
 * the calling node does not know the rate of the time stamp counter.
 */
struct mint_ioc_start {
	__u32 node;
	__u32 reserved;
	__u64 entry;
	__u64 boot_params;
	__u64 handover;
	__u64 tables;
};

static_assert(sizeof(struct mint_ioc_start) == 40);

/**
 * struct mint_ioc_size - MINT_IOC_CONSOLE_SIZE: the size of our terminal
 * @rows: from 1 to MINT_CONSOLE_MAX_SIDE
 * @columns: likewise
 * @width: in pixels, or 0
 * @height: likewise
 *
 * The terminal of the node whose console this file is gets that size, and what
 * runs in it a SIGWINCH. Errors: EBADFD this file is no console, EINVAL out of
 * range, EPIPE the node has ended.
 */
struct mint_ioc_size {
	__u16 rows;
	__u16 columns;
	__u16 width;
	__u16 height;
};

static_assert(sizeof(struct mint_ioc_size) == 8);

/**
 * struct mint_ioc_sysrq - MINT_IOC_SYSRQ: a key of SysRq for a node
 * @node: node id; the own one is allowed
 * @key: the character, printable and no space
 *
 * Returns when the node has taken it, in an interrupt of its boot CPU. What it
 * does with it is up to its setting kernel.sysrq. Errors: EINVAL no such key,
 * ENOENT no such node, EHOSTDOWN it does not run, EBUSY it has not taken another
 * key yet, ETIMEDOUT it did not take this one within a second and will not, EINTR.
 */
struct mint_ioc_sysrq {
	__u32 node;
	__u32 key;
};

static_assert(sizeof(struct mint_ioc_sysrq) == 8);

/**
 * struct mint_ioc_request - MINT_IOC_REQUEST: ask a node for something
 * @node: node id; the own one is allowed
 * @verb: a MINT_VERB_* value
 * @arguments: address of the words of the command, each with its NUL
 * @bytes: how much, 0 but for MINT_VERB_EXEC
 * @reserved: zero
 *
 * Turns the file into the client's side of a session. close() hangs up: the
 * command of a request gets SIGHUP. poll() gives EPOLLHUP once there is
 * nothing to wait for, see MINT_IOC_RESULT.
 *
 * Errors: ENOENT no such node, EHOSTDOWN it does not run, EAGAIN all sessions
 * of this node are in use, E2BIG too many bytes, EINVAL malformed.
 */
struct mint_ioc_request {
	__u32 node;
	__u32 verb;
	__u64 arguments;
	__u32 bytes;
	__u32 reserved;
};

static_assert(sizeof(struct mint_ioc_request) == 24);

/**
 * struct mint_ioc_serve - MINT_IOC_SERVE: become the server's side of a session
 * @session: number of the session, as the kernel told its helper
 * @sequence: of the request, likewise
 * @arguments: address of room for the words of the command
 * @bytes: size of the room; filled in: how much there is
 * @reserved: zero
 *
 * poll() gives EPOLLHUP when the client has hung up or is lost. Errors: ENOENT
 * that request does not wait for a helper, E2BIG the room is too small.
 */
struct mint_ioc_serve {
	__u32 session;
	__u32 sequence;
	__u64 arguments;
	__u32 bytes;
	__u32 reserved;
};

static_assert(sizeof(struct mint_ioc_serve) == 24);

/**
 * struct mint_ioc_pipe - MINT_IOC_PIPE: open a pipe of the file's session
 * @pipe: a MINT_PIPE_* value
 * @reserved: zero
 *
 * Returns a new file descriptor: the end that belongs to this side, to read
 * or to write. It behaves as a pipe, but EPIPE comes without a signal.
 */
struct mint_ioc_pipe {
	__u32 pipe;
	__u32 reserved;
};

static_assert(sizeof(struct mint_ioc_pipe) == 8);

/* More states for the client, which no node writes */
#define MINT_RESULT_LOST	16	/* the server ended, or is silent for long */
#define MINT_RESULT_BROKEN	17	/* the server wrote nonsense */

/**
 * struct mint_ioc_result - MINT_IOC_RESULT: how does the request stand?
 * @state: a MINT_ANSWER_* or MINT_RESULT_* value; all but MINT_ANSWER_NONE
 *	and _RUNNING are final
 * @code: exit code or errno
 *
 * MINT_IOC_FINISH with the same argument gives the answer, MINT_ANSWER_DONE
 * or _REFUSED, on the server's side; the session's files are of no use then.
 */
struct mint_ioc_result {
	__u32 state;
	__u32 code;
};

static_assert(sizeof(struct mint_ioc_result) == 8);

#define MINT_IOC_TYPE		'M'
#define MINT_IOC_INFO		_IOR(MINT_IOC_TYPE, 0x40, struct mint_ioc_info)
#define MINT_IOC_CREATE		_IOWR(MINT_IOC_TYPE, 0x41, struct mint_ioc_create)
#define MINT_IOC_LOAD		_IOWR(MINT_IOC_TYPE, 0x42, struct mint_ioc_node)
#define MINT_IOC_WRITE		_IOW(MINT_IOC_TYPE, 0x43, struct mint_ioc_write)
#define MINT_IOC_START		_IOW(MINT_IOC_TYPE, 0x44, struct mint_ioc_start)
#define MINT_IOC_KILL		_IOW(MINT_IOC_TYPE, 0x45, struct mint_ioc_node)
#define MINT_IOC_DESTROY	_IOW(MINT_IOC_TYPE, 0x46, struct mint_ioc_node)
#define MINT_IOC_CONSOLE	_IOW(MINT_IOC_TYPE, 0x47, struct mint_ioc_node)
#define MINT_IOC_STOP_WANTED	_IOW(MINT_IOC_TYPE, 0x48, struct mint_ioc_node)
#define MINT_IOC_SYSRQ		_IOW(MINT_IOC_TYPE, 0x49, struct mint_ioc_sysrq)
#define MINT_IOC_CONSOLE_SIZE	_IOW(MINT_IOC_TYPE, 0x4a, struct mint_ioc_size)

#define MINT_IOC_REQUEST	_IOW(MINT_IOC_TYPE, 0x50, struct mint_ioc_request)
#define MINT_IOC_SERVE		_IOWR(MINT_IOC_TYPE, 0x51, struct mint_ioc_serve)
#define MINT_IOC_PIPE		_IOW(MINT_IOC_TYPE, 0x52, struct mint_ioc_pipe)
#define MINT_IOC_RESULT		_IOR(MINT_IOC_TYPE, 0x53, struct mint_ioc_result)
#define MINT_IOC_FINISH		_IOW(MINT_IOC_TYPE, 0x54, struct mint_ioc_result)

#endif /* MINT_DEV_H */
