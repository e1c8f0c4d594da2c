// SPDX-License-Identifier: GPL-2.0
/*
 * Values of the node file: names, policies, lists of CPUs, memory and PCI
 * functions. Each function takes the text of one value and either accepts all of
 * it or says why not.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mint/dev.h>
#include <mint/extent.h>
#include "cpus.h"
#include "util.h"
#include "value.h"

/**
 * value_name() - check a node's name
 * @text: the value
 * @name: filled in
 * @why: filled in when it is not accepted
 * @room: size of @why
 *
 * Return: whether it was accepted.
 */
bool value_name(const char *text, char name[MINT_NAME_BYTES], char *why, size_t room)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	/* An id must not be mistaken for a name, nor a name for an option. */
	if (!isalpha((unsigned char)*text))
		snprintf(why, room, "'%s' does not begin with a letter", text);
	else if (strlen(text) >= MINT_NAME_BYTES)
		snprintf(why, room, "'%s' is longer than %u characters", text,
			 MINT_NAME_BYTES - 1);
	else if (text[strspn(text, allowed)])
		snprintf(why, room, "'%s' holds other characters than letters, digits, '-_.'",
			 text);
	else
		return snprintf(name, MINT_NAME_BYTES, "%s", text) > 0;
	return false;
}

static const char *const policies[] = {
	[MINT_POLICY_NO] = "no",
	[MINT_POLICY_ON_FAILURE] = "on-failure",
	[MINT_POLICY_ALWAYS] = "always",
};

/**
 * value_restart() - check when a node is to be started again
 * @text: the value
 * @policy: filled in: a MINT_POLICY_* value
 * @why: filled in when it is not accepted
 * @room: size of @why
 *
 * Return: whether it was accepted.
 */
bool value_restart(const char *text, __u32 *policy, char *why, size_t room)
{
	for (*policy = 0; *policy < ARRAY_SIZE(policies); ++*policy)
		if (!strcmp(text, policies[*policy]))
			return true;
	snprintf(why, room, "'%s' is neither no nor on-failure nor always", text);
	return false;
}

/**
 * restart_text() - the word for a policy
 * @policy: any value
 */
const char *restart_text(__u32 policy)
{
	return policy < ARRAY_SIZE(policies) ? policies[policy] : "?";
}

/**
 * value_yes_no() - check a value that is yes or no
 * @text: the value
 * @yes: filled in
 * @why: filled in when it is not accepted
 * @room: size of @why
 *
 * Return: whether it was accepted.
 */
bool value_yes_no(const char *text, bool *yes, char *why, size_t room)
{
	*yes = !strcmp(text, "yes");
	if (*yes || !strcmp(text, "no"))
		return true;
	snprintf(why, room, "'%s' is neither yes nor no", text);
	return false;
}

/**
 * value_number() - read a number, as strtoull() does, but only digits
 * @at: where it begins; moved behind it
 * @base: 10 or 16
 * @value: filled in
 *
 * Return: false when there are no digits, or too many.
 */
bool value_number(const char **at, int base, __u64 *value)
{
	char *end;

	if (base == 16 ? !isxdigit((unsigned char)**at) : !isdigit((unsigned char)**at))
		return false;
	errno = 0;
	*value = strtoull(*at, &end, base);
	*at = end;
	return !errno;
}

static bool cpu_range(const char *text, __u64 *first, __u64 *last)
{
	if (!value_number(&text, 10, first))
		return false;
	*last = *first;
	if (*text == '-') {
		text++;
		if (!value_number(&text, 10, last))
			return false;
	}
	return !*text;
}

static bool add_range(const char *piece, __u64 *cpus, char *why, size_t room)
{
	__u64 first, last;

	if (!cpu_range(piece, &first, &last)) {
		snprintf(why, room, "'%s' is not a CPU number or a range like 2-3", piece);
		return false;
	}
	if (first > last) {
		snprintf(why, room, "the range '%s' runs backwards", piece);
		return false;
	}
	if (last >= MINT_MAX_CPUS) {
		snprintf(why, room, "CPU %llu is above the highest possible, %u", last,
			 MINT_MAX_CPUS - 1);
		return false;
	}
	for (; first <= last; first++) {
		if (cpu_in(cpus, first)) {
			snprintf(why, room, "CPU %llu is named twice", first);
			return false;
		}
		cpu_add(cpus, first);
	}
	return true;
}

/* Cuts the next piece off a list with commas, without blanks around it. */
static char *next_piece(char **rest)
{
	char *piece = strsep(rest, ",");
	char *end;

	if (!piece)
		return NULL;
	while (isspace((unsigned char)*piece))
		piece++;
	end = piece + strlen(piece);
	while (end > piece && isspace((unsigned char)end[-1]))
		*--end = 0;
	return piece;
}

/**
 * value_cpus() - read a list of CPUs such as "1,3-4"
 * @text: the value
 * @cpus: filled in, a bit for each of MINT_MAX_CPUS
 * @why: filled in when it is not accepted
 * @room: size of @why
 *
 * Return: whether it was accepted.
 */
bool value_cpus(const char *text, __u64 *cpus, char *why, size_t room)
{
	char *copy = strdup(text), *rest = copy, *piece;
	bool good = copy;

	memset(cpus, 0, MINT_MAX_CPUS / 8);
	while (good && (piece = next_piece(&rest)))
		good = add_range(piece, cpus, why, room);
	free(copy);
	return good;
}

