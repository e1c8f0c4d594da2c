/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The node core: what its files offer each other, from the bottom of
 * docs/design.md to the top.
 */
#ifndef _DRIVERS_MINT_CORE_H
#define _DRIVERS_MINT_CORE_H

#include <linux/fs.h>
#include <linux/mint.h>
#include <linux/poll.h>
#include <mint/dev.h>
#include <mint/state.h>

/**
 * struct mint_region - the shared region as this kernel sees it
 * @base: the whole, in the direct map
 * @ledger: who owns what
 * @nodes: the node table, MINT_MAX_NODES entries
 * @doorbells: MINT_MAX_CPUS entries
 * @logs: log streams, @log_stride apart
 * @consoles: consoles, @console_stride apart
 * @sessions: sessions of the control section, @session_stride apart
 * @bypass: the bypass section, NULL if there is none
 * @bypass_bytes: its size
 * @vni: the vni section
 * @vni_bytes: its size
 * @log_stride: bytes
 * @console_stride: bytes
 * @session_stride: bytes
 *
 * Set up once by mint_region_init(); offsets were checked then and are never
 * read again from shared memory.
 */
struct mint_region {
	void *base;
	struct mint_ledger *ledger;
	struct mint_node *nodes;
	struct mint_doorbell *doorbells;
	void *logs;
	void *consoles;
	void *sessions;
	void *bypass;
	u64 bypass_bytes;
	void *vni;
	u64 vni_bytes;
	u32 log_stride;
	u32 console_stride;
	u32 session_stride;
};

extern struct mint_region mint_region;

static inline struct mint_node *mint_node_entry(u32 node)
{
	return &mint_region.nodes[node];
}

static inline struct mint_console *mint_console_entry(u32 node)
{
	return mint_region.consoles + (size_t)node * mint_region.console_stride;
}

static inline struct mint_stream *mint_log_entry(u32 node)
{
	return mint_region.logs + (size_t)node * mint_region.log_stride;
}

/* node.c */
bool mint_state_ended(u32 state);
bool mint_node_ended(u32 node, u32 generation);
bool mint_others_running(void);
int mint_node_running(u32 node, u32 *generation);
bool mint_boot_cpu_rests(u32 node);
void mint_ledger_init(void);
unsigned int mint_ledger_nr_cpus(void);
u32 mint_ledger_apic_id(u32 cpu);
unsigned int mint_ledger_cpus(u32 node, u32 *cpus);
u64 mint_ledger_bytes(u32 node);
u32 mint_ledger_boot_cpu(void);
bool mint_ledger_has_boot_cpu(u32 node);

/* stream.c */
void mint_stream_init(struct mint_stream *stream, u32 bytes);
void mint_stream_begin(struct mint_stream *stream);
void mint_stream_write(struct mint_stream *stream, u32 bytes,
		       const char *text, unsigned int n);
unsigned int mint_stream_read(struct mint_stream *stream, u32 bytes, u64 *at,
			      char *text, unsigned int n);

/* doorbell.c */
void mint_doorbell_ring_node(u32 node, unsigned int channel);
void mint_doorbell_ring_peers(unsigned int channel);
void mint_doorbell_check(void);

/* sysrq.c */
int mint_sysrq_send(u32 node, u32 key);
void mint_sysrq_forget(void);
void mint_sysrq_rung(void);

/* ledger.c */
int mint_ledger_lock(void);
void mint_ledger_unlock(void);
u8 mint_ledger_domain(u64 address, u64 *end);
int mint_ledger_claim(u32 node, struct mint_ioc_create *want);
void mint_ledger_release(u32 node);
bool mint_ledger_owns(u32 node, u64 base, u64 bytes);

/* startup.c */
void mint_startup_init(void);

/* roles.c */
int mint_roles_inherit(u32 node);

/* pci.c */
int mint_pci_freeze(const struct mint_ioc_create *want);
void mint_pci_thaw(const struct mint_ioc_create *want);
void mint_pci_let_go(const struct mint_ioc_create *want);
int mint_pci_check(const struct mint_ioc_create *want);
void mint_pci_claim(u32 node, const struct mint_ioc_create *want);
void mint_pci_fence(u32 node);
bool mint_pci_given_away(void);

