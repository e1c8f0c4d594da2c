/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Layout of the shared region: header, ledger, node table, doorbells, logs
 * and consoles. The vni section is in <mint/vni.h>.
 *
 * Little endian, offsets and indices only, no pointers. "Writer:" says who may
 * write a field after it was formatted; "format": nobody. Specified in
 * docs/abi.md, whose tables are made from these comments by `make abi`; a
 * change here is a change of the version below.
 */
#ifndef MINT_ABI_H
#define MINT_ABI_H

#include <mint/lock.h>

#define MINT_ABI_MAGIC		0x314d4853544e494dULL	/* the bytes "MINTSHM1"; first word of
							 * the region
							 */
#define MINT_ABI_MAJOR		3	/* must be the same on both sides */
#define MINT_ABI_MINOR		2	/* the lower one of both sides is spoken */

#define MINT_MAX_NODES		64	/* node ids are 0 to 63 */
#define MINT_MAX_CPUS		256	/* CPU numbers are 0 to 255 */
#define MINT_MAX_RAM		128	/* entries of mint_ledger.ram */
#define MINT_MAX_EXTENTS	256	/* entries of mint_ledger.extents */
#define MINT_MAX_SECTIONS	16	/* entries of the directory */
#define MINT_MAX_ROLES		8	/* entries of mint_ledger.role_owner */
#define MINT_MAX_PCI		1024	/* entries of mint_ledger.pci */
#define MINT_MAX_DOMAINS	32	/* NUMA domains; rows and columns of distances */
#define MINT_NAME_BYTES		32	/* room for a name with its NUL */

/* So that no page table entry of one node's direct map covers memory of another */
#define MINT_EXTENT_ALIGN	(2ULL << 20)	/* unit in which memory is owned, in bytes */

#define MINT_OWNER_NONE		0xffff	/* nobody */
#define MINT_OWNER_SHARED	0xfffe	/* the shared region */

#define MINT_DOMAIN_NONE	0xff	/* nobody knows the NUMA domain */

/**
 * struct mint_section - where a part of the region lies
 * @id: a MINT_SECTION_* value, 0 in an unused entry
 * @entries: number of entries in it
 * @entry_bytes: distance between two entries
 * @reserved: zero
 * @offset: from the start of the region; a multiple of 4096
 * @bytes: size; a multiple of 4096
 *
 * Writer: format
 */
struct mint_section {
	__u32 id;
	__u32 entries;
	__u32 entry_bytes;
	__u32 reserved;
	__u64 offset;
	__u64 bytes;
};

static_assert(sizeof(struct mint_section) == 32);

#define MINT_SECTION_LEDGER	1	/* one struct mint_ledger */
#define MINT_SECTION_NODES	2	/* struct mint_node, by node id */
#define MINT_SECTION_DOORBELLS	3	/* struct mint_doorbell, by CPU number */
#define MINT_SECTION_LOGS	4	/* struct mint_stream with its data, by node id */
#define MINT_SECTION_CONSOLES	5	/* struct mint_console with its data, by node id */
#define MINT_SECTION_VNI	6	/* one vni section; mint_section.entry_bytes is 0 */
#define MINT_SECTION_CONTROL	7	/* struct mint_session, MINT_NODE_SESSIONS by node id */
#define MINT_SECTION_BYPASS	8	/* one bypass section; mint_section.entry_bytes is 0.
					 * Regions below 32 MB have none
					 */

/**
 * struct mint_header - first 4096 bytes of the region
 * @magic: MINT_ABI_MAGIC. Writer: format, last
 * @abi_major: MINT_ABI_MAJOR; must match exactly
 * @abi_minor: MINT_ABI_MINOR; the lower of two is spoken
 * @header_bytes: 4096
 * @region_bytes: size of the whole region
 * @region_phys: physical address of the region
 * @features: feature bits, none defined yet; unknown bits are ignored
 * @nr_sections: used entries of @sections
 * @reserved: zero
 * @sections: the section directory
 * @pad: zero
 *
 * Written once, by the node that formats the region (node 0), before any
 * other node starts. Read-only afterwards.
 *
 * Writer: format
 */
