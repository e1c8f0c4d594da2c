/* SPDX-License-Identifier: GPL-2.0 */
/* The root of a new node: where it is, and who makes it. */
#ifndef MINT_LOADER_ROOTFS_H
#define MINT_LOADER_ROOTFS_H

#include <mint/abi.h>

struct config;

enum rootfs_kind {
	ROOTFS_NONE,
	ROOTFS_DISK,
	ROOTFS_NFS,
	ROOTFS_NBD,
	ROOTFS_INITRAMFS,
};

/**
 * struct rootfs - the root of a new node
 * @kind: how the node comes to it
 * @place: the folder, the image, or the disk as this node sees it; empty: no disk is
 *	seen here
 * @device: its PCI function, as /sys names it; empty: none
 * @words: what its kernel is told
 * @initrd: what its kernel boots with, yet to be made; empty: nothing
 * @size: of an image
 * @suite: release of Debian
 * @packages: more packages, with commas
 * @release: of its kernel, whose modules it gets
 * @number: last part of its address
 */
struct rootfs {
	enum rootfs_kind kind;
	char place[256];
	char device[24];
	char words[512];
	char initrd[128];
	char size[24];
	char suite[64];
	char packages[1024];
	char release[64];
	unsigned int number;
};

int rootfs_disk(struct rootfs *rootfs, struct config *config, const char *function);
int rootfs_nfs(struct rootfs *rootfs, const char *dir);
int rootfs_nbd(struct rootfs *rootfs, struct config *config, const char *size);
int rootfs_initramfs(struct rootfs *rootfs, struct config *config);
int rootfs_make(const struct rootfs *rootfs, const char *name);
int rootfs_undo(const char *name);
void rootfs_say_plan(const struct rootfs *rootfs, const char *name);
void rootfs_say_next(const struct rootfs *rootfs);

#endif /* MINT_LOADER_ROOTFS_H */
