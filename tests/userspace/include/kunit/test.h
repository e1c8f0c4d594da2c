/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of KUnit as the protocol's suites use. Prints KTAP; a failed
 * assertion ends its case, any failure the program with status 1.
 */
#ifndef TESTS_USERSPACE_KUNIT_TEST_H
#define TESTS_USERSPACE_KUNIT_TEST_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

#define KUNIT_ACTIONS	8

typedef void kunit_action_t(void *context);

/* @actions are called when a case ends, the last one first. */
struct kunit {
	void *priv;
	int failed;
	struct {
		kunit_action_t *action;
		void *context;
	} actions[KUNIT_ACTIONS];
	int nr_actions;
	jmp_buf out;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define GFP_KERNEL	0
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define KUNIT_CASE(fn)	{ .run_case = fn, .name = #fn }

#define KUNIT_DEFINE_ACTION_WRAPPER(wrapper, function, type)		\
static inline void wrapper(void *context)				\
{									\
	function((type)context);					\
}

static inline int kunit_add_action_or_reset(struct kunit *test,
					    kunit_action_t *action, void *context)
{
	if (test->nr_actions == KUNIT_ACTIONS) {
		action(context);
		return -1;
	}
	test->actions[test->nr_actions].action = action;
	test->actions[test->nr_actions++].context = context;
	return 0;
}

static inline void *kunit_kzalloc(struct kunit *test, size_t bytes, int flags)
{
	void *p = calloc(1, bytes);

	(void)flags;
	return p && kunit_add_action_or_reset(test, free, p) ? NULL : p;
}

static inline struct kunit *kunit_report(struct kunit *test, const char *file,
					 int line, const char *what,
					 long long left, long long right)
{
	test->failed = 1;
	printf("# %s:%d: %s: %lld and %lld\n", file, line, what, left, right);
	return test;
}

static inline void kunit_end_case(struct kunit *failed)
{
	if (failed)
		longjmp(failed->out, 1);
}

/* Evaluates to the test if it has failed here. */
#define KUNIT_EXPECT_(test, l, op, r)					\
({									\
	long long l_ = (long long)(l), r_ = (long long)(r);		\
									\
	l_ op r_ ? NULL : kunit_report(test, __FILE__, __LINE__,	\
				       #l " " #op " " #r, l_, r_);	\
})
#define KUNIT_EXPECT_EQ(test, l, r)	((void)KUNIT_EXPECT_(test, l, ==, r))
#define KUNIT_EXPECT_NE(test, l, r)	((void)KUNIT_EXPECT_(test, l, !=, r))
#define KUNIT_EXPECT_GT(test, l, r)	((void)KUNIT_EXPECT_(test, l, >, r))
#define KUNIT_EXPECT_TRUE(test, c)	KUNIT_EXPECT_NE(test, !!(c), 0)
#define KUNIT_EXPECT_FALSE(test, c)	KUNIT_EXPECT_EQ(test, !!(c), 0)
#define KUNIT_ASSERT_EQ(test, l, r)					\
	kunit_end_case(KUNIT_EXPECT_(test, l, ==, r))
#define KUNIT_ASSERT_NE(test, l, r)					\
	kunit_end_case(KUNIT_EXPECT_(test, l, !=, r))
#define KUNIT_ASSERT_TRUE(test, c)	KUNIT_ASSERT_NE(test, !!(c), 0)
#define KUNIT_ASSERT_NOT_NULL(test, p)	KUNIT_ASSERT_EQ(test, !(p), 0)

static inline int kunit_run_case(const struct kunit_suite *suite,
				 const struct kunit_case *c)
{
	struct kunit test = { 0 };

	if (!setjmp(test.out) && !suite->init(&test))
		c->run_case(&test);
	while (test.nr_actions--)
		test.actions[test.nr_actions].action(test.actions[test.nr_actions].context);
	return test.failed;
}

static inline int kunit_run(const struct kunit_suite *suite)
{
	const struct kunit_case *c;
	int n = 0, failures = 0;

	printf("KTAP version 1\n# Subtest: %s\n", suite->name);
	for (c = suite->test_cases; c->run_case; c++) {
		int failed = kunit_run_case(suite, c);

		failures += failed;
		printf("%s %d %s\n", failed ? "not ok" : "ok", ++n, c->name);
	}
	printf("1..%d\n", n);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

extern const struct kunit_suite *const kunit_the_suite;

int main(void)
{
	return kunit_run(kunit_the_suite);
}

#define kunit_test_suite(suite) \
	const struct kunit_suite *const kunit_the_suite = &(suite)

#endif /* TESTS_USERSPACE_KUNIT_TEST_H */
