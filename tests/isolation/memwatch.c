// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of a node that nobody has a reason to write to: filled with numbers
 * that depend on their place, and compared with them for ever.
 */
#include "witness.h"

#define WATCH_BYTES	(8 << 20)
#define STEP_WORDS	(32 << 10)
#define STEP_PAUSE_MS	25

static __u64 *words;

static __u64 expected(__u64 at)
{
	return (at + 1) * 0x9e3779b97f4a7c15ULL;
}

static void found_changed(__u64 at)
{
	set(page->watch_bad_phys, physical(words + at));
	set(page->watch_bad, page->watch_bad + 1);
	words[at] = expected(at);
}

static __u64 check(__u64 at, __u64 end)
{
	__u64 bad = 0;

	for (; at < end; at++) {
		if (__atomic_load_n(words + at, __ATOMIC_RELAXED) == expected(at))
			continue;
		found_changed(at);
		bad++;
	}
	return bad;
}

static void *watch(void *unused)
{
	const __u64 nr = WATCH_BYTES / sizeof(*words);

	(void)unused;
	for (;;) {
		__u64 at, bad = 0;

		for (at = 0; at < nr; at += STEP_WORDS) {
			bad += check(at, at + STEP_WORDS);
			pause_ms(STEP_PAUSE_MS);
		}
		if (!bad)
			set(page->watch_passes, page->watch_passes + 1);
	}
	return NULL;
}

void start_watch(void)
{
	__u64 at;

	words = locked_pages(WATCH_BYTES);
	for (at = 0; at < WATCH_BYTES / sizeof(*words); at++)
		words[at] = expected(at);
	page->watch_phys = physical(words + WATCH_BYTES / sizeof(*words) / 2);
	page->watch_bytes = WATCH_BYTES;
	start_thread(watch, NULL);
}