struct mint_header {
	__u64 magic;
	__u16 abi_major;
	__u16 abi_minor;
	__u32 header_bytes;
	__u64 region_bytes;
	__u64 region_phys;
	__u64 features;
	__u32 nr_sections;
	__u32 reserved;
	struct mint_section sections[MINT_MAX_SECTIONS];
	__u8 pad[4096 - 48 - 32 * MINT_MAX_SECTIONS];
};

static_assert(sizeof(struct mint_header) == 4096);
static_assert(offsetof(struct mint_header, sections) == 48);

/**
 * struct mint_cpu - one CPU of the machine; its index is the machine-wide
 * CPU number that users see
 * @apic_id: physical APIC id
 * @owner: node id or MINT_OWNER_NONE. Writer: ledger's @lock
 * @boot: 1 for the CPU that the firmware booted; it is never sent an INIT
 * @domain: NUMA domain, less than ``nr_domains`` of the ledger, or
 *	MINT_DOMAIN_NONE
 *
 * Writer: format
 */
struct mint_cpu {
	__u32 apic_id;
	__u16 owner;
	__u8 boot;
	__u8 domain;
};

static_assert(sizeof(struct mint_cpu) == 8);

/**
 * struct mint_extent - a piece of physical memory
 * @base: first byte, a physical address
 * @bytes: size, 0 in an unused entry
 * @owner: node id, MINT_OWNER_SHARED, or MINT_OWNER_NONE: the entry is unused
 * @domain: in ``ram`` of the ledger and in the hand-over: NUMA domain, or
 *	MINT_DOMAIN_NONE; elsewhere unused. Writer: format
 * @reserved: zero. Writer: format
 *
 * To claim: write @base and @bytes, then @owner with release. To give back:
 * write @owner = MINT_OWNER_NONE. So the table is valid after every store,
 * and a lock taken over needs no rebuilding.
 *
 * Writer: ledger's @lock
 */
struct mint_extent {
	__u64 base;
	__u64 bytes;
	__u16 owner;
	__u8 domain;
	__u8 reserved[5];
};

static_assert(sizeof(struct mint_extent) == 24);

/* Roles: what exists once in the machine. Index of mint_ledger.role_owner. */
#define MINT_ROLE_FIRMWARE	0	/* power-off and reset of the machine */
#define MINT_ROLE_IOAPIC	1	/* IO-APIC and PIC: wired interrupts */
#define MINT_ROLE_RTC		2	/* CMOS memory and real-time clock */
#define MINT_ROLE_PCI_PORTS	3	/* PCI configuration by the ports CF8/CFC */
#define MINT_NR_ROLES		4	/* roles defined */

/* mint_pci.flags */
#define MINT_PCI_BRIDGE		0x1	/* a bridge: it stays with node 0 */

/**
 * struct mint_pci - one PCI function of the machine
 * @segment: PCI segment; 0, the one that the ECAM window covers
 * @function: ``bus << 8 | device << 3 | function``
 * @owner: node id or MINT_OWNER_NONE. Writer: ledger's @lock
 * @flags: MINT_PCI_* bits
 * @vendor: vendor id
 * @device: device id
 * @class: class code, 24 bits
 *
 * What follows @flags can be seen here only: the configuration space of a
 * function is hidden from all but its owner.
 *
 * Writer: node 0, before ``nr_pci``
 */
struct mint_pci {
	__u16 segment;
	__u16 function;
	__u16 owner;
	__u16 flags;
	__u16 vendor;
	__u16 device;
	__u32 class;
};

static_assert(sizeof(struct mint_pci) == 16);

/**
 * struct mint_firmware - how to switch the machine off and to reset it by I/O
 * ports, for a node that has no ACPI
 * @pm1a_port: I/O port of the PM1a control register of ACPI; 0 = switching off
 *	is not known. Writer: node 0, once, after what it needs
 * @pm1b_port: the same for PM1b; 0 = there is none. Writer: node 0, before
 *	@pm1a_port
 * @pm1a_off: sleep type of S5 for PM1a, 0 to 7. Writer: node 0, before
 *	@pm1a_port
 * @pm1b_off: sleep type of S5 for PM1b, 0 to 7. Writer: node 0, before
 *	@pm1a_port
 * @reset_port: I/O port of the reset register of ACPI, one byte; 0 = resetting
 *	is not known. Writer: node 0, once, after @reset_value
 * @reset_value: the byte that resets, 0 to 255. Writer: node 0, before
 *	@reset_port
 * @pm_timer_port: I/O port of the power management timer of ACPI, a counter of
 *	24 bits at 3579545 Hz that every node may read; 0 = there is none. Writer:
 *	node 0, once
 * @reserved: zero
 *
 * Written once, by node 0 when it has read its firmware's tables. The holder of
 * MINT_ROLE_FIRMWARE uses it.
 *
 * Writer: format
 */
