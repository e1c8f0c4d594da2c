/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Layout of the vni section: buffer pool, state words and address rings.
 *
 * The protocol on it is drivers/net/vni/ring.c; specified in docs/abi.md.
 * Every word here can be written by any node: read once, check, use.
 */
#ifndef MINT_VNI_H
#define MINT_VNI_H

#include <mint/abi.h>

#define VNI_MAGIC		0x31494e56U	/* the bytes "VNI1" */
#define VNI_VERSION		6	/* version of this section */

#define VNI_CLASS_SMALL		0	/* first class */
#define VNI_CLASS_LARGE		1	/* second class */
#define VNI_CLASS_HUGE		2	/* third class */
#define VNI_NR_CLASSES		3	/* number of classes */

/*
 * A large buffer takes the longest plain frame: 65535 + Ethernet header + as
 * many VLAN tags as a stack looks for. Longer ones are segments of a TCP stream
 * that travel as one.
 */
#define VNI_MAX_TAGS		8	/* VLAN tags that do not count where the length of a frame
					 * is limited
					 */
#define VNI_SMALL_BYTES		4096	/* small buffers, as formatted */
#define VNI_LARGE_BYTES		(68 * 1024)	/* large buffers, as formatted */
#define VNI_HUGE_BYTES		(256 * 1024)	/* huge buffers, as formatted */
#define VNI_MAX_PLAIN_FRAME	(65535 + 14 + 4 * VNI_MAX_TAGS)	/* longest frame that any receiver
								 * takes: 65535, the Ethernet
								 * header and these tags
								 */
#define VNI_MAX_FRAME		VNI_HUGE_BYTES	/* longest frame */
#define VNI_MIN_FRAME		14	/* shortest frame */
#define VNI_MAX_BUFS		0xffffffU	/* limit of vni_header.nr_bufs */
#define VNI_MAX_SLOTS		0x4000U	/* limit of vni_header.nr_slots */
#define VNI_MAX_QUEUES		4	/* limit of vni_header.nr_queues */
#define VNI_NO_BUF		0xffffffU	/* not a handle */

/*
 * A frame this short may travel inline, without a buffer: the first bytes in
 * its slot, the rest in the line that goes with the slot.
 */
#define VNI_SLOT_DATA_BYTES	28	/* bytes of an inline frame that its slot holds */
#define VNI_REST_BYTES		64	/* bytes of it that its rest holds */
#define VNI_INLINE_BYTES	(VNI_SLOT_DATA_BYTES + VNI_REST_BYTES)	/* longest inline frame */

/*
 * A frame in a buffer may begin so late that its headers end at the first page
 * border of the buffer. The shortest are those of Ethernet, IPv4 and TCP.
 */
#define VNI_HEAD_END		4096	/* where the headers of a frame with vni_slot.head end in
					 * its buffer
					 */
#define VNI_MIN_HEAD		54	/* least vni_slot.head but zero: Ethernet, IPv4 and TCP */

/* A program at the receiver may put headers before a frame. */
#define VNI_HEADROOM		256	/* bytes before a frame in a buffer, for who wants them */

static_assert(VNI_MAX_PLAIN_FRAME <= VNI_LARGE_BYTES);

/**
 * struct vni_class - one size of buffer
 * @first: handle of its first buffer; follows the class before
 * @count: number of buffers, at least 1; of huge ones there may be none
 * @buf_bytes: size of a buffer, a multiple of 4096, larger than in the class
 *	before
 * @reserved: zero
 * @pool_offset: its struct vni_pool, from the start of the section
 * @data_offset: its buffers, from the start of the section; a multiple of 4096
 *
 * Writer: format
 */
struct vni_class {
	__u32 first;
	__u32 count;
	__u32 buf_bytes;
	__u32 reserved;
	__u64 pool_offset;
	__u64 data_offset;
};

static_assert(sizeof(struct vni_class) == 32);

/**
 * struct vni_header - geometry, at the start of the section
 * @magic: VNI_MAGIC. Writer: format, last
 * @version: VNI_VERSION; must be the same on both sides
 * @nr_nodes: nodes that have rings, 1 to 64
 * @nr_slots: slots of a ring, a power of two up to VNI_MAX_SLOTS
 * @nr_bufs: buffers of all classes
 * @ring_bytes: distance between two rings, a multiple of 64
 * @nr_queues: rings of a node: a power of two up to VNI_MAX_QUEUES
 * @reserved: zero
 * @ring_offset: rings by number, from the start of the section
 * @state_offset: state words, one u64 for each buffer by handle, from the start
 *	of the section
 * @classes: by VNI_CLASS_*
 *
 * Ring r is queue r % nr_queues of node r / nr_queues. Written by the first node
 * that uses vni, under the ledger's lock; read-only afterwards.
 *
 * Writer: format
 */
