/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Layout of the bypass section: pairs of TCP sockets whose bytes go through the
 * shared region past TCP, and the memory for these bytes.
 *
 * The protocol on it is net/mint/pair.c and lane.c; specified in docs/abi.md.
 * Every word here can be written by any node: read once, check, use.
 */
#ifndef MINT_BYPASS_H
#define MINT_BYPASS_H

#include <mint/abi.h>

#define MINT_BYPASS_MAGIC	0x31505942U	/* the bytes "BYP1" */
#define MINT_BYPASS_VERSION	1	/* version of this section */
#define MINT_BYPASS_MAX_PAIRS	1024	/* limit of mint_bypass.nr_pairs */
#define MINT_BYPASS_MAX_UNITS	4096	/* limit of mint_bypass.nr_units */
#define MINT_BYPASS_PROBES	8	/* entries in which a key can be: the one of its place,
					 * which is its upper 32 bits modulo
					 * mint_bypass.nr_pairs, and those behind
					 * it; the first one follows the last
					 */

/**
 * struct mint_bypass - geometry, at the start of the section
 * @magic: MINT_BYPASS_MAGIC. Writer: format, last
 * @version: MINT_BYPASS_VERSION; must be the same on both sides
 * @nr_pairs: entries of the table of pairs, at least MINT_BYPASS_PROBES
 * @nr_units: units of memory, at least 1
 * @unit_bytes: size of a unit, a power of two from 4096 on
 * @reserved: zero
 * @line_offset: struct mint_bypass_line by node id, MINT_MAX_NODES of them, from
 *	the start of the section
 * @pair_offset: struct mint_pair by number, likewise
 * @owner_offset: a u16 for each unit, likewise: number of the pair that has it,
 *	plus 1; 0 = it is free. Writer: @lock to claim it, an end of its pair to
 *	give it back
 * @data_offset: the units, likewise; a multiple of 4096
 * @pad: zero
 * @lock: taken to claim units, and for nothing else. Writer: any node
 *
 * Written by the first node that uses the section, under the ledger's lock; all
 * but @lock is read-only afterwards.
 *
 * Writer: format
 */
struct mint_bypass {
	__u32 magic;
	__u32 version;
	__u32 nr_pairs;
	__u32 nr_units;
	__u32 unit_bytes;
	__u32 reserved;
	__u64 line_offset;
	__u64 pair_offset;
	__u64 owner_offset;
	__u64 data_offset;
	__u64 pad;
	struct mint_lock lock;
};

static_assert(sizeof(struct mint_bypass) == 128);
static_assert(offsetof(struct mint_bypass, lock) == 64);

/**
 * struct mint_bypass_line - what a node tells of itself, and is told
 * @generation: start to which the line belongs, 0 = never attached
 * @open: 1 while its connections may go past TCP. Writer: node, last, release
 * @pad0: zero
 * @looking: 1 while one of its CPUs looks at @news again and again and needs no
 *	doorbell
 * @news: a bit for each word of @signalled that has a bit set. Writer: peers set
 *	bits, the node exchanges it for 0
 * @pad1: zero
 * @signalled: a bit for each pair that has something new for the node. Writer:
 *	peers set bits, before @news; the node exchanges the words for 0
 *
 * Writer: node
 */
struct mint_bypass_line {
	__u32 generation;
	__u32 open;
	__u64 pad0[7];
	__u64 looking;
	__u64 news;
	__u64 pad1[6];
	__u64 signalled[MINT_BYPASS_MAX_PAIRS / 64];
};

static_assert(sizeof(struct mint_bypass_line) == 256);
static_assert(offsetof(struct mint_bypass_line, looking) == 64);

/**
 * mint_run_word() - units that lie side by side: the memory of a lane
 * @first: the first of them
 * @order: binary logarithm of their number
 */
static inline __u64 mint_run_word(__u32 first, __u32 order)
{
	return ((first + 1) & 0xffff) | (__u64)order << 16;
}

#define MINT_LANE_STARTED	0x100000000ULL	/* bit 32 of mint_lane.start; bits 0-31: a
						 * sequence number of TCP
						 */