struct mint_firmware {
	__u16 pm1a_port;
	__u16 pm1b_port;
	__u16 pm1a_off;
	__u16 pm1b_off;
	__u16 reset_port;
	__u16 reset_value;
	__u16 pm_timer_port;
	__u16 reserved;
};

static_assert(sizeof(struct mint_firmware) == 16);

/**
 * struct mint_ledger - who owns each CPU, piece of memory and PCI function
 * @lock: guards all owners here and the life lines of all nodes. Writer: any
 *	node
 * @start_lock: guards the start-up page of the low area. Writer: any node
 * @nr_cpus: used entries of @cpus
 * @nr_ram: used entries of @ram
 * @low_base: physical address of the low area, for who looks at the machine; 0 =
 *	there is none, and no other node can be started
 * @tsc_khz: rate of the time stamp counter in kHz, the same on all CPUs, by the
 *	clock of node 0; 0 = not known. It changes as node 0 knows better: who
 *	computes with it reads it once. Writer: node 0, again and again
 * @lapic_khz: rate of the local APIC timer before its divider, in kHz; 0 = not
 *	known. Writer: node 0, once, after its own calibration
 * @ram: the machine's RAM above the first 2 MB, as the firmware reports it;
 *	``owner`` is unused
 * @cpus: the CPUs, by CPU number. Writer: see there
 * @extents: the claims on memory. Writer: @lock
 * @role_owner: node id that holds the role or MINT_OWNER_NONE, by MINT_ROLE_*.
 *	Writer: @lock
 * @ecam_base: physical address of the PCI configuration space (ECAM) of segment
 *	0, bus 0; 0 = there is none. Writer: node 0, before @nr_pci
 * @ecam_first_bus: first bus that it covers. Writer: node 0, before @nr_pci
 * @ecam_last_bus: last bus that it covers. Writer: node 0, before @nr_pci
 * @nr_pci: used entries of @pci. Writer: node 0, once, after it enumerated its
 *	buses, release
 * @pci: the PCI functions. Writer: see there
 * @firmware: the machine's power and reset switches. Writer: see there
 * @nr_domains: NUMA domains of the machine; 0 = the firmware tells none
 * @distances: relative distances between domains, as the firmware's SLIT has
 *	them: 10 is local. From domain A to B: entry A * MINT_MAX_DOMAINS + B
 * @reserved: zero
 *
 * What @ram holds and no entry of @extents claims is unassigned. A role whose
 * holder is fenced is free.
 *
 * Writer: format
 */
struct mint_ledger {
	struct mint_lock lock;
	struct mint_lock start_lock;
	__u32 nr_cpus;
	__u32 nr_ram;
	__u64 low_base;
	__u32 tsc_khz;
	__u32 lapic_khz;
	struct mint_extent ram[MINT_MAX_RAM];
	struct mint_cpu cpus[MINT_MAX_CPUS];
	struct mint_extent extents[MINT_MAX_EXTENTS];
	__u16 role_owner[MINT_MAX_ROLES];
	__u64 ecam_base;
	__u16 ecam_first_bus;
	__u16 ecam_last_bus;
	__u32 nr_pci;
	struct mint_pci pci[MINT_MAX_PCI];
	struct mint_firmware firmware;
	__u32 nr_domains;
	__u32 reserved;
	__u8 distances[MINT_MAX_DOMAINS * MINT_MAX_DOMAINS];
};

static_assert(offsetof(struct mint_ledger, start_lock) == 64);
static_assert(offsetof(struct mint_ledger, ram) == 152);
static_assert(offsetof(struct mint_ledger, role_owner) == 152 + 24 * 128 + 8 * 256 + 24 * 256);
static_assert(sizeof(struct mint_ledger) ==
	      offsetof(struct mint_ledger, pci) + 16 * MINT_MAX_PCI + 16 + 8 + 32 * 32);

