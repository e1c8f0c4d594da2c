// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel and initrd files: read as a whole and checked against the boot
 * protocol (Documentation/arch/x86/boot.rst) before anything is touched.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <asm/bootparam.h>
#include "config.h"
#include "file.h"
#include "image.h"
#include "initrd.h"
#include "layout.h"
#include "report.h"

#define IMAGE_LIMIT		0x40000000UL
#define SECTOR_BYTES		512
#define HEADER_OFFSET		offsetof(struct boot_params, hdr)
#define PROTOCOL_MIN		0x020c	/* the first with xloadflags */
#define PROTOCOL_KERNEL_INFO	0x020f	/* the first with kernel_info */
#define ALIGNMENT_MAX		0x40000000U

static int refuse_file(const char *what, const char *path, const char *why)
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

/*
 * A kernel without Mint would start and die without a word. Ours says what it
 * is in kernel_info, which stands uncompressed in the file for boot loaders.
 */
static bool has_mint(const struct image *image)
{
	const struct buffer *code = &image->code;
	__u32 info[3], piece[2];
	size_t at, end;

	at = image->header.kernel_info_offset;
	if (image->header.version < PROTOCOL_KERNEL_INFO || at > code->bytes ||
	    code->bytes - at < sizeof(info))
		return false;
	memcpy(info, code->data + at, sizeof(info));	/* "LToP", size, size of all */
	if (memcmp(info, "LToP", 4) || info[2] > code->bytes - at)
		return false;
	end = at + info[2];
	for (at += info[1]; at <= end && end - at >= sizeof(piece); at += piece[1]) {
		memcpy(piece, code->data + at, sizeof(piece));
		if (!memcmp(piece, "Mint", 4))
			return true;
		if (piece[1] < sizeof(piece))
			return false;
	}
	return false;
}

static int read_kernel(const struct config *config, struct image *image)
{
	const struct setup_header *header = &image->header;
	size_t setup, room;
	const char *why;
	int code;

	code = file_read("kernel", config->kernel, IMAGE_LIMIT, &image->file);
	if (code)
		return code;
	if (!read_header(image))
		return refuse_file("kernel", config->kernel, "it is not a bzImage");
	why = header_fault(header);
	if (why)
		return refuse_file("kernel", config->kernel, why);

	setup = ((header->setup_sects ? header->setup_sects : 4) + 1) * SECTOR_BYTES;
	image->code.bytes = (size_t)header->syssize * 16;
	if (image->code.bytes <= KERNEL_ENTRY_64)
		return refuse_file("kernel", config->kernel, "its header is damaged: syssize");
	if (setup + image->code.bytes > image->file.bytes)
		return fail(MINT_EXIT_FAILED, "kernel '%s': it is cut off: %zu of %zu bytes",
			    config->kernel, image->file.bytes, setup + image->code.bytes);
	image->code.data = image->file.data + setup;
	if (!has_mint(image))
		return refuse_file("kernel", config->kernel,
			      "it is built without Mint (CONFIG_MINT), no node can run it");
	room = header->cmdline_size < PARAMS_CMDLINE_BYTES ? header->cmdline_size :
							    PARAMS_CMDLINE_BYTES - 1;
	if (strlen(config->cmdline) + strlen(" " PARAMS_WORD) > room)
		return fail(MINT_EXIT_FAILED,
			    "%s: cmdline: longer than the kernel takes, %zu with %s, %s",
			    config->path, room, PARAMS_WORD, "which mint start adds");
	read_release(image);
	return MINT_EXIT_OK;
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
	const char *why;
	int code;

	memset(image, 0, sizeof(*image));
	code = read_kernel(config, image);
	if (code || !config->initrd)
		return code;
	code = file_read("initrd", config->initrd, IMAGE_LIMIT, &image->initrd);
	if (code)
		return code;
	why = initrd_fault(&image->initrd);
	return why ? refuse_file("initrd", config->initrd, why) : MINT_EXIT_OK;
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
