// SPDX-License-Identifier: GPL-2.0
/*
 * The root of a new node: a disk of its own, a folder by NFS, an image by NBD, or an
 * initramfs. Here its place is checked, and what its kernel is to be told; the
 * script make-root makes it and has it served, or leaves nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "addresses.h"
#include "config.h"
#include "disk.h"
#include "paths.h"
#include "report.h"
#include "rootfs.h"
#include "script.h"
#include "sysroot.h"
#include "util.h"
#include "value.h"

#define MAKE_ROOT	"make-root"
#define CLASS_NVME	0x0108
#define PCI_DEVICES	"/sys/bus/pci/devices"
#define IMAGE_LEAST	0x40000000ULL	/* bytes */

static const char *const kind_names[] = {
	[ROOTFS_DISK] = "disk",
	[ROOTFS_NFS] = "nfs",
	[ROOTFS_NBD] = "nbd",
	[ROOTFS_INITRAMFS] = "initramfs",
};

/**
 * struct largest - the largest partition of a disk
 * @disk: the disk
 * @number: its number, 0 = the disk has none
 * @sectors: its size
 */
struct largest {
	const char *disk;
	__u64 number;
	__u64 sectors;
};

static void take_partition(const char *name, void *context)
{
	struct largest *largest = context;
	__u64 number, sectors;
	char path[512];

	snprintf(path, sizeof(path), "/sys/class/block/%s/%s/partition", largest->disk, name);
	if (sysroot_number(path, &number))
		return;
	snprintf(path, sizeof(path), "/sys/class/block/%s/%s/size", largest->disk, name);
	if (sysroot_number(path, &sectors) || sectors <= largest->sectors)
		return;
	largest->number = number;
	largest->sectors = sectors;
}

/* What the node calls its first disk of this kind; it has no other. */
static const char *name_there(const struct rootfs *rootfs, const char *disk)
{
	char path[128];
	__u64 class = 0;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/class", rootfs->device);
	if (!strncmp(disk, "nvme", 4) ||
	    (!sysroot_number(path, &class) && class >> 8 == CLASS_NVME))
		return "nvme0n1";
	return !strncmp(disk, "sd", 2) || class >> 8 == 0x0106 ? "sda" : "vda";
}

static void tell_disk(struct rootfs *rootfs, const char *disk)
{
	const char *there = name_there(rootfs, disk);
	struct largest largest = { .disk = disk };
	char number[24] = "", path[256];

	if (*disk) {
		snprintf(path, sizeof(path), "/sys/class/block/%s", disk);
		sysroot_each(path, take_partition, &largest);
	}
	if (largest.number)
		snprintf(number, sizeof(number), "%s%llu", !strncmp(there, "nvme", 4) ? "p" : "",
			 largest.number);
	snprintf(rootfs->words, sizeof(rootfs->words), "root=/dev/%s%s rw", there, number);
	/* Only a whole disk is ever formatted. */
	if (*disk && !largest.number)
		snprintf(rootfs->place, sizeof(rootfs->place), "/dev/%.200s", disk);
}

/**
 * rootfs_disk() - the root is on a disk of the node's own
 * @rootfs: filled in
 * @config: gets the disk's controller
 * @function: the controller, as the user names it
 *
 * Return: an enum mint_exit.
 */