/**
 * struct mint_lane - bytes of one direction
 * @tail: number of bytes written. Writer: writer, release, after the bytes
 * @run: the run word of the memory that has them, 0 = none yet. Another one only
 *	while all bytes are read. Writer: writer, before @tail
 * @start: MINT_LANE_STARTED or'ed with the sequence number of TCP that the first
 *	byte here would have; 0 = all bytes go by TCP. Writer: writer, once
 * @ended: 1 = the bytes behind @tail go by TCP again, from that sequence number
 *	on. Writer: writer, once, release
 * @needs_room: 1 = the writer wants to hear when bytes were read. Writer: writer
 *	sets it, reader exchanges it for 0
 * @writer_cpu: number of the CPU to ring for that
 * @pad0: zero
 * @head: number of bytes read. Writer: reader, release, after it has read them
 * @needs_bytes: 1 = the reader wants to hear when bytes were written. Writer:
 *	reader sets it, writer exchanges it for 0
 * @refused: 1 = the reader wants no more bytes here. Writer: reader, once
 * @reader_cpu: number of the CPU to ring for @needs_bytes. Writer: reader
 * @pad1: zero
 *
 * Byte number *n* lies at offset *n* modulo the size of the run.
 *
 * Writer: writer
 */
struct mint_lane {
	__u64 tail;
	__u64 run;
	__u64 start;
	__u64 ended;
	__u64 needs_room;
	__u64 writer_cpu;
	__u64 pad0[2];
	__u64 head;
	__u64 needs_bytes;
	__u64 refused;
	__u64 reader_cpu;
	__u64 pad1[4];
};

static_assert(sizeof(struct mint_lane) == 128);
static_assert(offsetof(struct mint_lane, head) == 64);

#define MINT_PAIR_FREE		0	/* nobody has the entry; next written by a client */
#define MINT_PAIR_FILLED	1	/* being filled; next written by the client */
#define MINT_PAIR_OFFERED	2	/* waits for a server; next written by either */
#define MINT_PAIR_JOINED	3	/* both ends have it, or had it; next written by either */
#define MINT_PAIR_CLEARED	4	/* its units are being given back; next written by who does
					 * that, which stands in place of the client
					 */
#define MINT_PAIR_GENERATION	0x3fffffU	/* bits of a generation in a pair word */
#define MINT_PAIR_NOBODY	0xff	/* in place of a node id: that end has left, or has not
					 * come yet
					 */
#define MINT_PAIR_DEAD		0xfe	/* likewise: that end was buried */

/**
 * mint_pair_word() - who has a pair: the truth about its entry
 * @kind: a MINT_PAIR_* value
 * @client: node id of the end that has made the connection
 * @server: node id of the end that has accepted it
 * @client_generation: of the client, modulo 2^22; 0 without one
 * @server_generation: likewise
 */
static inline __u64 mint_pair_word(__u32 kind, __u32 client, __u32 server,
				   __u32 client_generation, __u32 server_generation)
{
	return kind | (__u64)((client + 1) & 0xff) << 4 | (__u64)((server + 1) & 0xff) << 12 |
	       (__u64)(client_generation & MINT_PAIR_GENERATION) << 20 |
	       (__u64)(server_generation & MINT_PAIR_GENERATION) << 42;
}

#define MINT_LANE_TO_SERVER	0	/* index of mint_pair.lanes */
#define MINT_LANE_TO_CLIENT	1	/* likewise */

/**
 * struct mint_pair - two sockets on two nodes that are one connection of TCP
 * @word: the pair word. Writer: compare-exchange; the client, release
 * @key: sequence numbers of TCP: that of the client's first byte in bits 0-31,
 *	that of the server's in bits 32-63. Writer: client
 * @echo: the same, once the server has joined; else 0. Writer: server, release;
 *	client, before it offers
 * @joined: the pair word as the server made it when it joined; else 0. Writer: server,
 *	before @echo; client, before it offers
 * @pad: zero
 * @lanes: by MINT_LANE_*. Writer: see there; client, before it offers
 *
 * Writer: format
 */
struct mint_pair {
	__u64 word;
	__u64 key;
	__u64 echo;
	__u64 joined;
	__u64 pad[4];
	struct mint_lane lanes[2];
};

static_assert(sizeof(struct mint_pair) == 320);

#endif /* MINT_BYPASS_H */
