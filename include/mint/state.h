/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The state of a node: one word derived from what its managers did (life line)
 * and what it says of itself (self line). The kernel and the mint command show
 * and judge nodes by it. The conditions are specified in docs/abi.md.
 */
#ifndef MINT_STATE_H
#define MINT_STATE_H

#include <mint/abi.h>

/**
 * enum mint_node_state - what a node does, as far as the node table tells
 * @MINT_NODE_NONE: the id is unused: never created, or destroyed
 * @MINT_NODE_DAMAGED: its entry has a value that this ABI does not know
 * @MINT_NODE_CREATED: owns CPUs and memory, never started
 * @MINT_NODE_LOADING: in the hands of a node that fills its memory or fences it
 * @MINT_NODE_PANICKED: parked itself after a panic
 * @MINT_NODE_OFF: parked itself after a power-off or halt
 * @MINT_NODE_REBOOTED: parked itself after a reboot request
 * @MINT_NODE_REFUSED: parked itself: its kernel has another ABI
 * @MINT_NODE_STOPPED: fenced, and did not say why it ended
 * @MINT_NODE_BOOTING: its CPU was set going, its kernel does not run yet
 * @MINT_NODE_SILENT: runs by its own word, but its heartbeat stands still
 * @MINT_NODE_STALLED: runs, but one of its CPUs at least does not schedule
 * @MINT_NODE_RUNNING: runs
 *
 * In the order in which the conditions are tried: the first that fits decides.
 * The values stay inside one kernel or one program; the region has none of them.
 */
enum mint_node_state {
	MINT_NODE_NONE,
	MINT_NODE_DAMAGED,
	MINT_NODE_CREATED,
	MINT_NODE_LOADING,
	MINT_NODE_PANICKED,
	MINT_NODE_OFF,
	MINT_NODE_REBOOTED,
	MINT_NODE_REFUSED,
	MINT_NODE_STOPPED,
	MINT_NODE_BOOTING,
	MINT_NODE_SILENT,
	MINT_NODE_STALLED,
	MINT_NODE_RUNNING,
};

/**
 * mint_node_state_name() - the word that users read for a state
 * @state: the state
 *
 * Return: a constant, in lower case.
 */
static inline const char *mint_node_state_name(enum mint_node_state state)
{
	static const char *const names[] = {
		[MINT_NODE_NONE] = "destroyed",
		[MINT_NODE_DAMAGED] = "damaged",
		[MINT_NODE_CREATED] = "created",
		[MINT_NODE_LOADING] = "loading",
		[MINT_NODE_PANICKED] = "panicked",
		[MINT_NODE_OFF] = "off",
		[MINT_NODE_REBOOTED] = "rebooted",
		[MINT_NODE_REFUSED] = "refused",
		[MINT_NODE_STOPPED] = "stopped",
		[MINT_NODE_BOOTING] = "booting",
		[MINT_NODE_SILENT] = "silent",
		[MINT_NODE_STALLED] = "stalled",
		[MINT_NODE_RUNNING] = "running",
	};

	return names[state];
}

/* A node whose CPUs were set going, by what it says of itself. */
static inline enum mint_node_state
mint_node_state_said(__u32 said, int fenced, int silent, int stalled)
{
	switch (said) {
	case MINT_SELF_PANICKED:
		return MINT_NODE_PANICKED;
	case MINT_SELF_OFF:
		return MINT_NODE_OFF;
	case MINT_SELF_REBOOT:
		return MINT_NODE_REBOOTED;
	case MINT_SELF_REFUSED:
		return MINT_NODE_REFUSED;
	default:
		break;
	}
	if (fenced)
		return MINT_NODE_STOPPED;
	if (said != MINT_SELF_RUNNING)
		return MINT_NODE_BOOTING;
	if (silent)
		return MINT_NODE_SILENT;
	return stalled ? MINT_NODE_STALLED : MINT_NODE_RUNNING;
}

/**
 * mint_node_state() - derive the state of a node
 * @life: its life line, in the region or a copy
 * @self: its self line, likewise
 * @silent: the caller has seen no change of its heartbeat for MINT_SILENT_MS;
 *	0 takes the node's word for it
 *
 * Each word is read once.
 */
static inline enum mint_node_state
mint_node_state(const struct mint_node_life *life, const struct mint_node_self *self, int silent)
{
	__u32 step = mint_load(&life->life);
	__u32 generation = mint_load(&life->generation);
	int fenced = step == MINT_LIFE_STOPPED || mint_load(&life->fenced) >= generation;
	/* A self line of another start says nothing. */
	__u32 said = mint_load(&self->generation) == generation ?
		mint_load(&self->state) : MINT_SELF_NONE;

	if (step == MINT_LIFE_NONE)
		return MINT_NODE_NONE;
	if (step > MINT_LIFE_STOPPED || said > MINT_SELF_REFUSED)
		return MINT_NODE_DAMAGED;
	if (step == MINT_LIFE_CREATED)
		return MINT_NODE_CREATED;
	if (step == MINT_LIFE_LOADING)
		return MINT_NODE_LOADING;
	return mint_node_state_said(said, fenced, silent, mint_load(&self->stalled) != 0);
}

/**
 * mint_node_state_active() - do its CPUs execute its kernel, as far as known?
 * @state: of the node
 */
static inline int mint_node_state_active(enum mint_node_state state)
{
	return state >= MINT_NODE_BOOTING;
}

/**
 * mint_node_state_answers() - can the node be asked for something?
 * @state: of the node
 *
 * A stalled node has other CPUs, which may answer.
 */
static inline int mint_node_state_answers(enum mint_node_state state)
{
	return state == MINT_NODE_RUNNING || state == MINT_NODE_STALLED;
}

/**
 * mint_node_state_hangs() - does it run by its own word, but not in full?
 * @state: of the node
 */
static inline int mint_node_state_hangs(enum mint_node_state state)
{
	return state == MINT_NODE_SILENT || state == MINT_NODE_STALLED;
}

/**
 * mint_node_init() - how far the user space of a node is
 * @life: its life line, in the region or a copy
 * @user: its user line, likewise
 *
 * Return: a MINT_INIT_* value, or another one of a damaged line; MINT_INIT_NONE also
 * of a node that does not say.
 */
static inline __u32 mint_node_init(const struct mint_node_life *life,
				   const struct mint_node_user *user)
{
	/* A line of another start says nothing. Pairs with mint_region_announce_self(). */
	return mint_load_acquire(&user->generation) == mint_load(&life->generation) ?
		mint_load(&user->init) : MINT_INIT_NONE;
}

/**
 * mint_init_name() - the word that users read for how far user space is
 * @init: a MINT_INIT_* value, or any other
 *
 * Return: a constant, in lower case.
 */
static inline const char *mint_init_name(__u32 init)
{
	static const char *const names[] = {
		[MINT_INIT_NONE] = "none",
		[MINT_INIT_INITRAMFS] = "initramfs",
		[MINT_INIT_ROOT] = "root",
	};

	return init <= MINT_INIT_ROOT ? names[init] : "?";
}

#endif /* MINT_STATE_H */
