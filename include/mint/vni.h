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

#define VNI_MAGIC		0x31494e56U	/* "VNI1" */
#define VNI_VERSION		6

#define VNI_CLASS_SMALL		0
#define VNI_CLASS_LARGE		1
#define VNI_CLASS_HUGE		2
#define VNI_NR_CLASSES		3

/*
 * A large buffer takes the longest plain frame: 65535 + Ethernet header + as
 * many VLAN tags as a stack looks for. Longer ones are segments of a TCP stream
 * that travel as one.
 */
#define VNI_MAX_TAGS		8
#define VNI_SMALL_BYTES		4096
#define VNI_LARGE_BYTES		(68 * 1024)
#define VNI_HUGE_BYTES		(256 * 1024)
#define VNI_MAX_PLAIN_FRAME	(65535 + 14 + 4 * VNI_MAX_TAGS)
#define VNI_MAX_FRAME		VNI_HUGE_BYTES
#define VNI_MIN_FRAME		14
#define VNI_MAX_BUFS		0xffffffU
#define VNI_MAX_SLOTS		0x4000U
#define VNI_MAX_QUEUES		4
#define VNI_NO_BUF		0xffffffU

/*
 * A frame this short may travel inline, without a buffer: the first bytes in
 * its slot, the rest in the line that goes with the slot.
 */
#define VNI_SLOT_DATA_BYTES	28
#define VNI_REST_BYTES		64
#define VNI_INLINE_BYTES	(VNI_SLOT_DATA_BYTES + VNI_REST_BYTES)

/*
 * A frame in a buffer may begin so late that its headers end at the first page
 * border of the buffer. The shortest are those of Ethernet, IPv4 and TCP.
 */
#define VNI_HEAD_END		4096
#define VNI_MIN_HEAD		54

static_assert(VNI_MAX_PLAIN_FRAME <= VNI_LARGE_BYTES);

/**
 * struct vni_class - one size of buffer
 * @first: handle of its first buffer
 * @count: number of buffers; of huge ones there may be none
 * @buf_bytes: size of a buffer, a multiple of 4096
 * @reserved: zero
 * @pool_offset: its struct vni_pool, from the start of the section
 * @data_offset: its buffers, from the start of the section
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
 * @magic: VNI_MAGIC, written last
 * @version: VNI_VERSION
 * @nr_nodes: number of nodes that have rings
 * @nr_slots: slots of a ring, a power of two up to VNI_MAX_SLOTS
 * @nr_bufs: buffers of all classes
 * @ring_bytes: distance between two rings
 * @nr_queues: rings of a node: 1, 2 or 4. Ring r is queue r % nr_queues of
 *	node r / nr_queues.
 * @reserved: zero
 * @ring_offset: first ring, from the start of the section
 * @state_offset: state words, one __u64 for each buffer by handle
 * @classes: by VNI_CLASS_*; the handles of a class follow the one before
 *
 * Written by the first node that uses vni, under the ledger's lock; read-only
 * afterwards.
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

#define VNI_STATE_POOL		0	/* free, in the pool's list */
#define VNI_STATE_CACHED	1	/* free, in a cache of the owner */
#define VNI_STATE_ALLOC		2	/* being filled by the owner */
#define VNI_STATE_INFLIGHT	3	/* in a ring of the destination */
#define VNI_STATE_HELD		4	/* being read by the owner */
#define VNI_STATE_BAD		5	/* inconsistent; not used again */
#define VNI_GENERATION_MASK	0x3fffffU

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
 * @lock: guards the rest
 * @level: number of handles in @list
 * @first: index of the first of them; the others follow, behind the last entry
 *	of @list those at its beginning
 * @reserved: zero
 * @list: as many entries as the class has buffers. Handles are put behind the
 *	last; small buffers are taken from there, others from the front. A hint:
 *	rebuilt from the state words when the lock is taken over or an entry
 *	does not agree with them.
 */
struct vni_pool {
	struct mint_lock lock;
	__u32 level;
	__u32 first;
	__u32 reserved[14];
	__u32 list[];
};

static_assert(offsetof(struct vni_pool, list) == 128);

#define VNI_SLOT_VLAN		1	/* vlan_tci is valid */
#define VNI_SLOT_HASH		2	/* hash is valid */
#define VNI_SLOT_HASH_L4	4	/* hash covers ports */

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
#define VNI_NET_STAG		0x80	/* vlan_tci is of 802.1ad, not 802.1Q */
#define VNI_NET_ENCAP		0x40	/* data is a struct vni_encap */
#define VNI_NET_CRC32C		0x20	/* the checksum to fill in is SCTP's */

