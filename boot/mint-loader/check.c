// SPDX-License-Identifier: GPL-2.0
/*
 * mint check: everything that create and start would refuse, without touching
 * anything. Where there is no region to compare with, that part is left out
 * and the result says so.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <mint/boot.h>
#include "check.h"
#include "config.h"
#include "image.h"
#include "json.h"
#include "paths.h"
#include "place.h"
#include "plan.h"
#include "region.h"
#include "report.h"
#include "tables.h"
#include "text.h"
#include "value.h"
#include "verb.h"

static struct {
	bool json;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ }
};

/**
 * check_all() - check a node file, the files that it names, and the ledger
 * @file: the node file
 * @config: filled in; config_free() is due in any case
 * @image: filled in; image_free() is due in any case
 * @extents: filled in: the node's memory, as far as it can be told
 * @tables: ledger to check against, or NULL
 * @except: what this node owns counts as free; MINT_MAX_NODES for none
 *
 * Return: an enum mint_exit.
 */
int check_all(const char *file, struct config *config, struct image *image,
	      struct mint_extent *extents, const struct tables *tables, __u32 except)
{
	struct placement placement;
	int code;

	memset(image, 0, sizeof(*image));
	code = config_read(file, config);
	if (code)
		return code;
	code = image_read(config, image);
	if (code)
		return code;
	memcpy(extents, config->extents, sizeof(config->extents));
	code = tables ? plan_check(tables, config, except, extents) : 0;
	return code ? code : place(image, extents, config->nr_extents, &placement);
}

static json_t *result_json(const struct config *config, const struct image *image,
			   const struct mint_extent *extents, bool ledger)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:b, s:s, s:s, s:I, s:s?, s:I, s:s, s:b}",
			 "file", config->path,
			 "name", config->name,
			 "cpus", json_cpus(config->cpus),
			 "memory", json_extents(extents, config->nr_extents),
			 "devices", json_functions(config->functions, config->nr_functions),
			 "restart", restart_text(config->policy),
			 "autostart", config->autostart,
			 "kernel", config->kernel,
			 "kernel_release", image->release,
			 "kernel_bytes", (json_int_t)image->file.bytes,
			 "initrd", config->initrd,
			 "initrd_bytes", (json_int_t)image->initrd.bytes,
			 "cmdline", config->cmdline,
			 "ledger_checked", ledger);
}

static int print_text(const struct config *config, const struct image *image, bool ledger)
{
	char cpus[MINT_MAX_CPUS], bytes[24], devices[256];
	__u64 memory = 0;
	unsigned int i;

	for (i = 0; i < config->nr_extents; i++)
		memory += config->extents[i].bytes;
	printf("%s: good: node '%s', CPUs %s, memory %s%s%s, kernel %s%s%s\n", config->path,
	       config->name, cpus_text(config->cpus, cpus, sizeof(cpus)),
	       size_text(memory, bytes), config->nr_functions ? ", devices " : "",
	       config->nr_functions ? functions_text(config->functions, config->nr_functions,
						     devices, sizeof(devices)) : "",
	       image->release,
	       config->initrd ? ", with an initrd" : "",
	       ledger ? "" : "; not compared with a machine: there is no " MINT_DEVICE);
	return finish_output();
}

/* The node that the file describes may have been created from it already. */
static __u32 same_name(const struct tables *tables, const char *file)
{
	struct config config;
	__u32 id = tables->nr_nodes;

	if (!config_read(file, &config))
		for (id = 0; id < tables->nr_nodes; id++)
			if (tables->nodes[id].life.life != MINT_LIFE_NONE &&
			    !strcmp(tables->nodes[id].life.name, config.name))
				break;
	config_free(&config);
	return id < tables->nr_nodes ? id : MINT_MAX_NODES;
}

static int check_and_report(const char *file, const struct tables *tables)
{
	struct mint_extent extents[MINT_HANDOVER_EXTENTS];
	__u32 except = tables ? same_name(tables, file) : MINT_MAX_NODES;
	struct config config;
	struct image image;
	int code;

	code = check_all(file, &config, &image, extents, tables, except);
	if (!code && options.json)
		code = json_print(result_json(&config, &image, extents, tables));
	else if (!code)
		code = print_text(&config, &image, tables);
	image_free(&image);
	config_free(&config);
	return code;
}

static int cmd_check(const struct call *call)
{
	static struct tables tables;
	struct region region;
	int code;

	if (!region_present(call->saved))
		return check_and_report(call->operand, NULL);
	code = region_open(call->saved, &region);
	if (!code)
		code = tables_read(&region, &tables);
	if (!code)
		code = check_and_report(call->operand, &tables);
	region_close(&region);
	return code;
}

const struct verb verb_check = {
	.name = "check",
	.operand = "FILE",
	.summary = "check a node file, and all it names, without touching anything",
	.options = option_table,
	.reads_saved = true,
	.run = cmd_check,
};
