/* SPDX-License-Identifier: GPL-2.0 */
/* What the program in the kernel, its loader and the programs of user space agree on. */
#ifndef GUARD_H
#define GUARD_H

#include <linux/types.h>

#define CIPHER		"gcm(aes)"
#define TAG_BYTES	16

/*
 * What a datagram begins with; encrypted text and tag follow. A nonce must not come twice
 * with one key. So each sender has a random number of its own, and counts.
 */
struct nonce {
	__u32 sender;
	__be64 number;
} __attribute__((packed));

#define MORE_BYTES	(sizeof(struct nonce) + TAG_BYTES)

/* The address and port that are guarded, as they stand in a datagram. */
struct guarded {
	__u32 address;
	__u16 port;
	__u16 unused;
};

/* Which numbers of a sender have come: bit n of seen is that of last - n. */
struct window {
	__u64 last;
	__u64 seen;
};

#define WINDOW		64

/*
 * Takes a number into the window of its sender. False if it was there, or is so old that
 * nobody knows.
 */
static inline _Bool window_take(struct window *window, __u64 number)
{
	__u64 back = window->last - number, ahead = number - window->last;

	if (number > window->last) {
		window->seen = ahead < WINDOW ? window->seen << ahead : 0;
		window->seen |= 1;
		window->last = number;
		return 1;
	}
	if (back >= WINDOW || window->seen >> back & 1)
		return 0;
	window->seen |= 1ULL << back;
	return 1;
}

/* What became of a datagram. All but the first were dropped. */
enum verdict {
	PASSED,
	FORGED,		/* the tag is not that of text, nonce and key */
	REPLAYED,	/* its number has come before, or WINDOW others after it */
	SHORT,		/* there is no room for nonce and tag */
	PIECES,		/* a fragment, or segments of several in one */
	MALFORMED,	/* its lengths contradict each other */
	CROWDED,	/* its sender is new, and there are MOST_SENDERS */
	FAILED,		/* no memory */
	VERDICTS
};

/* How many datagrams of each a CPU has had. */
struct counts {
	__u64 of[VERDICTS];
};

#define MOST_SENDERS	4096

#endif /* GUARD_H */