static bool memory_size(const char **at, __u64 *bytes)
{
	static const char units[] = "KMG";
	unsigned int shift = 0;
	const char *unit;

	if (!value_number(at, 10, bytes))
		return false;
	unit = **at ? strchr(units, toupper((unsigned char)**at)) : NULL;
	if (unit) {
		shift = 10 * (unit - units + 1);
		++*at;
	}
	if (*bytes > ~0ULL >> shift)
		return false;
	*bytes <<= shift;
	return true;
}

static bool memory_extent(const char *text, struct mint_extent *extent)
{
	if (!memory_size(&text, &extent->bytes))
		return false;
	extent->base = MINT_ANY;
	if (*text == '@') {
		text++;
		if (!strncasecmp(text, "0x", 2)) {
			text += 2;
			if (!value_number(&text, 16, &extent->base))
				return false;
		} else if (!memory_size(&text, &extent->base)) {
			return false;
		}
	}
	return !*text;
}

static bool extent_good(const char *piece, const struct mint_extent *extent, char *why,
			size_t room)
{
	if (!extent->bytes || extent->bytes % MINT_EXTENT_ALIGN)
		snprintf(why, room, "the size in '%s' is not a multiple of 2M", piece);
	else if (extent->base == MINT_ANY)
		return true;
	else if (extent->base % MINT_EXTENT_ALIGN)
		snprintf(why, room, "the address in '%s' is not a multiple of 2M", piece);
	else if (extent->base + extent->bytes < extent->base)
		snprintf(why, room, "'%s' ends beyond the last address", piece);
	else
		return true;
	return false;
}

static bool overlaps_one(const struct mint_extent *extent, const struct mint_extent *others,
			 unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (extent->base != MINT_ANY && others[i].base != MINT_ANY &&
		    mint_extent_meets(extent, others[i].base, others[i].bytes))
			return true;
	return false;
}

/**
 * value_memory() - read a list of extents such as "64M,1G@0x100000000"
 * @text: the value
 * @extents: filled in, room for MINT_HANDOVER_EXTENTS
 * @nr: filled in: how many there are
 * @why: filled in when it is not accepted
 * @room: size of @why
 *
 * Return: whether it was accepted.
 */
bool value_memory(const char *text, struct mint_extent *extents, unsigned int *nr, char *why,
		  size_t room)
{
	char *copy = strdup(text), *rest = copy, *piece;
	bool good = copy;

	*nr = 0;
	while (good && (piece = next_piece(&rest))) {
		struct mint_extent extent = { 0 };

		good = false;
		if (!memory_extent(piece, &extent))
			snprintf(why, room, "'%s' is not a size like 256M or 256M@0x20000000",
				 piece);
		else if (!extent_good(piece, &extent, why, room))
			break;
		else if (overlaps_one(&extent, extents, *nr))
			snprintf(why, room, "'%s' overlaps a piece before it", piece);
		else if (*nr == MINT_HANDOVER_EXTENTS)
			snprintf(why, room, "more than %u pieces", MINT_HANDOVER_EXTENTS);
		else
			good = true;
		if (good)
			extents[(*nr)++] = extent;
	}
	free(copy);
	return good;
}

/* "[SEGMENT:]BUS:DEVICE.FUNCTION", as lspci and sysfs print it */
static bool function_address(const char *text, __u32 *function)
{
	char segment[5], bus[3], device[3], digit[2], rest;
	unsigned int nr;

	nr = sscanf(text, "%4[0-9a-fA-F]:%2[0-9a-fA-F]:%2[0-9a-fA-F].%1[0-7]%c", segment, bus,
		    device, digit, &rest);
	if (nr != 4) {
		segment[0] = 0;	/* 0 to strtoul() */
		nr = sscanf(text, "%2[0-9a-fA-F]:%2[0-9a-fA-F].%1[0-7]%c", bus, device, digit,
			    &rest);
		if (nr != 3)
			return false;
	}
	*function = strtoul(segment, NULL, 16) << 16 | strtoul(bus, NULL, 16) << 8 |
		    strtoul(device, NULL, 16) << 3 | strtoul(digit, NULL, 8);
	return strtoul(device, NULL, 16) < 32;
}

static bool add_function(const char *piece, __u32 *functions, unsigned int *nr, char *why,
			 size_t room)
{
	__u32 function;
	unsigned int i;

	if (!function_address(piece, &function)) {
		snprintf(why, room, "'%s' is not a PCI function like 00:04.0", piece);
		return false;
	}
	for (i = 0; i < *nr; i++) {
		if (functions[i] == function) {
			snprintf(why, room, "'%s' is named twice", piece);
			return false;
		}
	}
	if (*nr == MINT_NODE_FUNCTIONS) {
		snprintf(why, room, "more than %u functions", MINT_NODE_FUNCTIONS);
		return false;
	}
	functions[(*nr)++] = function;
	return true;
}

/**
 * value_devices() - read a list of PCI functions such as "00:04.0,0000:01:00.1"
 * @text: the value
 * @functions: filled in, room for MINT_NODE_FUNCTIONS
 * @nr: filled in: how many there are
 * @why: filled in when it is not accepted
 * @room: size of @why
 *
 * Return: whether it was accepted.
 */
bool value_devices(const char *text, __u32 *functions, unsigned int *nr, char *why, size_t room)
{
	char *copy = strdup(text), *rest = copy, *piece;
	bool good = copy;

	*nr = 0;
	while (good && (piece = next_piece(&rest)))
		good = add_function(piece, functions, nr, why, room);
	free(copy);
	return good;
}
