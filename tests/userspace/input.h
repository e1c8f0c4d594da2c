/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The input of a fuzzer, eaten from its beginning.
 */
#ifndef TESTS_USERSPACE_INPUT_H
#define TESTS_USERSPACE_INPUT_H

#include <string.h>
#include <linux/types.h>

struct input {
	const __u8 *data;
	size_t left;
};

/* Some bytes as a number; zeroes behind the end. */
static inline __u64 input_eat(struct input *in, size_t bytes)
{
	__u64 value = 0;

	if (bytes > in->left)
		bytes = in->left;
	memcpy(&value, in->data, bytes);
	in->data += bytes;
	in->left -= bytes;
	return value;
}

#endif /* TESTS_USERSPACE_INPUT_H */
