/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A check that ends the program, and tells a fuzzer.
 */
#ifndef TESTS_FIRMWARE_CHECK_H
#define TESTS_FIRMWARE_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(cond)							\
do {									\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: %s: check failed: %s\n",	\
			__FILE__, __LINE__, __func__, #cond);		\
		abort();						\
	}								\
} while (0)

#endif /* TESTS_FIRMWARE_CHECK_H */