/* peers.c */

/**
 * enum mint_watch_event - what the watch tells the node core
 * @MINT_WATCH_LOOKED: all peers were looked at just now; no data
 * @MINT_WATCH_STATE: a node, be it the own one, has another state or has been
 *	started again; data is a struct mint_state_change
 */
enum mint_watch_event {
	MINT_WATCH_LOOKED,
	MINT_WATCH_STATE,
};

/**
 * struct mint_state_change - news of a node
 * @node: node id
 * @state: its present state
 */
struct mint_state_change {
	u32 node;
	enum mint_node_state state;
};

int mint_watch_register(struct notifier_block *nb);
enum mint_node_state mint_peer_state(u32 node);
u32 mint_peer_heartbeat_age_ms(u32 node);
void mint_peers_watch(void);
void mint_peers_beat(void);
void mint_peers_changed(void);
__poll_t mint_peers_poll(unsigned int *seen, struct file *file, poll_table *table);

/* clock.c */

/**
 * struct mint_instant - a moment on two clocks
 * @tsc: time stamp counter
 * @ns: the other clock, in nanoseconds
 */
struct mint_instant {
	u64 tsc;
	u64 ns;
};

bool mint_instant_read(u64 (*clock)(void), struct mint_instant *now);
u32 mint_clock_khz(void);
u32 mint_clock_stamp_khz(void);
void mint_clock_beat(void);

/* log.c */
void mint_log_init(void);
void mint_log_beat(void);

/* console.c */
void mint_console_format(struct mint_console *console);

/**
 * struct mint_follower - one open view of a node's console
 * @node: node id
 * @generation: the start that is followed; the view ends with it
 * @at: position in the output, in bytes since the region was formatted
 */
struct mint_follower {
	u32 node;
	u32 generation;
	u64 at;
};

int mint_console_follow(struct mint_follower *follower, u32 node);
void mint_console_unfollow(struct mint_follower *follower);
ssize_t mint_console_read(struct mint_follower *follower, char __user *to,
			  size_t n, bool wait);
ssize_t mint_console_write(struct mint_follower *follower,
			   const char __user *from, size_t n, bool wait);
void mint_console_begin(u32 node);
int mint_console_resize(struct mint_follower *follower, const struct mint_ioc_size *size);
__poll_t mint_console_poll(struct mint_follower *follower, struct file *file,
			   poll_table *table);

/* pid1.c */
void mint_pid1_beat(void);

/* health.c */
void mint_health_init(void);

/* hold.c */
bool mint_hold_is_orphaned(u32 node);
u64 mint_hold_take(u32 node, bool force);
void mint_hold_rest(u32 node, u64 hold);
int mint_hold_resume(u32 node, u64 hold);
void mint_hold_end(u32 node);

/* fence.c */
int mint_fence(u32 node);
bool mint_fence_failed(u32 node, u32 generation);

/* create.c */
int mint_life_create(struct mint_ioc_create *want);
int mint_life_destroy(u32 node, u32 generation);

/* load.c */
int mint_life_load(u32 node, u32 *generation, u64 *hold);
void mint_life_give_up(u32 node, u64 hold);
int mint_life_write(const struct mint_ioc_write *write, u64 hold);

/* start.c */
int mint_life_start(const struct mint_ioc_start *start, u64 hold);

/* kill.c */
int mint_life_stop_wanted(u32 node, u32 generation);
int mint_life_kill(u32 node, u32 generation);

/* control.c */
struct mint_side;

int mint_control_request(const struct mint_ioc_request *request,
			 struct mint_side **side);
int mint_control_serve(struct mint_ioc_serve *serve, struct mint_side **side);
void mint_control_result(struct mint_side *side, struct mint_ioc_result *result);
int mint_control_finish(struct mint_side *side, const struct mint_ioc_result *result);
void mint_control_close(struct mint_side *side);
__poll_t mint_control_poll(struct mint_side *side, struct file *file,
			   poll_table *table);

/* pipe.c */
int mint_pipe_open(struct mint_side *side, u32 pipe);

/* bus.c */
extern struct device *mint_root;

#endif /* _DRIVERS_MINT_CORE_H */
