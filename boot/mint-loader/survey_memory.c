// SPDX-License-Identifier: GPL-2.0
/* The firmware's memory map: from /sys/firmware/memmap, else from /proc/iomem. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mint/abi.h>
#include "survey.h"
#include "sysroot.h"
#include "util.h"

#define MEMMAP_DIR	"/sys/firmware/memmap"
#define IOMEM_MAX	(4 << 20)
#define RAM_NAME	"System RAM"
#define LOW_END		0x100000ULL
#define PAGE_BYTES	4096ULL

/**
 * struct map - RAM as it was found
 * @nr: used entries of @pieces
 * @error: the first
 * @pieces: in any order
 */
struct map {
	unsigned int nr;
	int error;
	struct survey_piece pieces[SURVEY_PIECES];
};

static void add_ram(struct map *map, __u64 start, __u64 last)
{
	if (last < start || last >= 1ULL << 52)
		map->error = -EBADMSG;
	else if (map->nr < SURVEY_PIECES)
		map->pieces[map->nr++] = (struct survey_piece) { start, last + 1 - start };
}

static void add_memmap_entry(const char *name, void *context)
{
	char path[512], type[32];
	struct map *map = context;
	__u64 start, last;
	int error;

	snprintf(path, sizeof(path), MEMMAP_DIR "/%s/type", name);
	error = sysroot_line(path, type, sizeof(type));
	if (!error && strcmp(type, RAM_NAME))
		return;
	snprintf(path, sizeof(path), MEMMAP_DIR "/%s/start", name);
	if (!error)
		error = sysroot_number(path, &start);
	snprintf(path, sizeof(path), MEMMAP_DIR "/%s/end", name);
	if (!error)
		error = sysroot_number(path, &last);
	if (error)
		map->error = error;
	else
		add_ram(map, start, last);
}

/* "00100000-bfffffff : System RAM"; what lies in another piece is indented. */
static void add_iomem_line(struct map *map, const char *line)
{
	char *end, *name;
	__u64 start, last;

	if (*line == ' ')
		return;
	start = strtoull(line, &end, 16);
	if (*end != '-')
		return;
	last = strtoull(end + 1, &name, 16);
	if (strcmp(name, " : " RAM_NAME))
		return;
	/* Who is not root sees zeroes. */
	if (!start && !last)
		map->error = -EACCES;
	else
		add_ram(map, start, last);
}

static void read_iomem(struct map *map)
{
	struct buffer iomem;
	char *text, *line;

	map->error = sysroot_read("/proc/iomem", IOMEM_MAX, &iomem);
	if (map->error)
		return;
	text = (char *)iomem.data;
	while ((line = strsep(&text, "\n")))
		add_iomem_line(map, line);
	free(iomem.data);
}

static int by_base(const void *a, const void *b)
{
	const struct survey_piece *first = a, *second = b;

	return first->base < second->base ? -1 : first->base > second->base;
}

/* Joins what touches; what overlaps is counted once. */
static void join(struct map *map)
{
	unsigned int i, nr = 0;

	qsort(map->pieces, map->nr, sizeof(map->pieces[0]), by_base);
	for (i = 0; i < map->nr; i++) {
		struct survey_piece *last = nr ? &map->pieces[nr - 1] : NULL;
		__u64 end = map->pieces[i].base + map->pieces[i].bytes;

		if (!last || map->pieces[i].base > last->base + last->bytes)
			map->pieces[nr++] = map->pieces[i];
		else if (end > last->base + last->bytes)
			last->bytes = end - last->base;
	}
	map->nr = nr;
}

static void take_piece(struct survey_memory *memory, const struct survey_piece *piece)
{
	__u64 end = piece->base + piece->bytes, low = piece->base, low_end = end;
	__u64 at = align_up(piece->base, MINT_EXTENT_ALIGN);

	memory->bytes += piece->bytes;
	if (low < PAGE_BYTES)
		low = PAGE_BYTES;
	if (low_end > LOW_END)
		low_end = LOW_END;
	if (low < low_end && low_end - low > memory->low_bytes)
		memory->low_bytes = low_end - low;
	if (!at)
		at = MINT_EXTENT_ALIGN;
	end &= ~(MINT_EXTENT_ALIGN - 1);
	if (at < end)
		memory->pieces[memory->nr++] = (struct survey_piece) { at, end - at };
}

/**
 * survey_memory() - read the memory map
 * @memory: zeroes; filled in
 */
void survey_memory(struct survey_memory *memory)
{
	static struct map map;
	unsigned int i;

	map = (struct map) { 0 };
	if (sysroot_each(MEMMAP_DIR, add_memmap_entry, &map) || map.error || !map.nr) {
		map.nr = 0;
		read_iomem(&map);
	}
	memory->error = map.error ? map.error : map.nr ? 0 : -EBADMSG;
	if (memory->error)
		return;
	join(&map);
	for (i = 0; i < map.nr; i++)
		take_piece(memory, &map.pieces[i]);
}
