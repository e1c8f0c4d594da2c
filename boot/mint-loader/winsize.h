/* SPDX-License-Identifier: GPL-2.0 */
/* The size of the user's terminal. */
#ifndef MINT_LOADER_WINSIZE_H
#define MINT_LOADER_WINSIZE_H

void winsize_send(int fd);

#endif /* MINT_LOADER_WINSIZE_H */
