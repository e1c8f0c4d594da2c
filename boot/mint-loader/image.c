// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel and initrd files: read as a whole and checked against the boot
 * protocol (Documentation/arch/x86/boot.rst) before anything is touched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mint.h"

#define IMAGE_LIMIT		0x40000000UL
#define SECTOR_BYTES		512
#define HEADER_OFFSET		offsetof(struct boot_params, hdr)
#define PROTOCOL_MIN		0x020c	/* the first with xloadflags */
#define ALIGNMENT_MAX		0x40000000U

static int refuse(const char *what, const char *path, const char *why)
{
	return fail(MINT_EXIT_FAILED, "%s '%s': %s", what, path, why);
}

/* Copies what the file has of the header; a shorter one is of an old kernel. */
static bool read_header(struct image *image)
{
	const struct buffer *file = &image->file;
	struct setup_header *header = &image->header;
	size_t end;

	if (file->bytes < HEADER_OFFSET + sizeof(*header))
		return false;
	memcpy(header, file->data + HEADER_OFFSET, sizeof(*header));
	if (header->boot_flag != 0xaa55 || header->header != 0x53726448)	/* "HdrS" */
		return false;
	/* The second byte of the jump over the header tells where it ends. */
	end = 0x202 + (header->jump >> 8) - HEADER_OFFSET;
	if (end < sizeof(*header))
		memset((char *)header + end, 0, sizeof(*header) - end);
	return true;
}

static const char *header_fault(const struct setup_header *header)
{
	__u32 align = header->kernel_alignment;

	if (header->version < PROTOCOL_MIN)
		return "its boot protocol is older than 2.12";
	if (!(header->xloadflags & XLF_KERNEL_64))
		return "it is not a 64-bit kernel (XLF_KERNEL_64)";
	if (!header->relocatable_kernel)
		return "it is not relocatable (CONFIG_RELOCATABLE)";
	if (align < 4096 || align > ALIGNMENT_MAX || align & (align - 1))
		return "its header is damaged: kernel_alignment";
	if (!header->init_size)
		return "its header is damaged: init_size";
	return NULL;
}

static void read_release(struct image *image)
{
	size_t at = image->header.kernel_version + SECTOR_BYTES;
	size_t room = sizeof(image->release);

	snprintf(image->release, room, "?");
	if (!image->header.kernel_version || at + room > image->file.bytes)
		return;
	memcpy(image->release, image->file.data + at, room - 1);
	image->release[room - 1] = 0;
	image->release[strcspn(image->release, " ")] = 0;
	make_printable(image->release);
}

static int read_kernel(const struct config *config, struct image *image)
{
	const struct setup_header *header = &image->header;
	size_t setup;
	const char *why;
	int code;

	code = file_read("kernel", config->kernel, IMAGE_LIMIT, &image->file);
	if (code)
		return code;
	if (!read_header(image))
		return refuse("kernel", config->kernel, "it is not a bzImage");
	why = header_fault(header);
	if (why)
		return refuse("kernel", config->kernel, why);

	setup = ((header->setup_sects ? header->setup_sects : 4) + 1) * SECTOR_BYTES;
	image->code.bytes = (size_t)header->syssize * 16;
	if (image->code.bytes <= KERNEL_ENTRY_64)
		return refuse("kernel", config->kernel, "its header is damaged: syssize");
	if (setup + image->code.bytes > image->file.bytes)
		return fail(MINT_EXIT_FAILED, "kernel '%s': it is cut off: %zu of %zu bytes",
			    config->kernel, image->file.bytes, setup + image->code.bytes);
	image->code.data = image->file.data + setup;
	if (strlen(config->cmdline) > header->cmdline_size ||
	    strlen(config->cmdline) >= PARAMS_CMDLINE_BYTES)
		return fail(MINT_EXIT_FAILED, "%s: cmdline: longer than the kernel takes, %u",
			    config->path, header->cmdline_size);
	read_release(image);
	return MINT_EXIT_OK;
}

/* What the kernel unpacks as an initramfs or its decompressors know. */
static bool known_initrd(const struct buffer *initrd)
{
	static const struct {
		unsigned char bytes;
		const char *magic;
	} formats[] = {
		{ 6, "070701" },		/* cpio, newc */
		{ 6, "070702" },		/* cpio, newc with checksums */
		{ 2, "\x1f\x8b" },		/* gzip */
		{ 6, "\xfd\x37zXZ\0" },		/* xz */
		{ 4, "\x28\xb5\x2f\xfd" },	/* zstd */
		{ 4, "\x02\x21\x4c\x18" },	/* lz4, as the kernel's tools write it */
		{ 3, "\x5d\0\0" },		/* lzma */
		{ 3, "BZh" },			/* bzip2 */
		{ 4, "\x89LZO" },		/* lzo */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (initrd->bytes >= formats[i].bytes &&
		    !memcmp(initrd->data, formats[i].magic, formats[i].bytes))
			return true;
	return false;
}

/**
 * image_read() - read and check the files that a node starts from
 * @config: names them
 * @image: filled in; image_free() is due after success and failure alike
 *
 * Return: an enum mint_exit.
 */
int image_read(const struct config *config, struct image *image)
{
	int code;

	memset(image, 0, sizeof(*image));
	code = read_kernel(config, image);
	if (code || !config->initrd)
		return code;
	code = file_read("initrd", config->initrd, IMAGE_LIMIT, &image->initrd);
	if (!code && !known_initrd(&image->initrd))
		code = refuse("initrd", config->initrd,
			      "it is neither a cpio archive nor compressed in a known way");
	return code;
}

/**
 * image_free() - give back what image_read() took
 * @image: the files
 */
void image_free(struct image *image)
{
	free(image->file.data);
	free(image->initrd.data);
	memset(image, 0, sizeof(*image));
}