int rootfs_disk(struct rootfs *rootfs, struct config *config, const char *function)
{
	char why[512], use[128], disk[64];
	__u32 number;

	if (!value_devices(function, config->functions, &config->nr_functions, why, sizeof(why)))
		return fail(MINT_EXIT_USAGE, "--disk: %s", why);
	if (config->nr_functions != 1)
		return fail(MINT_EXIT_USAGE, "--disk: one PCI function is wanted");
	number = config->functions[0];
	rootfs->kind = ROOTFS_DISK;
	snprintf(rootfs->device, sizeof(rootfs->device), "%04x:%02x:%02x.%u", number >> 16,
		 number >> 8 & 0xff, number >> 3 & 0x1f, number & 7);
	snprintf(why, sizeof(why), PCI_DEVICES "/%s", rootfs->device);
	if (!sysroot_has(why))
		return fail(MINT_EXIT_FAILED, "this node sees no PCI function %s. Try: mint hw",
			    function);
	if (disk_in_use(rootfs->device, use, sizeof(use)))
		return fail(MINT_EXIT_FAILED, "disk %s is in use: %s. Try: another disk", function,
			    use);
	if (!disk_of(rootfs->device, disk, sizeof(disk)))
		*disk = 0;
	tell_disk(rootfs, disk);
	return MINT_EXIT_OK;
}

/* What stands in exports, on a command line and in a server's file needs no quotes. */
static bool plain_path(const char *path)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";

	return *path == '/' && path[1] && !path[strspn(path, allowed)] &&
	       !strstr(path, "//") && !strstr(path, "/.");
}

static bool folder_is_empty(const char *path)
{
	struct dirent **names;
	int i, nr = scandir(path, &names, NULL, NULL);

	for (i = 0; i < nr; i++)
		free(names[i]);
	if (nr >= 0)
		free(names);
	return nr <= 2;
}

static int check_folder(const char *dir)
{
	char path[300];
	struct stat info;

	if (!plain_path(dir) || strlen(dir) > 200)
		return fail(MINT_EXIT_USAGE, "--root '%s': %s", dir,
			    "an absolute path of letters, digits and '-_./' is wanted");
	if (lstat(dir, &info))
		return errno == ENOENT ? MINT_EXIT_OK : fail(MINT_EXIT_FAILED, "'%s': %m", dir);
	if (!S_ISDIR(info.st_mode))
		return fail(MINT_EXIT_FAILED, "'%s' is no folder", dir);
	snprintf(path, sizeof(path), "%s/etc/os-release", dir);
	if (folder_is_empty(dir) || !lstat(path, &info))
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_FAILED, "'%s' is neither empty nor the root of a system. %s", dir,
		    "Try: another folder");
}

/**
 * rootfs_nfs() - the root is a folder of this node, by NFS
 * @rootfs: filled in
 * @dir: the folder
 *
 * Return: an enum mint_exit.
 */
int rootfs_nfs(struct rootfs *rootfs, const char *dir)
{
	int code = check_folder(dir);

	if (code)
		return code;
	rootfs->kind = ROOTFS_NFS;
	snprintf(rootfs->place, sizeof(rootfs->place), "%.200s", dir);
	/*
	 * Hard is the default: who uses a file waits until the server is back. The
	 * kernel's sizes are 4K where it mounts the root by itself.
	 */
	snprintf(rootfs->words, sizeof(rootfs->words),
		 "root=/dev/nfs nfsroot=%s:%.200s,vers=4.2,proto=tcp,rsize=1048576,wsize=1048576 rw",
		 ADDRESSES_NODE0, dir);
	return MINT_EXIT_OK;
}

static int check_size(const char *size)
{
	struct mint_extent extent[MINT_HANDOVER_EXTENTS];
	unsigned int nr;
	char why[512];

	if (value_memory(size, extent, &nr, why, sizeof(why)) && nr == 1 &&
	    !strchr(size, '@') && extent[0].bytes >= IMAGE_LEAST)
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_USAGE, "--nbd '%s': a size of 1G or more is wanted, such as 4G",
		    size);
}

/**
 * rootfs_nbd() - the root is an image on this node, by NBD
 * @rootfs: filled in
 * @config: has the node's name
 * @size: of the image
 *
 * Return: an enum mint_exit.
 */
