// SPDX-License-Identifier: GPL-2.0
/*
 * The boot parameter that makes a kernel node 0:
 *
 *	mint=cpus=LIST,mem=SIZE,shm=SIZE[@ADDRESS][,nodevices=LIST]
 *
 * Here is what can be said of it without knowing the machine. Compiles in user space
 * too: in the mint command, which is to take what the kernel takes.
 */
#define pr_fmt(fmt) "mint: " fmt

#include <linux/align.h>
#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/pci.h>
#include <linux/string.h>
#include "parameter.h"

struct mint_request mint_request __initdata;

static int __init mint_parse_cpu(const char *text, u32 *cpu)
{
	if (kstrtou32(text, 10, cpu))
		return refuse("cpus: '%s' is not a CPU number", text);
	if (*cpu >= MINT_MAX_CPUS)
		return refuse("cpus: no CPU %u, the most is %u", *cpu, MINT_MAX_CPUS - 1);
	return 0;
}

static int __init mint_add_cpu(u32 cpu)
{
	unsigned int i;

	for (i = 0; i < mint_request.nr_cpus; i++)
		if (mint_request.cpus[i] == cpu)
			return refuse("cpus: CPU %u is given twice", cpu);
	mint_request.cpus[mint_request.nr_cpus++] = cpu;
	return 0;
}

/* "N" or "N-M" */
static int __init mint_parse_cpu_range(char *range)
{
	char *first_text = strsep(&range, "-");
	u32 first, last;
	int err;

	err = mint_parse_cpu(first_text, &first);
	last = first;
	if (!err && range)
		err = mint_parse_cpu(range, &last);
	if (err)
		return err;
	if (last < first)
		return refuse("cpus: %u-%u is not a range", first, last);
	for (; !err && first <= last; first++)
		err = mint_add_cpu(first);
	return err;
}

/* "BUS:DEVICE.FUNCTION" in hexadecimal, perhaps after "0000:" */
static int __init mint_parse_function(char *text)
{
	unsigned int bus, device, function, i;
	char *address = text;
	char stray;
	u16 id;

	if (!strncmp(address, "0000:", 5))
		address += 5;
	if (sscanf(address, "%2x:%2x.%1x%c", &bus, &device, &function, &stray) != 3 ||
	    device > 31 || function > 7)
		return refuse("nodevices: '%s' is not a PCI function like 00:04.0", text);
	id = PCI_DEVID(bus, PCI_DEVFN(device, function));
	for (i = 0; i < mint_request.nr_withheld; i++)
		if (mint_request.withheld[i] == id)
			return refuse("nodevices: %s is given twice", text);
	if (mint_request.nr_withheld == MINT_MAX_WITHHELD)
		return refuse("nodevices: more than %u functions", MINT_MAX_WITHHELD);
	mint_request.withheld[mint_request.nr_withheld++] = id;
	return 0;
}

static int __init mint_parse_size(const char *key, char *value, u64 *bytes, u64 *base)
{
	char *end;

	*bytes = memparse(value, &end);
	if (end == value)
		return refuse("%s: '%s' is not a size", key, value);
	if (base && *end == '@') {
		value = end + 1;
		*base = memparse(value, &end);
		if (end == value)
			return refuse("%s: '%s' is not an address", key, value);
	}
	if (*end)
		return refuse("%s: stray '%s'", key, end);
	if (!*bytes)
		return refuse("%s: zero bytes", key);
	if (!IS_ALIGNED(*bytes, MINT_EXTENT_ALIGN))
		return refuse("%s: %llu bytes is not a multiple of 2M", key, *bytes);
	return 0;
}

typedef int (*parse_piece_fn)(char *piece);

/* "cpus=0,2" continues with a bare number, "nodevices=" likewise. */
static int __init mint_parse_list(const char *key, char *piece, u32 nr,
				  parse_piece_fn parse, parse_piece_fn *in_list)
{
	*in_list = parse;
	return nr ? refuse("%s is given twice", key) : parse(piece);
}

static int __init mint_parse_item(char *item, parse_piece_fn *in_list)
{
	char *value = strchr(item, '=');

	if (!value)
		return *in_list ? (*in_list)(item) :
			refuse("'%s' has no value", item);
	*value++ = '\0';
	*in_list = NULL;
	if (!strcmp(item, "cpus"))
		return mint_parse_list(item, value, mint_request.nr_cpus, mint_parse_cpu_range,
				       in_list);
	if (!strcmp(item, "nodevices"))
		return mint_parse_list(item, value, mint_request.nr_withheld, mint_parse_function,
				       in_list);
	if (!strcmp(item, "mem") && !mint_request.mem)
		return mint_parse_size("mem", value, &mint_request.mem, NULL);
	if (!strcmp(item, "shm") && !mint_request.shm)
		return mint_parse_size("shm", value, &mint_request.shm, &mint_request.shm_base);
	return refuse("key '%s' is unknown or given twice", item);
}

/**
 * mint_request_parse() - read the parameter into mint_request
 * @text: its value, which is taken to pieces
 *
 * Return: 0, or -EINVAL after a line in the log.
 */
int __init mint_request_parse(char *text)
{
	parse_piece_fn in_list = NULL;
	char *rest = text, *item;
	int err;

	mint_request.shm_base = MINT_ANYWHERE;
	while ((item = strsep(&rest, ","))) {
		err = mint_parse_item(item, &in_list);
		if (err)
			return err;
	}
	if (!mint_request.nr_cpus || !mint_request.mem || !mint_request.shm)
		return refuse("mint= needs cpus=, mem= and shm=");
	return 0;
}
