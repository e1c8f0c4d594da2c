/* SPDX-License-Identifier: GPL-2.0 */
/* What two nodes do at the same time, and what must come of it: see meet.c. */
#ifndef TESTS_BYPASS_MEET_H
#define TESTS_BYPASS_MEET_H

#include "end.h"

#define NODES	3
#define UNITS	8
#define PLACE	3
#define KEY	section_key(PLACE, 1)
#define NEXT	section_key(PLACE, 2)

/* Shared with the child; mapped at the same place there. */
struct room {
	struct mint_view view[NODES];
	struct fences fences;
	struct end end[2];
	u64 stepped;
	u64 meanwhile;
	u64 also;
};

struct meeting {
	const char *name;
	void (*set_up)(void);
	void (*stepped)(void *unused);
	void (*meanwhile)(void);
	void (*judge)(void);
};

extern struct room *room;
extern struct mint_view *a, *b, *c;

/* The last one has no name. */
extern const struct meeting pair_meetings[], lane_meetings[];

void pair_of_both(void);
void leave_both(void);

#endif /* TESTS_BYPASS_MEET_H */