struct vni_header {
	__u32 magic;
	__u32 version;
	__u32 nr_nodes;
	__u32 nr_slots;
	__u32 nr_bufs;
	__u32 ring_bytes;
	__u32 nr_queues;
	__u32 reserved;
	__u64 ring_offset;
	__u64 state_offset;
	struct vni_class classes[VNI_NR_CLASSES];
};

static_assert(sizeof(struct vni_header) == 48 + 32 * VNI_NR_CLASSES);
/* A ring number has eight bits in a state word. */
static_assert(MINT_MAX_NODES * VNI_MAX_QUEUES <= 256);

#define VNI_STATE_POOL		0	/* free, in the pool; next written under the pool's lock */
#define VNI_STATE_CACHED	1	/* free, kept at hand by the owner; next written by the
					 * owner
					 */
#define VNI_STATE_ALLOC		2	/* being filled; next written by the owner */
#define VNI_STATE_INFLIGHT	3	/* in a ring of the destination; next written by the
					 * destination
					 */
#define VNI_STATE_HELD		4	/* being read; next written by the owner */
#define VNI_STATE_BAD		5	/* inconsistent, not used again */
#define VNI_GENERATION_MASK	0x3fffffU	/* bits of a generation in a state word */

/**
 * vni_state_word() - the state word of a buffer: the truth about who holds it
 * @state: a VNI_STATE_* value
 * @owner: node id of the owner, or of the sender of a frame in flight; 0 in the
 *	pool
 * @ring: number of the ring that a frame is in flight to, else 0
 * @generation: of the owner, modulo 2^22; 0 in the pool
 * @destination_generation: of the destination, modulo 2^22, else 0
 *
 * Written by the present holder alone, before the step that lets another node
 * see it.
 */
static inline __u64 vni_state_word(__u32 state, __u32 owner, __u32 ring, __u32 generation,
				   __u32 destination_generation)
{
	return state | (__u64)owner << 4 | (__u64)ring << 12 |
	       (__u64)(generation & VNI_GENERATION_MASK) << 20 |
	       (__u64)(destination_generation & VNI_GENERATION_MASK) << 42;
}

/**
 * struct vni_pool - free buffers of one class
 * @lock: guards the rest. Writer: any node
 * @level: number of handles in @list
 * @first: index of the first of them
 * @reserved: zero. Writer: format
 * @list: handles of free buffers from entry @first on, the entry behind the last
 *	being the first one; room for as many as the class has buffers
 *
 * Handles are put behind the last; small buffers are taken from there, others
 * from the front. The list is a hint: rebuilt from the state words when the lock
 * is taken over or an entry does not agree with them.
 *
 * Writer: @lock
 */
struct vni_pool {
	struct mint_lock lock;
	__u32 level;
	__u32 first;
	__u32 reserved[14];
	__u32 list[];
};

static_assert(offsetof(struct vni_pool, list) == 128);

#define VNI_SLOT_VLAN		1	/* vni_slot.vlan_tci is valid */
#define VNI_SLOT_HASH		2	/* vni_slot.hash is valid */
#define VNI_SLOT_HASH_L4	4	/* vni_slot.hash covers ports */

/**
 * vni_slot_word() - the slot word: which frame a slot has, written last
 * @position: low 16 bits of the position that the slot is filled for, and no
 *	other
 * @handle: buffer of the frame; VNI_NO_BUF: it is inline
 * @length: bytes of the frame
 * @flags: VNI_SLOT_* bits
 */
static inline __u64 vni_slot_word(__u32 position, __u32 handle, __u32 length,
				  __u32 flags)
{
	return (__u64)((position + 1) & 0xffff) << 48 | (__u64)flags << 44 |
	       (__u64)length << 24 | handle;
}

/*
 * vni_slot.vnet_flags: VIRTIO_NET_HDR_F_NEEDS_CSUM or VIRTIO_NET_HDR_F_DATA_VALID,
 * from below, and these from above
 */
#define VNI_NET_STAG		0x80	/* vni_slot.vlan_tci is a tag of 802.1ad, not of 802.1Q */
#define VNI_NET_ENCAP		0x40	/* vni_slot.data is a struct vni_encap */
#define VNI_NET_CRC32C		0x20	/* the checksum that VIRTIO_NET_HDR_F_NEEDS_CSUM asks for is
					 * the CRC32c of SCTP; the frame has no GSO data,
					 * vni_slot.csum_offset is 8, and four bytes are written
					 * there
					 */
#define VNI_NET_START		0x10	/* vni_slot.data is a struct vni_start, and vni_slot.head
					 * zero; not with VNI_NET_ENCAP, and not inline
					 */

