/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the protocol's functions share: three nodes on a small section.
 */
#ifndef TESTS_BYPASS_FIXTURE_H
#define TESTS_BYPASS_FIXTURE_H

#include <errno.h>
#include <kunit/test.h>

#include "section.h"

#define FIXTURE_PAIRS	MINT_BYPASS_PROBES
#define FIXTURE_UNITS	16

/* @a, @b and @c are nodes 0, 1 and 2, each in its generation 5. */
struct fixture {
	struct mint_bypass geometry;
	struct mint_bypass *section;
	struct fences fences;
	struct mint_view a;
	struct mint_view b;
	struct mint_view c;
};

static inline int fixture_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->geometry = section_geometry(FIXTURE_PAIRS, FIXTURE_UNITS);
	f->section = aligned_alloc(4096, section_bytes(&f->geometry));
	KUNIT_ASSERT_NOT_NULL(test, f->section);
	kunit_add_action_or_reset(test, free, f->section);
	section_reset(f->section, &f->geometry);
	section_attach(&f->a, f->section, &f->geometry, 0, 5, &f->fences);
	section_attach(&f->b, f->section, &f->geometry, 1, 5, &f->fences);
	section_attach(&f->c, f->section, &f->geometry, 2, 5, &f->fences);
	f->a.lock_spins = 1025;
	test->priv = f;
	return 0;
}

static inline void expect_fault(struct kunit *test, struct mint_view *view,
				enum mint_fault kind)
{
	KUNIT_EXPECT_EQ(test, view->faults[kind], 1);
	KUNIT_EXPECT_EQ(test, section_faults(view), 1);
	memset(view->faults, 0, sizeof(view->faults));
}

static inline void expect_free(struct kunit *test, struct fixture *f)
{
	KUNIT_EXPECT_EQ(test, mint_pairs_used(&f->a), 0);
	KUNIT_EXPECT_EQ(test, mint_units_used(&f->a), 0);
	KUNIT_EXPECT_EQ(test, section_faults(&f->a) + section_faults(&f->b) +
			section_faults(&f->c), 0);
}

/* A pair that @client has offered and @server has joined. */
static inline u32 make_pair(struct kunit *test, struct mint_view *client,
			    struct mint_view *server, u64 key)
{
	int number = mint_pair_offer(client, key, 0);

	KUNIT_ASSERT_TRUE(test, number >= 0);
	KUNIT_ASSERT_EQ(test, mint_pair_join(server, key, 0), number);
	return number;
}

#endif /* TESTS_BYPASS_FIXTURE_H */
