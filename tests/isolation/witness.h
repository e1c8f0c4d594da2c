/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a node's witness says of its node, in one page that the host finds in
 * the machine's memory. Every field has one writer: the witness, or the host
 * where that is said. Parsed by witness.py.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include <assert.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#define WITNESS_MAGIC	0x53534e5449574e4dULL
#define MAX_PEERS	8
#define OUTPUT_PAGES	4
#define PAGE_BYTES	4096
#define COMMAND_BYTES	3072

/**
 * struct peer - traffic with one peer
 * @exchanges: blocks that went there and came back with the right contents
 * @bad: replies with wrong contents
 * @broken: connections that were lost
 * @gap_ns: longest time without an exchange, in this epoch
 * @served: blocks of this peer whose contents were right
 * @served_bad: blocks of this peer whose contents were wrong
 * @last_ns: when the last exchange ended, monotonic
 * @reserved: zero
 */
struct peer {
	__u64 exchanges;
	__u64 bad;
	__u64 broken;
	__u64 gap_ns;
	__u64 served;
	__u64 served_bad;
	__u64 last_ns;
	__u64 reserved;
};

/**
 * struct page - the page
 * @magic: WITNESS_MAGIC, written last
 * @me: number of this node, from 1
 * @nr_peers: numbers 1 to this take part
 * @beat: counts on while the witness lives
 * @real_ns: wall clock at the last beat
 * @mono_ns: monotonic clock at the last beat
 * @epoch_wanted: written by the host
 * @epoch: last @epoch_wanted that has reset the gaps
 * @absent: peers that may be down, bit number = node; written by the host
 * @watch_phys: physical address of a page under watch
 * @watch_bytes: how much memory is under watch
 * @watch_passes: how often all of it was found unchanged
 * @watch_bad: words found changed
 * @watch_bad_phys: where the last one was
 * @reserved: zero
 * @peers: by node - 1; the own entry is unused
 * @command_number: of the command to run; written by the host
 * @done_number: of the last command that has ended
 * @status: its exit status
 * @output_bytes: how much it printed, cut at OUTPUT_PAGES pages
 * @output_phys: physical address of each page of output
 * @pad: zero
 * @command: text of the command; written by the host before its number
 */
struct page {
	__u64 magic;
	__u32 me;
	__u32 nr_peers;
	__u64 beat;
	__u64 real_ns;
	__u64 mono_ns;
	__u64 epoch_wanted;
	__u64 epoch;
	__u64 absent;
	__u64 watch_phys;
	__u64 watch_bytes;
	__u64 watch_passes;
	__u64 watch_bad;
	__u64 watch_bad_phys;
	__u64 reserved[3];
	struct peer peers[MAX_PEERS];
	__u64 command_number;
	__u64 done_number;
	__u32 status;
	__u32 output_bytes;
	__u64 output_phys[OUTPUT_PAGES];
	__u8 pad[PAGE_BYTES - COMMAND_BYTES - 696];
	char command[COMMAND_BYTES];
};

static_assert(sizeof(struct page) == PAGE_BYTES, "the page");
static_assert(offsetof(struct page, peers) == 128, "peers");
static_assert(offsetof(struct page, command_number) == 640, "commands");

extern struct page *page;

/* Fields that another thread or the host writes. */
#define get(field)		__atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define set(field, value)	__atomic_store_n(&(field), value, __ATOMIC_RELEASE)

__u64 clock_ns(int clock);
void pause_ms(unsigned int ms);
void fail(const char *what);
void start_thread(void *(*body)(void *), void *argument);
__u64 physical(const void *address);
void *locked_pages(size_t bytes);

void start_agent(void);
void start_watch(void);
void start_traffic(void);
int try_kexec(void);

#endif /* WITNESS_H */
