// SPDX-License-Identifier: GPL-2.0
/*
 * The disks of a PCI function, as this kernel sees them, and what uses them here: a
 * mount, swap, or a device above them (LVM, RAID, encryption). Nothing is opened;
 * all is read from /sys and /proc.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "disk.h"
#include "sysroot.h"

#define BLOCKS		"/sys/class/block"
#define TABLE_LIMIT	0x100000

/**
 * struct search - what is looked for among the disks
 * @function: the PCI function
 * @name: filled in: the first disk that is no partition
 * @what: filled in: what uses one, empty if nothing does
 * @room: bytes of each
 */
struct search {
	const char *function;
	char *name;
	char *what;
	size_t room;
};

/**
 * struct holders - who is above a block device
 * @block: its name
 * @to: what is searched
 */
struct holders {
	const char *block;
	struct search *to;
};

static void take_holder(const char *name, void *context)
{
	struct holders *holders = context;
	char path[320], label[64];

	snprintf(path, sizeof(path), BLOCKS "/%s/dm/name", name);
	if (sysroot_line(path, label, sizeof(label)))
		snprintf(label, sizeof(label), "%s", name);
	snprintf(holders->to->what, holders->to->room, "%s is part of %s", holders->block, label);
}

/* Field number @field of a line, from 0; moves to the next line. */
static bool next_field(char **line, unsigned int field, char *text, size_t room)
{
	size_t length = strcspn(*line, "\n");
	char *at = *line, *end = *line + length;

	if (!*at)
		return false;
	*line = end + (*end == '\n');
	for (; field && at < end; field--) {
		at += strcspn(at, " \t\n");
		at += strspn(at, " \t");
	}
	snprintf(text, room, "%.*s", (int)strcspn(at, " \t\n"), at);
	return true;
}

/*
 * Is it mounted? By its number in the third field, or by its name behind the dash,
 * since btrfs has numbers of its own; the place is the fifth field.
 */
static bool find_mount(const char *block, const char *number, char *place, size_t room)
{
	char *line, *rest, field[64], source[80];
	struct buffer table;
	bool found = false;

	if (sysroot_read("/proc/self/mountinfo", TABLE_LIMIT, &table))
		return false;
	snprintf(source, sizeof(source), " /dev/%s ", block);
	for (line = (char *)table.data; !found; ) {
		const char *at = strstr(line, source);

		rest = line;
		if (!next_field(&line, 2, field, sizeof(field)))
			break;
		found = (!strcmp(field, number) || (at && at < line)) &&
			next_field(&rest, 4, place, room);
	}
	free(table.data);
	return found;
}

static bool is_swap(const char *block)
{
	char *line, field[64], path[80];
	struct buffer table;
	bool found = false;

	if (sysroot_read("/proc/swaps", TABLE_LIMIT, &table))
		return false;
	snprintf(path, sizeof(path), "/dev/%s", block);
	for (line = (char *)table.data; !found && next_field(&line, 0, field, sizeof(field)); )
		found = !strcmp(field, path);
	free(table.data);
	return found;
}

static void take_uses(const char *block, struct search *search)
{
	struct holders holders = { block, search };
	char path[320], number[32], place[128];

	snprintf(path, sizeof(path), BLOCKS "/%s/holders", block);
	sysroot_each(path, take_holder, &holders);
	snprintf(path, sizeof(path), BLOCKS "/%s/dev", block);
	if (sysroot_line(path, number, sizeof(number)))
		return;
	if (find_mount(block, number, place, sizeof(place)))
		snprintf(search->what, search->room, "%s is mounted on %s", block, place);
	else if (is_swap(block))
		snprintf(search->what, search->room, "%s is swap", block);
}

static void take_block(const char *block, void *context)
{
	struct search *search = context;
	char path[320], link[512], part[32];

	snprintf(path, sizeof(path), BLOCKS "/%s", block);
	snprintf(part, sizeof(part), "/%s/", search->function);
	if (sysroot_link(path, link, sizeof(link)) || !strstr(link, part))
		return;
	snprintf(path, sizeof(path), BLOCKS "/%s/partition", block);
	if (!*search->name && !sysroot_has(path))
		snprintf(search->name, search->room, "%s", block);
	if (!*search->what)
		take_uses(block, search);
}

static void look(const char *function, char *name, char *what, size_t room)
{
	struct search search = { function, name, what, room };

	*name = 0;
	*what = 0;
	sysroot_each(BLOCKS, take_block, &search);
}

/**
 * disk_in_use() - does something use a disk of a PCI function on this node?
 * @function: as /sys names it: 0000:00:04.0
 * @what: filled in: what does, such as "vda1 is mounted on /"
 * @room: bytes of @what
 */
bool disk_in_use(const char *function, char *what, size_t room)
{
	char name[128];

	look(function, name, what, room < sizeof(name) ? room : sizeof(name));
	return *what;
}

/**
 * disk_of() - the first disk of a PCI function
 * @function: as /sys names it
 * @name: filled in, such as "vda"
 * @room: bytes of @name
 *
 * Return: false if it has none here.
 */
bool disk_of(const char *function, char *name, size_t room)
{
	char what[128];

	look(function, name, what, room < sizeof(what) ? room : sizeof(what));
	return *name;
}
