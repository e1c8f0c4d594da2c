// SPDX-License-Identifier: GPL-2.0
/*
 * mint create: claim CPUs, memory and PCI functions for a node, and keep its
 * node file for the starts to come. If the file cannot be kept, nothing stays claimed.
 */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <mint/dev.h>
#include "check.h"
#include "config.h"
#include "device.h"
#include "domains.h"
#include "file.h"
#include "image.h"
#include "json.h"
#include "paths.h"
#include "plan.h"
#include "region.h"
#include "report.h"
#include "tables.h"
#include "target.h"
#include "text.h"
#include "verb.h"

static struct {
	bool json;
	bool dry_run;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ VERB_DRY_RUN(&options.dry_run) },
	{ }
};

static int keep_config(const struct config *config)
{
	char *text = config_text(config);
	char name[MINT_NAME_BYTES + 8];
	int code;

	if (!text)
		return fail(MINT_EXIT_FAILED, "no memory for its node file");
	snprintf(name, sizeof(name), "%s.conf", config->name);
	code = file_write_atomic(MINT_RUN_DIR, name, text);
	free(text);
	return code;
}

/* Memory of the node, and how near it is to its CPUs. */
static json_t *memory_json(const struct mint_ledger *ledger, const struct config *config,
			   const struct mint_extent *extents)
{
	json_t *memory = json_extents(extents, config->nr_extents);
	unsigned int i;

	for (i = 0; i < config->nr_extents; i++) {
		__u32 domains = domains_of(ledger, extents[i].base, extents[i].bytes);
		json_t *piece = json_array_get(memory, i);

		json_object_set_new(piece, "domains", domains_json(domains));
		json_object_set_new(piece, "near",
				    json_boolean(domains_near(ledger, config->cpus, domains)));
	}
	return memory;
}

static void print_memory(const struct mint_ledger *ledger, const struct config *config,
			 const struct mint_extent *extents)
{
	char size[24], text[96];
	unsigned int i;

	for (i = 0; i < config->nr_extents; i++) {
		__u32 domains = domains_of(ledger, extents[i].base, extents[i].bytes);

		printf("%s %s@0x%llx", i ? "," : "", size_text(extents[i].bytes, size),
		       extents[i].base);
		if (domains_matter(ledger))
			printf(" (domain %s%s)", domains_text(domains, text),
			       domains_near(ledger, config->cpus, domains) ?
			       "" : ", far from its CPUs");
	}
}

static int report(const struct tables *tables, const struct config *config,
		  const struct mint_extent *extents, json_t *id)
{
	char text[MINT_MAX_CPUS];

	if (options.json)
		return json_print(json_pack("{s:b, s:{s:o, s:s, s:o, s:o, s:o}}",
					    "dry_run", options.dry_run,
					    "node",
					    "id", id,
					    "name", config->name,
					    "cpus", json_cpus(config->cpus),
					    "memory", memory_json(&tables->ledger, config, extents),
					    "devices", json_functions(config->functions,
								      config->nr_functions)));
	printf("%s node '%s'", options.dry_run ? "would create" : "created", config->name);
	if (json_is_integer(id))
		printf(" (%d)", (int)json_integer_value(id));
	printf(": CPUs %s, memory", cpus_text(config->cpus, text, sizeof(text)));
	print_memory(&tables->ledger, config, extents);
	if (config->nr_functions)
		printf(", devices %s", functions_text(config->functions, config->nr_functions,
						      text, sizeof(text)));
	putchar('\n');
	json_decref(id);
	return finish_output();
}

/* The kernel refused: has another node taken something of it meanwhile? */
static int explain_refusal(const struct region *region, const struct config *config, int error)
{
	struct mint_extent extents[MINT_HANDOVER_EXTENTS];
	static struct tables tables;
	int code;

	code = tables_read(region, &tables);
	if (!code)
		code = plan_check(&tables, config, MINT_MAX_NODES, extents);
	if (code)
		return code;
	switch (error) {
	case EPERM:
		return fail(MINT_EXIT_FAILED, geteuid() ? "only root may do that" :
			    "the machine's boot CPU runs, though no node owns it");
	case ENODEV:
		return fail(MINT_EXIT_FAILED,
			    "its PCI functions are out of reach of other nodes. Try: dmesg");
	case ENOSPC:
		return fail(MINT_EXIT_FAILED, "no place in the ledger is left. Try: mint list");
	case EBUSY:
	case EEXIST:
		return fail(MINT_EXIT_STATE, "%s. Try: mint create %s",
			    "another node had some of it for a moment, and gave it back",
			    config->path);
	case ETIMEDOUT:
		return fail(MINT_EXIT_TIMEOUT,
			    "another node keeps the ledger's lock. Try: mint list");
	default:
		return fail(MINT_EXIT_FAILED, "%s. Try: dmesg", strerror(error));
	}
}

static int create(const struct region *region, const struct tables *tables,
		  const struct config *config)
{
	struct mint_ioc_create call = {
		.nr_extents = config->nr_extents,
		.policy = config->policy,
		.nr_functions = config->nr_functions,
	};
	struct mint_ioc_node undo;
	int code;

	memcpy(call.name, config->name, sizeof(call.name));
	memcpy(call.cpus, config->cpus, sizeof(call.cpus));
	memcpy(call.extents, config->extents, sizeof(call.extents));
	memcpy(call.functions, config->functions, sizeof(call.functions));
	device_block_signals();
	if (ioctl(region->fd, MINT_IOC_CREATE, &call))
		return explain_refusal(region, config, errno);
	code = keep_config(config);
	if (!code)
		return report(tables, config, call.extents, json_integer(call.node));
	undo = (struct mint_ioc_node) {
		.node = call.node, .generation = MINT_ANY_GENERATION,
	};
	if (ioctl(region->fd, MINT_IOC_DESTROY, &undo))
		fail(MINT_EXIT_FAILED, "what it owns stays claimed: %m. %s %s",
		     "Try: mint destroy", config->name);
	return code;
}

static int check_and_create(struct target *target)
{
	struct mint_extent extents[MINT_HANDOVER_EXTENTS];
	struct config config;
	struct image image;
	int code;

	code = check_all(target->call->operand, &config, &image, extents, &target->tables,
			 MINT_MAX_NODES);
	if (!code && options.dry_run)
		code = report(&target->tables, &config, extents, json_null());
	else if (!code)
		code = create(&target->region, &target->tables, &config);
	image_free(&image);
	config_free(&config);
	return code;
}

static int cmd_create(const struct call *call)
{
	fail_context("cannot create a node from '%s'", call->operand);
	return with_tables(call, check_and_create);
}

const struct verb verb_create = {
	.name = "create",
	.operand = "FILE",
	.summary = "claim CPUs and memory for the node that FILE describes",
	.options = option_table,
	.dry_run = &options.dry_run,
	.run = cmd_create,
};
