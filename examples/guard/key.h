/* SPDX-License-Identifier: GPL-2.0 */
/* The key that sender and receiver share. */
#ifndef KEY_H
#define KEY_H

#define KEY_MOST_BYTES	32

struct key {
	unsigned char data[KEY_MOST_BYTES];
	unsigned int bytes;
};

const char *key_read(const char *file, struct key *key);

#endif /* KEY_H */
