// SPDX-License-Identifier: GPL-2.0
/*
 * The shared region, by read-only mmap() of the device or from a saved image.
 * Any node may have written anything into it: the directory is copied and
 * checked once here, all other data goes through region_copy().
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <mint/atomic.h>
#include <mint/dev.h>
#include "cmdline.h"
#include "file.h"
#include "paths.h"
#include "region.h"
#include "report.h"

#define IMAGE_LIMIT	0x100000000UL
#define SYS_DIR		"/sys/devices/mint"

/* Structures are copied by words, whatever fields they have. */
typedef __u64 __attribute__((may_alias)) any_word;

/**
 * region_copy() - copy out of the region
 * @to: where to, aligned to 8 bytes
 * @from: where from, aligned to 8 bytes
 * @bytes: how much, a multiple of 8
 *
 * Each word is read once and whole, whoever writes it meanwhile.
 */
void region_copy(void *to, const void *from, size_t bytes)
{
	const any_word *source = from;
	any_word *target = to;
	size_t i;

	for (i = 0; i < bytes / sizeof(*target); i++)
		target[i] = mint_load(&source[i]);
}

static int damaged_region(const char *what)
{
	return fail(MINT_EXIT_FAILED, "the shared region is damaged: %s", what);
}

static int check_abi(__u32 major, __u32 minor)
{
	if (major == MINT_ABI_MAJOR)
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_ABI,
		    "the shared region has ABI %u.%u, this command has ABI %u.%u. %s",
		    major, minor, MINT_ABI_MAJOR, MINT_ABI_MINOR,
		    "Try: the mint command that was built with this kernel");
}

static bool section_good(const struct mint_section *section, __u64 region_bytes)
{
	__u64 used = (__u64)section->entries * section->entry_bytes;

	return section->offset <= region_bytes &&
	       section->bytes <= region_bytes - section->offset &&
	       used <= section->bytes && section->offset % 4096 == 0 &&
	       section->entry_bytes % 8 == 0;
}

static int check_header(struct region *region)
{
	struct mint_header header;
	unsigned int i;
	int code;

	if (region->bytes < sizeof(header))
		return damaged_region("it is shorter than its header");
	region_copy(&header, region->base, sizeof(header));
	if (header.magic != MINT_ABI_MAGIC)
		return damaged_region("its magic number is wrong");
	code = check_abi(header.abi_major, header.abi_minor);
	if (code)
		return code;
	if (header.region_bytes > region->bytes)
		return fail(MINT_EXIT_FAILED,
			    "the shared region is cut off: %llu of %llu bytes",
			    region->bytes, header.region_bytes);
	if (header.nr_sections > MINT_MAX_SECTIONS)
		return damaged_region("its number of sections");
	for (i = 0; i < header.nr_sections; i++) {
		if (!section_good(&header.sections[i], header.region_bytes))
			return fail(MINT_EXIT_FAILED,
				    "the shared region is damaged: place of section %u",
				    header.sections[i].id);
		region->sections[i] = header.sections[i];
	}
	region->nr_sections = header.nr_sections;
	return MINT_EXIT_OK;
}

/**
 * region_entry() - find an entry of a section
 * @region: the region
 * @section: a MINT_SECTION_* value
 * @index: which entry
 * @bytes: its least size
 * @room: filled in with its whole size, may be NULL
 *
 * Return: the entry, NULL when the region has none of that size.
 */
const void *region_entry(const struct region *region, __u32 section, __u32 index, size_t bytes,
			 size_t *room)
{
	unsigned int i;

	for (i = 0; i < region->nr_sections; i++) {
		const struct mint_section *found = &region->sections[i];

		if (found->id != section)
			continue;
		if (index >= found->entries || bytes > found->entry_bytes)
			return NULL;
		if (room)
			*room = found->entry_bytes;
		return region->base + found->offset + (__u64)index * found->entry_bytes;
	}
	return NULL;
}

static int open_saved(const char *path, struct region *region)
{
	struct buffer image;
	int code = file_read("saved region", path, IMAGE_LIMIT, &image);

	if (code)
		return code;
	region->base = image.data;
	region->bytes = image.bytes;
	region->self = MINT_MAX_NODES;
	return check_header(region);
}