int rootfs_nbd(struct rootfs *rootfs, struct config *config, const char *size)
{
	int code = check_size(size);

	if (code)
		return code;
	rootfs->kind = ROOTFS_NBD;
	snprintf(rootfs->size, sizeof(rootfs->size), "%s", size);
	snprintf(rootfs->place, sizeof(rootfs->place), MINT_DATA_DIR "/%s.img", config->name);
	snprintf(rootfs->initrd, sizeof(rootfs->initrd), MINT_DATA_DIR "/%s.initrd",
		 config->name);
	snprintf(rootfs->words, sizeof(rootfs->words),
		 "root=/dev/nbd0 nbdroot=" ADDRESSES_NODE0 "/%s rootfstype=ext4 rw", config->name);
	return MINT_EXIT_OK;
}

/**
 * rootfs_initramfs() - the root is an initramfs
 * @rootfs: filled in
 * @config: has the node's name
 *
 * Return: an enum mint_exit.
 */
int rootfs_initramfs(struct rootfs *rootfs, struct config *config)
{
	rootfs->kind = ROOTFS_INITRAMFS;
	snprintf(rootfs->initrd, sizeof(rootfs->initrd), MINT_DATA_DIR "/%s.cpio", config->name);
	snprintf(rootfs->place, sizeof(rootfs->place), "%s", rootfs->initrd);
	return MINT_EXIT_OK;
}

static void fill_arguments(const struct rootfs *rootfs, const char *name, char number[16],
			   const char *argv[12])
{
	unsigned int i = 0;

	snprintf(number, 16, "%u", rootfs->number);
	argv[i++] = MAKE_ROOT;
	argv[i++] = kind_names[rootfs->kind];
	argv[i++] = name;
	argv[i++] = *rootfs->place ? rootfs->place : "-";
	argv[i++] = number;
	argv[i++] = rootfs->release;
	argv[i++] = rootfs->suite;
	argv[i++] = *rootfs->packages ? rootfs->packages : "-";
	argv[i++] = *rootfs->size ? rootfs->size : *rootfs->device ? rootfs->device : "-";
	argv[i] = NULL;
}

/**
 * rootfs_make() - make the root, if it is to be made, and have it served
 * @rootfs: the root
 * @name: the node's name
 *
 * Return: an enum mint_exit; after a failure nothing is left that was not there before.
 */
int rootfs_make(const struct rootfs *rootfs, const char *name)
{
	const char *argv[12];
	char number[16];

	if (rootfs->kind == ROOTFS_NONE)
		return MINT_EXIT_OK;
	if (geteuid())
		return fail(MINT_EXIT_FAILED, "only root may do that");
	fill_arguments(rootfs, name, number, argv);
	return script_show(MAKE_ROOT, argv);
}

/**
 * rootfs_undo() - have the root of a node served no more; it stays
 * @name: the node's name
 *
 * Return: an enum mint_exit.
 */
int rootfs_undo(const char *name)
{
	const char *const argv[] = { MAKE_ROOT, "undo", name, NULL };

	/* Without the script nothing was made by it. */
	return script_installed(MAKE_ROOT) ? script_show(MAKE_ROOT, argv) : MINT_EXIT_OK;
}

/**
 * rootfs_say_plan() - print what would be done for the root
 * @rootfs: the root
 * @name: the node's name
 */
void rootfs_say_plan(const struct rootfs *rootfs, const char *name)
{
	const char *argv[12];
	char number[16];
	unsigned int i;

	if (rootfs->kind == ROOTFS_NONE)
		return;
	fill_arguments(rootfs, name, number, argv);
	printf("\nwould run:");
	for (i = 0; argv[i]; i++)
		printf(" %s", argv[i]);
	putchar('\n');
}

/**
 * rootfs_say_next() - print what is left to do so that the root is there at each boot
 * @rootfs: the root
 */
void rootfs_say_next(const struct rootfs *rootfs)
{
	if (rootfs->kind == ROOTFS_DISK)
		printf("for the next boot of node 0, add to mint=: nodevices=%s\n",
		       rootfs->device + strlen("0000:"));
}
