// SPDX-License-Identifier: GPL-2.0
/*
 * Is an initrd whole? cpio archives, and lz4 as the kernel's tools write it,
 * tell their length and are followed to their end; xz has a mark there. Of the
 * other formats only the beginning is checked: that one is cut off shows when
 * the node unpacks it.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <linux/types.h>
#include "file.h"
#include "initrd.h"
#include "util.h"

#define CPIO_HEADER_BYTES	110
#define CPIO_TRAILER		"TRAILER!!!"
/* What a block of 8 MB becomes at worst */
#define LZ4_BLOCK_MAX		((8U << 20) + (8U << 20) / 255 + 16)

/**
 * struct format - a way to write an initrd
 * @bytes: length of @magic
 * @magic: what it begins with
 * @end: where a part that begins at @at ends, 0 = it is cut off; NULL: the
 *	part is the rest
 */
struct format {
	unsigned char bytes;
	const char *magic;
	size_t (*end)(const struct buffer *initrd, size_t at);
};

static bool cpio_number(const unsigned char *digits, __u32 *value)
{
	unsigned int i;

	*value = 0;
	for (i = 0; i < 8; i++) {
		if (!isxdigit(digits[i]))
			return false;
		*value = *value << 4 | (isdigit(digits[i]) ? digits[i] - '0' :
					tolower(digits[i]) - 'a' + 10);
	}
	return true;
}

static size_t align4(size_t value)
{
	return (value + 3) & ~(size_t)3;
}

/* The end of an entry, 0 if it is not whole. */
static size_t cpio_entry_end(const struct buffer *initrd, size_t at, bool *trailer)
{
	const unsigned char *header = initrd->data + at;
	size_t left = initrd->bytes - at, name_end;
	__u32 file_bytes, name_bytes;

	if (left < CPIO_HEADER_BYTES || memcmp(header, "07070", 5) ||
	    !cpio_number(header + 54, &file_bytes) || !cpio_number(header + 94, &name_bytes))
		return 0;
	name_end = align4(CPIO_HEADER_BYTES + (size_t)name_bytes);
	*trailer = name_bytes == sizeof(CPIO_TRAILER) &&
		   CPIO_HEADER_BYTES + name_bytes <= left &&
		   !memcmp(header + CPIO_HEADER_BYTES, CPIO_TRAILER, sizeof(CPIO_TRAILER));
	if (*trailer)
		return at + CPIO_HEADER_BYTES + name_bytes;
	if (name_end > left || align4(file_bytes) > left - name_end)
		return 0;
	return at + name_end + align4(file_bytes);
}

static size_t cpio_end(const struct buffer *initrd, size_t at)
{
	bool trailer = false;

	while (!trailer) {
		at = cpio_entry_end(initrd, at, &trailer);
		if (!at)
			return 0;
	}
	return at;
}

/* Blocks with their size before them; another archive may follow the last. */
static size_t lz4_end(const struct buffer *initrd, size_t at)
{
	__u32 block;

	at += sizeof(block);
	while (initrd->bytes - at >= sizeof(block)) {
		memcpy(&block, initrd->data + at, sizeof(block));
		if (!block || block > LZ4_BLOCK_MAX)
			return at;
		at += sizeof(block);
		if (block > initrd->bytes - at)
			return 0;
		at += block;
	}
	return at == initrd->bytes ? at : 0;
}

static size_t xz_end(const struct buffer *initrd, size_t at)
{
	size_t end = initrd->bytes;

	while (end > at && !initrd->data[end - 1])
		end--;
	return end - at > 2 && !memcmp(initrd->data + end - 2, "YZ", 2) ? initrd->bytes : 0;
}

static const struct format formats[] = {
	{ 6, "070701", cpio_end },		/* newc */
	{ 6, "070702", cpio_end },		/* newc with checksums */
	{ 4, "\x02\x21\x4c\x18", lz4_end },	/* as the kernel's tools write it */
	{ 6, "\xfd\x37zXZ\0", xz_end },
	{ 2, "\x1f\x8b", NULL },		/* gzip */
	{ 4, "\x28\xb5\x2f\xfd", NULL },	/* zstd */
	{ 3, "\x5d\0\0", NULL },		/* lzma */
	{ 3, "BZh", NULL },			/* bzip2 */
	{ 4, "\x89LZO", NULL },			/* lzo */
};

static const struct format *format_at(const struct buffer *initrd, size_t at)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (initrd->bytes - at >= formats[i].bytes &&
		    !memcmp(initrd->data + at, formats[i].magic, formats[i].bytes))
			return &formats[i];
	return NULL;
}

/**
 * initrd_fault() - look for what is wrong with an initrd
 * @initrd: the file as a whole: archives, each compressed or not, with zeroes
 *	between them
 *
 * Return: what is wrong, or NULL.
 */
const char *initrd_fault(const struct buffer *initrd)
{
	size_t at = 0;

	while (at < initrd->bytes) {
		const struct format *format = format_at(initrd, at);

		if (!format)
			return at ? "what follows its first archive is no archive" :
			       "it is neither a cpio archive nor compressed in a known way";
		if (!format->end)
			return NULL;
		at = format->end(initrd, at);
		if (!at)
			return "it is cut off or damaged: its archive has no end";
		while (at < initrd->bytes && !initrd->data[at])
			at++;
	}
	return NULL;
}