/**
 * struct vni_slot - descriptor of one frame, one cache line
 * @word: the slot word. Writer: sender, last, release
 * @source: node id of the sender
 * @head: of a frame that begins VNI_HEAD_END - @head bytes behind the start of
 *	its buffer: bytes of its headers, at least VNI_MIN_HEAD; zero: it begins
 *	at the start, or where VNI_NET_START says
 * @queue: queue of the destination that the ring is
 * @generation: generation of the sender
 * @vnet_flags: VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_F_DATA_VALID,
 *	VNI_NET_* bits
 * @gso_type: VIRTIO_NET_HDR_GSO_*: none, TCPv4, TCPv6, UDP_L4; with ECN
 * @hdr_len: bytes of headers, as in ``struct virtio_net_hdr``
 * @gso_size: payload bytes of a segment
 * @csum_start: where to start the checksum
 * @csum_offset: where to place it, from @csum_start
 * @vlan_tci: the outermost VLAN tag, with VNI_SLOT_VLAN
 * @hash: flow hash, with VNI_SLOT_HASH
 * @tsc: low half of the time stamp counter when the sender's driver had the
 *	frame, 0 = not given: only for receivers with VNI_CAP_TSC
 * @data: the first bytes of an inline frame; of one in a buffer, a struct
 *	vni_encap with VNI_NET_ENCAP, a struct vni_start with VNI_NET_START, else
 *	zero
 *
 * Writer: sender
 */
struct vni_slot {
	__u64 word;
	__u8 source;
	__u8 head;
	__u16 queue;
	__u32 generation;
	__u8 vnet_flags;
	__u8 gso_type;
	__u16 hdr_len;
	__u16 gso_size;
	__u16 csum_start;
	__u16 csum_offset;
	__u16 vlan_tci;
	__u32 hash;
	__u32 tsc;
	__u8 data[VNI_SLOT_DATA_BYTES];
};

static_assert(sizeof(struct vni_slot) == 64);
static_assert(offsetof(struct vni_slot, data) == 36);

/*
 * vni_encap.types: how the segments of a frame are wrapped. The inner IP packet
 * has the TCP or UDP header at vni_slot.csum_start.
 */
#define VNI_ENCAP_GRE		1	/* in GRE */
#define VNI_ENCAP_GRE_CSUM	2	/* in GRE with a checksum, computed for each segment */
#define VNI_ENCAP_IPXIP4	4	/* IP in IPv4, without a header between */
#define VNI_ENCAP_IPXIP6	8	/* IP in IPv6, likewise */
#define VNI_ENCAP_UDP		16	/* in UDP: VXLAN, GENEVE, FOU and the like */
#define VNI_ENCAP_UDP_CSUM	32	/* in UDP with a checksum, computed for each segment */
#define VNI_ENCAP_TUNNELS	63	/* all of these */
#define VNI_ENCAP_IPPROTO	64	/* vni_encap.inner_protocol is a number of an IP protocol */
#define VNI_ENCAP_HEADERS	256	/* all headers lie in so many bytes */
#define VNI_ENCAP_TCP_BYTES	60	/* longest inner transport header */

/**
 * struct vni_encap - where in a frame the headers of a tunnel lie
 * @types: at least one of VNI_ENCAP_TUNNELS, perhaps VNI_ENCAP_IPPROTO
 * @inner_protocol: Ethernet type of what is inside: 0x0800, 0x86dd, or 0x6558
 *	for an Ethernet frame; with VNI_ENCAP_IPPROTO, IP protocol 4 or 41
 * @transport: outer transport header; in a tunnel without one, that of the inner
 *	one, vni_slot.csum_start
 * @inner_mac: inner Ethernet header; where there is none, the inner IP header
 * @inner_network: inner IP header
 * @reserved: zero
 *
 * Offsets count from the beginning of the frame. Numbers are in the order of the
 * processor. Only for frames in a buffer with GSO data and a partial checksum, up
 * to VNI_MAX_PLAIN_FRAME long.
 *
 * Writer: sender
 */
struct vni_encap {
	__u16 types;
	__u16 inner_protocol;
	__u16 transport;
	__u16 inner_mac;
	__u16 inner_network;
	__u16 reserved[9];
};

static_assert(sizeof(struct vni_encap) == VNI_SLOT_DATA_BYTES);

/**
 * struct vni_start - where in its buffer a frame begins
 * @start: bytes from the start of the buffer
 * @reserved: zero
 *
 * Only for receivers with VNI_CAP_START.
 *
 * Writer: sender
 */
struct vni_start {
	__u16 start;
	__u16 reserved[13];
};

static_assert(sizeof(struct vni_start) == VNI_SLOT_DATA_BYTES);