/* mint_node_life.life: what the managing nodes have done with a node id */
#define MINT_LIFE_NONE		0	/* the id is unused */
#define MINT_LIFE_CREATED	1	/* owns CPUs and memory, never started */
#define MINT_LIFE_LOADING	2	/* CPUs stopped or being stopped, memory being filled by
					 * the holder
					 */
#define MINT_LIFE_STARTED	3	/* CPUs were set going */
#define MINT_LIFE_STOPPED	4	/* CPUs stopped by a fence after a start */

/* mint_node_self.state: what the node says of itself */
#define MINT_SELF_NONE		0	/* nothing yet */
#define MINT_SELF_BOOTING	1	/* attached to the region */
#define MINT_SELF_RUNNING	2	/* doorbells are answered */
#define MINT_SELF_PANICKED	3	/* CPUs parked after a panic */
#define MINT_SELF_OFF		4	/* CPUs parked after power-off or halt */
#define MINT_SELF_REBOOT	5	/* CPUs parked after a reboot request */
#define MINT_SELF_REFUSED	6	/* CPUs parked: its kernel speaks another ABI */

/* mint_node_user.init: how far user space is */
#define MINT_INIT_NONE		0	/* process 1 runs no program yet */
#define MINT_INIT_INITRAMFS	1	/* it runs a program, and its root is the initramfs */
#define MINT_INIT_ROOT		2	/* it runs a program, and its root was mounted */

#define MINT_SILENT_MS		500	/* milliseconds without a change of the heartbeat after
					 * which a running node is shown as silent
					 */

/* mint_node_life.policy: when a supervisor starts the node again */
#define MINT_POLICY_NO		0	/* a supervisor leaves the node alone */
#define MINT_POLICY_ON_FAILURE	1	/* it starts the node after a panic, a refusal or a hang */
#define MINT_POLICY_ALWAYS	2	/* after power-off and reboot too */

/**
 * struct mint_node_life - a node as its managers see it
 * @life: a MINT_LIFE_* value. Writer: compare-exchange to MINT_LIFE_LOADING;
 *	then the holder; create and destroy under the ledger's @lock
 * @generation: number of the last start of this node id, from 1; 0 = never
 *	started
 * @fenced: every generation up to this one is stopped for good: INIT reached
 *	all its CPUs, what it held may be taken
 * @boot_cpu: number of the CPU that starts and that doorbells go to by default.
 *	Writer: ledger's @lock
 * @reserved: zero. Writer: format
 * @loader: node id of the holder, in MINT_LIFE_LOADING; which command that is
 *	stands in struct mint_hold
 * @halt: every generation up to this one stops its CPUs on an NMI; how a CPU is
 *	stopped that must not get an INIT. Writer: holder, before the NMI
 * @policy: a MINT_POLICY_* value. Writer: ledger's @lock
 * @name: NUL-terminated, unique: letters, digits, ``-``, ``_``, ``.``. Writer:
 *	ledger's @lock
 * @stop_wanted: a user wants every generation up to this one to be stopped: no
 *	supervisor starts the node again. Writer: managers, before they stop it;
 *	the last to write wins
 *
 * The holder is who has the node's struct mint_hold.
 *
 * Writer: holder
 */
struct mint_node_life {
	__u32 life;
	__u32 generation;
	__u32 fenced;
	__u32 boot_cpu;
	__u16 reserved;
	__u16 loader;
	__u32 halt;
	__u32 policy;
	char name[MINT_NAME_BYTES];
	__u32 stop_wanted;
};

static_assert(sizeof(struct mint_node_life) == 64);

/**
 * struct mint_node_self - a node as it sees itself; nobody else writes it
 * @abi: version of its kernel, ``MINT_ABI_MAJOR << 16 | MINT_ABI_MINOR``
 * @generation: start to which the line belongs; another value than in the life
 *	line: an old start
 * @state: a MINT_SELF_* value
 * @found_abi: with MINT_SELF_REFUSED: what it was handed, coded as @abi
 * @heartbeat: changes at least every 100 ms while the node lives
 * @nr_cpus: CPUs on line
 * @stalled: CPUs on line that did not schedule for a second
 * @release: its kernel's release, NUL-terminated
 *
 * The first four fields keep their place in every version, since a node of
 * another ABI says so in them.
 *
 * Writer: node
 */