static bool booted_with_mint(void)
{
	FILE *file = fopen("/proc/cmdline", "re");
	char line[4096] = "";

	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		*line = '\0';
	fclose(file);
	return cmdline_value(line, "mint=");
}

/* Looked up and not guessed: why there is no device. */
static int no_device(void)
{
	if (!access(SYS_DIR, F_OK))
		return fail(MINT_EXIT_FAILED, "there is no %s, though this kernel has it. %s",
			    MINT_DEVICE, "Try: mount -t devtmpfs none /dev");
	if (booted_with_mint())
		return fail(MINT_EXIT_FAILED,
			    "this kernel runs without Mint, though booted with mint=: no %s. %s",
			    MINT_DEVICE, "Try: dmesg | grep mint");
	return fail(MINT_EXIT_FAILED,
		    "this kernel runs without Mint: no %s. Try: boot it with mint=", MINT_DEVICE);
}

static int open_device(struct region *region)
{
	struct mint_ioc_info info;
	void *base;
	int code;

	region->fd = open(MINT_DEVICE, O_RDWR | O_CLOEXEC);
	if (region->fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV))
		return no_device();
	if (region->fd < 0)
		return fail(MINT_EXIT_FAILED, MINT_DEVICE ": %m");
	if (ioctl(region->fd, MINT_IOC_INFO, &info))
		return fail(MINT_EXIT_FAILED, MINT_DEVICE ": %m");
	code = check_abi(info.abi >> 16, info.abi & 0xffff);
	if (code)
		return code;
	base = mmap(NULL, info.region_bytes, PROT_READ, MAP_SHARED, region->fd, 0);
	if (base == MAP_FAILED)
		return fail(MINT_EXIT_FAILED, MINT_DEVICE " cannot be mapped: %m");
	region->base = base;
	region->bytes = info.region_bytes;
	region->self = info.node;
	return check_header(region);
}

/**
 * region_open() - map the region
 * @saved: file with a saved image of it, or NULL for that of this machine
 * @region: filled in; region_close() is due after success and failure alike
 *
 * Return: an enum mint_exit.
 */
int region_open(const char *saved, struct region *region)
{
	memset(region, 0, sizeof(*region));
	region->fd = -1;
	return saved ? open_saved(saved, region) : open_device(region);
}

/**
 * region_close() - let go of the region
 * @region: what region_open() filled in
 *
 * Closing the device also ends a loading that is not complete.
 */
void region_close(struct region *region)
{
	if (region->fd < 0) {
		free((void *)region->base);
		return;
	}
	if (region->base)
		munmap((void *)region->base, region->bytes);
	close(region->fd);
}

/**
 * region_present() - is there a region to look at?
 * @saved: as for region_open()
 */
bool region_present(const char *saved)
{
	return saved || !access(MINT_DEVICE, F_OK);
}

static int saved_abi(const char *path, __u32 *abi)
{
	struct mint_header *header;
	struct buffer image;
	int code = file_read("saved region", path, IMAGE_LIMIT, &image);

	if (code)
		return code;
	header = (struct mint_header *)image.data;
	if (image.bytes < sizeof(*header) || header->magic != MINT_ABI_MAGIC)
		code = damaged_region("it has no header");
	else
		*abi = (__u32)header->abi_major << 16 | header->abi_minor;
	free(image.data);
	return code;
}

/**
 * region_abi() - ask for the ABI version, whatever it is
 * @saved: as for region_open()
 * @abi: filled in, major << 16 | minor
 *
 * Return: an enum mint_exit.
 */
int region_abi(const char *saved, __u32 *abi)
{
	struct mint_ioc_info info = { 0 };
	int fd, code = MINT_EXIT_OK;

	if (saved)
		return saved_abi(saved, abi);
	fd = open(MINT_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, MINT_IOC_INFO, &info))
		code = fail(MINT_EXIT_FAILED, MINT_DEVICE ": %m");
	*abi = info.abi;
	if (fd >= 0)
		close(fd);
	return code;
}