/**
 * struct vni_rest - what of an inline frame does not fit into its slot
 * @data: what follows vni_slot.data in an inline frame; zero behind its end
 *
 * Writer: sender, before the slot word
 */
struct vni_rest {
	__u8 data[VNI_REST_BYTES];
};

static_assert(sizeof(struct vni_rest) == 64);

/* vni_receiver.flags */
#define VNI_RX_PROMISC		1	/* wants every flooded frame */
#define VNI_RX_ALLMULTI		2	/* wants every multicast frame */

/* vni_receiver.features: what may be sent to it */
#define VNI_CAP_CSUM		1	/* takes frames with a partial checksum */
#define VNI_CAP_TSO		2	/* takes TCP frames over the MTU with GSO data */
#define VNI_CAP_USO		4	/* takes UDP frames over the MTU with GSO data */
#define VNI_CAP_BIG		8	/* takes frames longer than VNI_MAX_PLAIN_FRAME */
#define VNI_CAP_ENCAP		16	/* takes frames with a struct vni_encap */
#define VNI_CAP_CRC32C		32	/* takes frames with VNI_NET_CRC32C */
#define VNI_CAP_START		64	/* takes frames with VNI_NET_START */
#define VNI_CAP_HEADROOM	128	/* wants each frame in a buffer to begin VNI_HEADROOM bytes
					 * behind the start of it; with VNI_CAP_START
					 */
#define VNI_CAP_TSC		256	/* wants vni_slot.tsc */

/**
 * struct vni_receiver - what a node's receiver wants, one cache line
 * @generation: start to which the line belongs, 0 = never attached
 * @open: 1 while frames are taken. Writer: receiver, last, release
 * @cpu: number of the CPU to ring
 * @flags: VNI_RX_* bits
 * @features: VNI_CAP_* bits
 * @max_frame: longest frame that it takes: bytes of the MTU and the Ethernet
 *	header; up to VNI_MAX_TAGS VLAN tags do not count
 * @mac: its address
 * @pad: zero
 * @mcast: filter: bit ``crc32_le(~0, address, 6) >> 26`` is set for each
 *	multicast address that it wants
 * @steer: 32 queue numbers of two bits, the first in bits 0-1: a frame with flow
 *	hash *h* goes to queue number ``h >> 27``
 * @reserved: zero
 *
 * Written by its node alone. The lines of a node's rings differ in @cpu, and
 * in @open when the node uses fewer queues than it has rings.
 *
 * Writer: receiver
 */
struct vni_receiver {
	__u32 generation;
	__u32 open;
	__u32 cpu;
	__u32 flags;
	__u32 features;
	__u32 max_frame;
	__u8 mac[6];
	__u8 pad[2];
	__u64 mcast;
	__u64 steer;
	__u64 reserved[2];
};

static_assert(sizeof(struct vni_receiver) == 64);

#define VNI_ARMED		0x100000000ULL	/* bit 32 of vni_ring.armed; bits 0-31: kick when
						 * there are frames from this position on
						 */

/**
 * struct vni_ring - frames for one queue of a node
 * @lock: guards @tail, @slots and their rests; taken by senders. Writer: any node
 * @tail: position of the next slot to fill; a hint, since the slots describe
 *	themselves. Writer: @lock
 * @pad0: zero
 * @head: position of the next slot to take. Writer: receiver, release, after it
 *	has read the slot
 * @pad1: zero
 * @armed: VNI_ARMED or'ed with a position while the receiver sleeps, else 0. Writer:
 *	receiver; senders exchange it for 0
 * @waiters: a bit for each node that waits for space, with a stopped queue to
 *	this ring. Writer: senders set bits; receiver exchanges it for 0
 * @watchers: a bit for each node that wants to hear when frames of its own are
 *	taken. Writer: senders set bits; receiver clears them
 * @pad2: zero
 * @receiver: what the receiver wants. Writer: receiver
 * @slots: position *p* lies at ``slots[p % nr_slots]``. Writer: @lock
 *
 * Positions count without end, modulo 2^32. As many struct vni_rest as there are
 * slots follow these, one for each.
 *
 * Writer: format
 */
struct vni_ring {
	struct mint_lock lock;
	__u32 tail;
	__u32 pad0[15];
	__u32 head;
	__u32 pad1[15];
	__u64 armed;
	__u64 waiters;
	__u64 watchers;
	__u64 pad2[5];
	struct vni_receiver receiver;
	struct vni_slot slots[];
};

static_assert(offsetof(struct vni_ring, head) == 128);
static_assert(offsetof(struct vni_ring, armed) == 192);
static_assert(offsetof(struct vni_ring, receiver) == 256);
static_assert(offsetof(struct vni_ring, slots) == 320);

#endif /* MINT_VNI_H */