struct mint_node_self {
	__u32 abi;
	__u32 generation;
	__u32 state;
	__u32 found_abi;
	__u64 heartbeat;
	__u32 nr_cpus;
	__u32 stalled;
	char release[32];
};

static_assert(sizeof(struct mint_node_self) == 64);

#define MINT_HOLD_AT_WORK	0x80000000ULL	/* the bit of ``at_work`` in a hold word */

/**
 * struct mint_hold - who has a node in its hands, to load, stop or destroy it
 * @word: the hold word, 0 = nobody has the node. Writer: compare-exchange; the
 *	holder at work, release
 * @process: process id of the command on the holder's node, 0 = its kernel acts
 *	by itself
 * @command: name of that process, NUL-terminated
 * @reserved: zero. Writer: format
 *
 * A hold at work is taken from nobody but the dead. One at rest belongs to a
 * process that will go on or will not: who kills the node takes it.
 *
 * Writer: holder
 */
struct mint_hold {
	__u64 word;
	__u32 process;
	char command[16];
	__u32 reserved[9];
};

static_assert(sizeof(struct mint_hold) == 64);

/**
 * mint_hold_word() - the hold word: who has a node
 * @node: node id of the holder
 * @turn: tells the holds of one incarnation from each other
 * @at_work: 1 while the holder's kernel touches the node
 * @generation: of the holder's node
 */
static inline __u64 mint_hold_word(__u32 node, __u32 turn, __u32 at_work, __u32 generation)
{
	return (__u64)generation << 32 | (__u64)(at_work & 1) << 31 |
	       (turn & 0x7fffff) << 8 | ((node + 1) & 0xff);
}

static inline __u32 mint_hold_node(__u64 word)
{
	return (__u32)(word & 0xff) - 1;
}

static inline __u32 mint_hold_generation(__u64 word)
{
	return word >> 32;
}

/**
 * struct mint_node_user - how far the user space of a node is; nobody else writes it
 * @generation: start to which the line belongs; another value than in the self line:
 *	the node does not say, since its kernel has ABI 3.0
 * @init: a MINT_INIT_* value, of the program that process 1 is now
 * @reserved: zero. Writer: format
 *
 * Writer: node
 */
struct mint_node_user {
	__u32 generation;
	__u32 init;
	__u64 reserved[7];
};

static_assert(sizeof(struct mint_node_user) == 64);

/**
 * struct mint_node - one entry of the node table
 * @life: the node as its managers see it. Writer: managers
 * @self: the node as it sees itself. Writer: the node
 * @hold: who has the node in its hands. Writer: managers
 * @user: how far its user space is. Writer: the node
 *
 * Writer: format
 */
struct mint_node {
	struct mint_node_life life;
	struct mint_node_self self;
	struct mint_hold hold;
	struct mint_node_user user;
};

static_assert(sizeof(struct mint_node) == 256);
static_assert(offsetof(struct mint_node, hold) == 128);

/* Channels of a doorbell: bit numbers in mint_doorbell.pending */
#define MINT_CHANNEL_STATE	0	/* the node table has changed */
#define MINT_CHANNEL_CONSOLE	1	/* console input, its size or a key for you, or output
					 * that you follow
					 */
#define MINT_CHANNEL_CONTROL	2	/* a session has news */
#define MINT_CHANNEL_BYPASS	3	/* pairs of sockets have news */
#define MINT_CHANNEL_VNI	8	/* vni, queue 0; + queue number, up to 63 */
#define MINT_NR_CHANNELS	64	/* bits of mint_doorbell.pending */

/**
 * struct mint_doorbell - pending bits of one CPU, one cache line
 * @pending: a bit for each channel; who sets one that was clear sends the IPI.
 *	Writer: anyone sets bits, the CPU's node exchanges it for 0
 * @reserved: zero
 *
 * Writer: format
 */
struct mint_doorbell {
	__u64 pending;
	__u64 reserved[7];
};

static_assert(sizeof(struct mint_doorbell) == 64);

