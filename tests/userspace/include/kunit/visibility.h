/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In a program, the tests see every symbol that is not static.
 */
#ifndef TESTS_USERSPACE_KUNIT_VISIBILITY_H
#define TESTS_USERSPACE_KUNIT_VISIBILITY_H

/* Only eats the semicolon. */
#define EXPORT_SYMBOL_IF_KUNIT(symbol)	static_assert(sizeof(#symbol))

#endif /* TESTS_USERSPACE_KUNIT_VISIBILITY_H */
