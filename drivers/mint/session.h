/* SPDX-License-Identifier: GPL-2.0 */
/* A session of the control channel, as control.c and pipe.c see it. */
#ifndef _DRIVERS_MINT_SESSION_H
#define _DRIVERS_MINT_SESSION_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "core.h"

/**
 * struct mint_side - this node's side of a session
 * @ref: held by the files of the session and by @work
 * @mutex: guards @gone and @opened; held while a pipe is used
 * @session: in the shared region
 * @number: which session that is
 * @sequence: of the request
 * @verb: of the request
 * @serves: this is the server's side
 * @claimed: server: the helper has come for it; under mint_control_mutex
 * @gone: the request is over, nothing of the session may be touched any more
 * @broken: the peer wrote nonsense
 * @opened: pipes that were opened, a bit for each
 * @peer: node id of the other side
 * @peer_generation: its generation
 * @bytes: server: how much of the arguments is used
 * @heard: jiffies when the peer was last seen running
 * @work: server: runs the helper
 */
struct mint_side {
	struct kref ref;
	struct mutex mutex;	/* see above */
	struct mint_session *session;
	u32 number;
	u32 sequence;
	u32 verb;
	bool serves;
	bool claimed;
	bool gone;
	bool broken;
	u32 opened;
	u32 peer;
	u32 peer_generation;
	u32 bytes;
	unsigned long heard;
	struct work_struct work;
};

/* Woken when any session may have news. */
extern wait_queue_head_t mint_control_news;

bool mint_side_over(struct mint_side *side);
void mint_side_broken(struct mint_side *side);
void mint_side_ring(struct mint_side *side);
void mint_side_put(struct mint_side *side);

#endif /* _DRIVERS_MINT_SESSION_H */