/**
 * struct mint_stream - text with one writer and any number of readers
 * @head: bytes ever written. Writer: node, release, after the bytes
 * @start: @head when the node's present generation began
 * @bytes: capacity, a power of two. Writer: format
 * @stamp_khz: logs only: rate at which the time stamps in the text follow the time
 *	stamp counter, in kHz; 0 = that of the ledger. Writer: node, with @zero_tsc
 * @zero_tsc: logs only: time stamp counter when the time stamps in the text were
 *	0; 0 = not known. Writer: node, at least every 100 ms
 * @reserved: zero. Writer: format
 * @data: the text; byte *n* lies at ``data[n & (bytes - 1)]``
 *
 * Written by its node alone; never blocks, the oldest bytes are overwritten.
 * A reader copies, then looks at @head again: what is older than
 * head - bytes may have been overwritten while it was copied.
 *
 * Writer: node
 */
struct mint_stream {
	__u64 head;
	__u64 start;
	__u32 bytes;
	__u32 stamp_khz;
	__u64 zero_tsc;
	__u32 reserved[8];
	__u8 data[];
};

static_assert(offsetof(struct mint_stream, data) == 64);

#define MINT_LOG_BYTES		32768	/* capacity of a log */
#define MINT_CONSOLE_OUT_BYTES	16384	/* capacity of a console's output */
#define MINT_CONSOLE_IN_BYTES	4096	/* size of a console's input ring */

#define MINT_CONSOLE_MAX_SIDE	4096	/* rows or columns that a terminal can have */

/**
 * mint_size_word() - the size of a terminal
 * @rows: 1 to MINT_CONSOLE_MAX_SIDE
 * @columns: 1 to MINT_CONSOLE_MAX_SIDE
 * @width: in pixels, 0 = not known
 * @height: in pixels, 0 = not known
 */
static inline __u64 mint_size_word(__u16 rows, __u16 columns, __u16 width, __u16 height)
{
	return (__u64)height << 48 | (__u64)width << 32 | (__u64)columns << 16 | rows;
}

/**
 * mint_sysrq_word() - a key of SysRq on its way to a node
 * @number: tells the keys of a sender from each other
 * @node: node id of the sender
 * @key: a character, from 0x21 to 0x7e
 */
static inline __u64 mint_sysrq_word(__u64 number, __u32 node, __u32 key)
{
	return number << 16 | (node & 0xff) << 8 | (key & 0xff);
}

/**
 * struct mint_console - a node's console
 * @lock: guards @in_head and @in against several writers. Writer: any node
 * @followers: a bit for each node that wants MINT_CHANNEL_CONSOLE rung for
 *	output. Writer: each node its own bit
 * @in_head: bytes ever typed. Writer: @lock, release, after the bytes
 * @out_taken: how far a follower has read @out; the last to write wins. Writer:
 *	followers, after a read
 * @sysrq: the key word of a key that the node has not taken, 0 = none. Writer:
 *	any node and the node, compare-exchange and exchange
 * @size: the size word of the terminal that was connected or resized last, 0 =
 *	none since the node's start. Writer: any node, the last to write wins
 * @pad0: zero
 * @in_tail: bytes ever read. Writer: node, release, after it has read them; whoever
 *	starts it
 * @pad1: zero
 * @in: input ring; byte *n* lies at ``in[n % MINT_CONSOLE_IN_BYTES]``. Writer:
 *	@lock
 * @out: output; its MINT_CONSOLE_OUT_BYTES of data follow. Writer: node
 *
 * A node with followers does not overwrite what they have not read, until
 * @out_taken has made no progress for a second: its terminal waits, kernel
 * messages are left to the log.
 *
 * Who sends a key exchanges 0 in @sysrq for it, and it for 0 when it is not
 * taken; the node exchanges it for 0.
 *
 * Writer: format
 */
struct mint_console {
	struct mint_lock lock;
	__u64 followers;
	__u64 in_head;
	__u64 out_taken;
	__u64 sysrq;
	__u64 size;
	__u64 pad0[3];
	__u64 in_tail;
	__u64 pad1[7];
	__u8 in[MINT_CONSOLE_IN_BYTES];
	struct mint_stream out;
};

static_assert(offsetof(struct mint_console, in) == 192);
static_assert(offsetof(struct mint_console, out) == 192 + 4096);

#endif /* MINT_ABI_H */
