/* SPDX-License-Identifier: GPL-2.0 */
/* Is an initrd whole? */
#ifndef MINT_LOADER_INITRD_H
#define MINT_LOADER_INITRD_H

struct buffer;

const char *initrd_fault(const struct buffer *initrd);

#endif /* MINT_LOADER_INITRD_H */
