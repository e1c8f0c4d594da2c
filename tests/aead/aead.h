/* SPDX-License-Identifier: GPL-2.0 */
/* One encryption or decryption by a program of BPF, and what came of it. */
#ifndef AEAD_H
#define AEAD_H

#include <linux/types.h>

#define MOST_BYTES	65536
#define MOST_IV_BYTES	64

/* So long that the kernel has it in memory that is only virtually in one piece. */
struct work {
	__u32 decrypts;
	__u32 src_bytes;
	__u32 dst_bytes;
	__u32 iv_bytes;
	__s32 result;
	__u8 iv[MOST_IV_BYTES];
	__u8 src[MOST_BYTES];
	__u8 dst[MOST_BYTES];
};

#endif /* AEAD_H */
