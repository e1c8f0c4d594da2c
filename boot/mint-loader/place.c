// SPDX-License-Identifier: GPL-2.0
/*
 * Where the parts of a start go in a node's memory, and the boot parameters
 * that tell its kernel (64-bit boot protocol, Documentation/arch/x86/boot.rst).
 *
 * In one extent: boot parameters, hand-over record, command line and page tables
 * in the first megabyte, then the kernel, the initrd at the very end.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <asm/bootparam.h>
#include <mint/dev.h>
#include "cmdline.h"
#include "image.h"
#include "layout.h"
#include "paging.h"
#include "place.h"
#include "report.h"
#include "text.h"

/* The kernel moves itself to pref_address when it finds itself below. */
static __u64 kernel_place(__u64 base, const struct setup_header *header)
{
	__u64 at = base + PARAMS_AREA_BYTES;

	if (at < header->pref_address)
		at = header->pref_address;
	return align_up(at, header->kernel_alignment);
}

/* An extent without an address is judged by the place that wastes least. */
static __u64 assumed_base(const struct setup_header *header)
{
	__u64 at = align_up(header->pref_address + PARAMS_AREA_BYTES, header->kernel_alignment);

	return (at - PARAMS_AREA_BYTES) & ~(MINT_EXTENT_ALIGN - 1);
}

static bool place_in(const struct image *image, const struct mint_extent *extent,
		     struct placement *to)
{
	const struct setup_header *header = &image->header;
	__u64 initrd_bytes = image->initrd.bytes;
	__u64 end;

	to->extent = *extent;
	if (extent->base == MINT_ANY)
		to->extent.base = assumed_base(header);
	end = to->extent.base + to->extent.bytes;
	to->params = to->extent.base;
	to->kernel = kernel_place(to->extent.base, header);
	to->kernel_bytes = header->init_size;
	if (to->kernel_bytes < image->code.bytes)
		to->kernel_bytes = image->code.bytes;
	if (to->kernel >= end || to->kernel_bytes > end - to->kernel)
		return false;
	to->initrd = 0;
	if (!initrd_bytes)
		return true;
	if (initrd_bytes > end - to->kernel - to->kernel_bytes)
		return false;
	to->initrd = (end - initrd_bytes) & ~4095ULL;
	return to->initrd >= to->kernel + to->kernel_bytes;
}

static __u64 kernel_end(const struct placement *placement)
{
	return placement->kernel + placement->kernel_bytes;
}

static int check_reach(const struct placement *placement)
{
	char bytes[24];

	if (paging_reaches(placement->params, kernel_end(placement)))
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_FAILED,
		    "a kernel of %s at 0x%llx cannot be entered: %s",
		    size_text(placement->kernel_bytes, bytes), placement->kernel,
		    "it has to lie below 64T and within 1G");
}

/**
 * place() - find room for kernel, initrd and boot parameters
 * @image: the files
 * @extents: the node's memory; a base of MINT_ANY is not yet known
 * @nr_extents: entries of @extents
 * @placement: filled in: the first extent that has room
 *
 * Return: an enum mint_exit.
 */
int place(const struct image *image, const struct mint_extent *extents, unsigned int nr_extents,
	  struct placement *placement)
{
	const struct setup_header *header = &image->header;
	char need[24];
	unsigned int i;

	for (i = 0; i < nr_extents; i++) {
		if (!place_in(image, &extents[i], placement))
			continue;
		if (placement->extent.base + placement->extent.bytes > 1ULL << 32 &&
		    !(header->xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G))
			continue;
		return check_reach(placement);
	}
	return fail(MINT_EXIT_FAILED,
		    "kernel and initrd do not fit in any piece of its memory: they need %s%s",
		    size_text(align_up(kernel_place(assumed_base(header), header) -
				       assumed_base(header) + placement->kernel_bytes +
				       align_up(image->initrd.bytes, 4096), MINT_EXTENT_ALIGN),
			      need),
		    header->xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G ? "" : " below 4G");
}

/* The kernel ignores a map with one entry, so the first extent becomes two. */
static void fill_e820(struct boot_params *params, const struct mint_extent *extents,
		      unsigned int nr_extents)
{
	struct boot_e820_entry *entry = params->e820_table;
	unsigned int i;

	for (i = 0; i < nr_extents; i++) {
		__u64 base = extents[i].base, bytes = extents[i].bytes;

		if (nr_extents == 1) {
			entry->addr = base;
			entry->size = PARAMS_AREA_BYTES;
			entry++->type = 1;
			base += PARAMS_AREA_BYTES;
			bytes -= PARAMS_AREA_BYTES;
		}
		entry->addr = base;
		entry->size = bytes;
		entry++->type = 1;
	}
	params->e820_entries = entry - params->e820_table;
}

static void fill_header(struct boot_params *params, const struct placement *placement)
{
	struct setup_header *header = &params->hdr;
	__u64 cmdline = placement->params + PARAMS_CMDLINE;

	header->type_of_loader = 0xff;
	header->loadflags &= ~(KASLR_FLAG | KEEP_SEGMENTS | CAN_USE_HEAP);
	header->setup_data = placement->params + PARAMS_HANDOVER - sizeof(struct setup_data);
	header->cmd_line_ptr = (__u32)cmdline;
	params->ext_cmd_line_ptr = cmdline >> 32;
}

/**
 * params_fill() - make the boot parameters of a node
 * @params: filled in; goes to placement->params
 * @image: the files
 * @placement: where the parts go
 * @extents: all memory of the node
 * @nr_extents: entries of @extents, at most MINT_HANDOVER_EXTENTS
 * @cmdline: the kernel's command line
 */
void params_fill(unsigned char params[PARAMS_BYTES], const struct image *image,
		 const struct placement *placement, const struct mint_extent *extents,
		 unsigned int nr_extents, const char *cmdline)
{
	struct boot_params page = { .hdr = image->header };
	const struct setup_data handover = {
		.type = MINT_SETUP_DATA,
		.len = sizeof(struct mint_handover),
	};

	fill_header(&page, placement);
	fill_e820(&page, extents, nr_extents);
	page.hdr.ramdisk_image = (__u32)placement->initrd;
	page.ext_ramdisk_image = placement->initrd >> 32;
	page.hdr.ramdisk_size = image->initrd.bytes;

	memset(params, 0, PARAMS_BYTES);
	memcpy(params, &page, sizeof(page));
	memcpy(params + PARAMS_HANDOVER - sizeof(handover), &handover, sizeof(handover));
	snprintf((char *)params + PARAMS_CMDLINE, PARAMS_CMDLINE_BYTES, "%s%s", cmdline,
		 cmdline_has(cmdline, PARAMS_WORD) ? "" : " " PARAMS_WORD);
	paging_fill(params + PARAMS_TABLES, placement->params + PARAMS_TABLES, placement->params,
		    kernel_end(placement));
}
