/* SPDX-License-Identifier: GPL-2.0 */
/* The node file. */
#ifndef MINT_LOADER_CONFIG_H
#define MINT_LOADER_CONFIG_H

#include <stdbool.h>
#include <mint/abi.h>
#include <mint/dev.h>

/**
 * struct config - a node file, checked
 * @path: where it was read from
 * @name: the node's name
 * @cpus: machine-wide CPU numbers, a bit for each
 * @nr_extents: used entries of @extents
 * @extents: @base is MINT_ANY where the file gives no address
 * @nr_functions: used entries of @functions
 * @functions: PCI functions: segment << 16 | bus << 8 | device << 3 | function
 * @policy: when it is started again, a MINT_POLICY_* value
 * @autostart: whether it is started when the machine boots
 * @kernel: absolute path of the bzImage
 * @initrd: absolute path, or NULL
 * @cmdline: the kernel's command line, perhaps empty
 */
struct config {
	char *path;
	char name[MINT_NAME_BYTES];
	__u64 cpus[MINT_MAX_CPUS / 64];
	unsigned int nr_extents;
	struct mint_extent extents[MINT_HANDOVER_EXTENTS];
	unsigned int nr_functions;
	__u32 functions[MINT_NODE_FUNCTIONS];
	__u32 policy;
	bool autostart;
	char *kernel;
	char *initrd;
	char *cmdline;
};

int config_read(const char *path, struct config *config);
void config_free(struct config *config);
char *config_text(const struct config *config);

#endif /* MINT_LOADER_CONFIG_H */