/**
 * struct vni_slot - descriptor of one frame, one cache line
 * @word: see above
 * @source: node id of the sender
 * @head: of a frame in a buffer that begins VNI_HEAD_END - head bytes behind
 *	the start of its buffer: bytes of its headers, from VNI_MIN_HEAD. Else
 *	zero: it begins at the start.
 * @queue: queue of the destination that the ring is
 * @generation: generation of the sender
 * @vnet_flags: VIRTIO_NET_HDR_F_* and VNI_NET_*
 * @gso_type: VIRTIO_NET_HDR_GSO_*
 * @hdr_len: bytes of headers, as in struct virtio_net_hdr
 * @gso_size: payload bytes of a segment
 * @csum_start: where to start the checksum
 * @csum_offset: where to place it, from @csum_start
 * @vlan_tci: the outermost VLAN tag, with VNI_SLOT_VLAN
 * @hash: flow hash, with VNI_SLOT_HASH
 * @tsc: low half of the time stamp counter when the frame was posted
 * @data: first bytes of an inline frame; of one in a buffer, struct vni_encap
 *	with VNI_NET_ENCAP, else zero
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
#define VNI_ENCAP_GRE_CSUM	2	/* in GRE with a checksum */
#define VNI_ENCAP_IPXIP4	4	/* in IPv4, without a header between */
#define VNI_ENCAP_IPXIP6	8	/* in IPv6, likewise */
#define VNI_ENCAP_UDP		16	/* in UDP: VXLAN, GENEVE, FOU and alike */
#define VNI_ENCAP_UDP_CSUM	32	/* in UDP with a checksum */
#define VNI_ENCAP_TUNNELS	63	/* all of these */
#define VNI_ENCAP_IPPROTO	64	/* inner_protocol is an IP protocol number */
/* All headers lie in so many bytes, the inner TCP header being the longest. */
#define VNI_ENCAP_HEADERS	256
#define VNI_ENCAP_TCP_BYTES	60

/**
 * struct vni_encap - where in a frame the headers of a tunnel lie
 * @types: VNI_ENCAP_*
 * @inner_protocol: Ethernet type of what is inside (ETH_P_IP, ETH_P_IPV6, or
 *	ETH_P_TEB for a frame); with VNI_ENCAP_IPPROTO, IPPROTO_IPIP or
 *	IPPROTO_IPV6
 * @transport: offset of the outer transport header; without one, that of the
 *	inner one
 * @inner_mac: offset of the inner Ethernet header; without one, that of the
 *	inner IP header
 * @inner_network: offset of the inner IP header
 * @reserved: zero
 *
 * Numbers are in the order of the processor. Only for frames with GSO data and
 * a partial checksum, up to VNI_MAX_PLAIN_FRAME long.
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
 * struct vni_rest - what of an inline frame does not fit into its slot
 * @data: those bytes; zero behind them
 */
struct vni_rest {
	__u8 data[VNI_REST_BYTES];
};

static_assert(sizeof(struct vni_rest) == 64);

/* vni_receiver.flags */
#define VNI_RX_PROMISC		1	/* wants every frame */
#define VNI_RX_ALLMULTI		2	/* wants every multicast frame */

/* vni_receiver.features: what may be sent to it */
#define VNI_CAP_CSUM		1	/* frames with partial checksum */
#define VNI_CAP_TSO		2	/* TCP frames over the MTU with GSO data */
#define VNI_CAP_USO		4	/* UDP frames over the MTU with GSO data */
#define VNI_CAP_BIG		8	/* frames over VNI_MAX_PLAIN_FRAME */
#define VNI_CAP_ENCAP		16	/* frames with a struct vni_encap */
#define VNI_CAP_CRC32C		32	/* frames with VNI_NET_CRC32C */

/**
 * struct vni_receiver - what a node's receiver wants, one cache line
 * @generation: start to which this line belongs, 0 = not attached
 * @open: 1 while frames are taken
 * @cpu: machine-wide number of the CPU to ring
 * @flags: VNI_RX_*
 * @features: VNI_CAP_*
 * @max_frame: longest frame it takes, bytes with the Ethernet header; up to
 *	VNI_MAX_TAGS VLAN tags do not count
 * @mac: its address
 * @pad: zero
 * @mcast: filter: bit crc32_le(~0, address, 6) >> 26 is set for each
 *	multicast address it wants
 * @steer: 32 queue numbers of two bits, the first in bits 0-1: a frame with
 *	flow hash h goes to the ring of queue number h >> 27
 * @reserved: zero
 *
 * Written by its node alone. The lines of a node's rings differ in @cpu, and
 * in @open when the node uses fewer queues than it has rings.
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

/* vni_ring.armed: bit 32 = armed, bits 0-31 = ring for positions past this */
#define VNI_ARMED		0x100000000ULL

/**
 * struct vni_ring - frames for one queue of a node
 * @lock: guards @tail, @slots and their rests; taken by senders
 * @tail: position of the next slot to fill; a hint, since the slots describe
 *	themselves
 * @pad0: zero
 * @head: position of the next slot to take; written by the receiver, with
 *	release after it has read the slot
 * @pad1: zero
 * @armed: set by a receiver that goes to sleep, exchanged for 0 by the
 *	sender that rings its doorbell
 * @waiters: a bit for each node with a stopped queue to this ring; set by the
 *	sender, exchanged for 0 by the receiver, which then rings them
 * @watchers: a bit for each node that wants to hear when frames of its own are
 *	taken; set by the sender, cleared by the receiver, which then rings it
 * @pad2: zero
 * @receiver: written by the receiver
 * @slots: nr_slots of them; position p lies at slots[p % nr_slots]. As many
 *	struct vni_rest follow, one for each slot.
 *
 * Positions count without end, modulo 2^32.
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
