// SPDX-License-Identifier: GPL-2.0
/*
 * mint start: read and check everything, stop the node, fill its memory, set
 * it going, wait until it has come up. From the first touch to the start the kernel
 * ties the node to our open device: whatever ends us leaves it stopped. If we are
 * stopped ourselves, mint kill takes the node away.
 */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <asm/bootparam.h>
#include <mint/atomic.h>
#include <mint/dev.h>
#include <mint/state.h>
#include "cmdline.h"
#include "config.h"
#include "device.h"
#include "fate.h"
#include "image.h"
#include "json.h"
#include "layout.h"
#include "node.h"
#include "paths.h"
#include "place.h"
#include "region.h"
#include "report.h"
#include "signals.h"
#include "start.h"
#include "tables.h"
#include "target.h"
#include "timing.h"
#include "util.h"
#include "verb.h"

#define CHUNK_BYTES	(4UL << 20)

static struct {
	bool json;
	bool dry_run;
	bool no_wait;
	const char *wait;
	unsigned int timeout_s;
	const char *file;
	/* No options of the user: see start_again(). */
	bool force;
	__u32 generation;
} options = { .timeout_s = VERB_TIMEOUT_S, .generation = MINT_ANY_GENERATION };

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ VERB_DRY_RUN(&options.dry_run) },
	{ .name = "wait", .file = &options.wait, .value = "STEP",
	  .help = "init: wait until its init runs (default); running: its kernel" },
	{ .name = "no-wait", .help = "return as soon as the node's CPU runs",
	  .set = &options.no_wait },
	{ VERB_TIMEOUT(&options.timeout_s) },
	{ .name = "file", .help = "use this node file, not the one kept by create",
	  .file = &options.file },
	{ }
};

/**
 * struct launch - one start of one node, in the making
 * @region: the region
 * @node: the node as it was found
 * @config: its node file
 * @image: kernel and initrd
 * @placement: where they go
 * @nr_extents: entries of @extents
 * @extents: the node's RAM, as the ledger has it
 * @params: the boot parameters
 * @generation: of this start
 * @init: MINT_INIT_* to wait for
 */
struct launch {
	const struct region *region;
	const struct node_view *node;
	struct config config;
	struct image image;
	struct placement placement;
	unsigned int nr_extents;
	struct mint_extent extents[MINT_HANDOVER_EXTENTS];
	unsigned char params[PARAMS_BYTES];
	__u32 generation;
	__u32 init;
};

/* Written by the signal handler alone. */
static int interrupted;

static void on_signal(int number)
{
	mint_store(&interrupted, number);
}

/* The call under way returns and the loading ends. */
static void catch_signals(void)
{
	signal_catch(SIGINT, on_signal);
	signal_catch(SIGTERM, on_signal);
	signal_catch(SIGHUP, on_signal);
}

static int taken_away(const struct launch *launch)
{
	return fail(MINT_EXIT_STATE, "it was killed while it was loaded. Try: mint show %s",
		    launch->node->life.name);
}

static int write_part(const struct launch *launch, __u64 phys, const void *data, size_t bytes)
{
	struct mint_ioc_write call = {
		.node = launch->node->id,
		.phys = phys,
		.bytes = bytes,
		.data = (unsigned long)data,
	};

	if (!mint_load(&interrupted) && !ioctl(launch->region->fd, MINT_IOC_WRITE, &call))
		return MINT_EXIT_OK;
	if (mint_load(&interrupted))
		return fail(MINT_EXIT_FAILED,
			    "interrupted while it was loaded; it is stopped. Try: mint start %s",
			    launch->node->life.name);
	if (errno == ESTALE)
		return taken_away(launch);
	return fail(MINT_EXIT_FAILED, "loading its memory at 0x%llx: %m", phys);
}

static int write_segment(const struct launch *launch, __u64 phys, const void *data, size_t bytes)
{
	size_t done, part;
	int code = 0;

	for (done = 0; !code && done < bytes; done += part) {
		part = bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;
		code = write_part(launch, phys + done, data ? data + done : NULL, part);
	}
	return code;
}

static int write_segments(const struct launch *launch)
{
	const struct placement *placement = &launch->placement;
	const struct image *image = &launch->image;
	int code;

	code = write_segment(launch, placement->params, NULL, PARAMS_AREA_BYTES);
	if (!code)
		code = write_segment(launch, placement->params, launch->params, PARAMS_BYTES);
	if (!code)
		code = write_segment(launch, placement->kernel, image->code.data,
				     image->code.bytes);
	if (!code)
		code = write_segment(launch, placement->initrd, image->initrd.data,
				     image->initrd.bytes);
	return code;
}

static int set_going(const struct launch *launch)
{
	struct mint_ioc_start call = {
		.node = launch->node->id,
		.entry = launch->placement.kernel + KERNEL_ENTRY_64,
		.boot_params = launch->placement.params,
		.handover = launch->placement.params + PARAMS_HANDOVER,
		.tables = launch->placement.params + PARAMS_TABLES,
	};

	if (!ioctl(launch->region->fd, MINT_IOC_START, &call))
		return MINT_EXIT_OK;
	if (errno == ESTALE)
		return taken_away(launch);
	if (errno == EIO)
		return fail(MINT_EXIT_FAILED,
			    "CPU %u did not take the start; it is stopped. Try: mint start %s",
			    launch->node->life.boot_cpu, launch->node->life.name);
	if (errno == ENODATA)
		return fail(MINT_EXIT_FAILED,
			    "this kernel could not measure the time stamp counter, by which a node begins. Try: tsc_early_khz=KHZ on its command line, KHZ as in dmesg of another boot");
	return device_failed(launch->node, errno);
}

static int load_and_go(struct launch *launch)
{
	int code;

	catch_signals();
	code = device_call(launch->region, MINT_IOC_LOAD, launch->node, &launch->generation);
	if (!code)
		code = write_segments(launch);
	return code ? code : set_going(launch);
}

/* A kernel of ABI 3.0 tells nothing of its init, so nobody waits for that. */
static bool says_init(const struct node_view *now)
{
	return now->user.generation == now->self.generation;
}

/* One that refused or died is in loading while another node fences it. */
static bool under_way(const struct launch *launch, const struct node_view *now)
{
	enum mint_node_state state = node_state(now);

	if (now->life.generation != launch->generation)
		return false;
	if (mint_node_state_answers(state))
		return says_init(now) && mint_node_init(&now->life, &now->user) < launch->init;
	return state == MINT_NODE_BOOTING || state == MINT_NODE_LOADING;
}

/* What became of a start that is not under way any more. */
static int outcome(const struct launch *launch, const struct node_view *now)
{
	const char *name = launch->node->life.name;

	if (now->life.generation != launch->generation)
		return fail(MINT_EXIT_FAILED,
			    "it was started or destroyed by another command. Try: mint list");
	switch (node_state(now)) {
	case MINT_NODE_RUNNING:
	case MINT_NODE_STALLED:
		return MINT_EXIT_OK;
	case MINT_NODE_REFUSED:
		return fail(MINT_EXIT_ABI, "its kernel has ABI %u.%u and was handed %u.%u",
			    now->self.abi >> 16, now->self.abi & 0xffff,
			    now->self.found_abi >> 16, now->self.found_abi & 0xffff);
	case MINT_NODE_STOPPED:
		return fail(MINT_EXIT_STATE, "it was killed after its start. Try: mint start %s",
			    name);
	default:
		return fate_ended(launch->region, now, &launch->config);
	}
}

/*
 * The init of an initramfs is on its way to the root that root= names. Without
 * root= it has come to where it goes.
 */
static __u32 init_wanted(const struct config *config)
{
	if (options.wait && !strcmp(options.wait, "running"))
		return MINT_INIT_NONE;
	return cmdline_value(config->cmdline, "root=") ? MINT_INIT_ROOT : MINT_INIT_INITRAMFS;
}

static int wait_for_report(const struct launch *launch)
{
	__u64 deadline = now_ms() + options.timeout_s * 1000ULL;
	struct node_view now;

	for (;;) {
		if (mint_load(&interrupted))
			return fail(MINT_EXIT_FAILED,
				    "interrupted while waiting for its report. Try: mint show %s",
				    launch->node->life.name);
		node_read(launch->region, launch->node->id, &now);
		if (!under_way(launch, &now))
			return outcome(launch, &now);
		if (now_ms() >= deadline)
			return fate_late(launch->region, &now, options.timeout_s);
		pause_ms(POLL_MS);
	}
}

static int report(const struct launch *launch)
{
	const char *word = mint_node_state_name(options.no_wait ? MINT_NODE_BOOTING :
						MINT_NODE_RUNNING);
	const struct placement *placement = &launch->placement;
	const struct node_view *node = launch->node;

	if (options.json)
		return json_print(json_pack("{s:b, s:{s:i, s:s, s:s, s:I}}",
					    "dry_run", 0, "node",
					    "id", node->id, "name", node->life.name,
					    "state", word,
					    "generation", (json_int_t)launch->generation));
	printf("node '%s' (%u) is %s: generation %u, kernel %s at 0x%llx\n", node->life.name,
	       node->id, word, launch->generation, launch->image.release, placement->kernel);
	return finish_output();
}

static int report_plan(const struct launch *launch)
{
	const struct placement *placement = &launch->placement;
	const struct image *image = &launch->image;
	const struct node_view *node = launch->node;

	if (options.json)
		return json_print(json_pack("{s:b, s:{s:i, s:s}, s:{s:I, s:I, s:I, s:I, s:I, s:I}}",
			"dry_run", 1, "node", "id", node->id, "name", node->life.name, "plan",
			"params", (json_int_t)placement->params,
			"kernel", (json_int_t)placement->kernel,
			"kernel_bytes", (json_int_t)placement->kernel_bytes,
			"initrd", (json_int_t)placement->initrd,
			"initrd_bytes", (json_int_t)image->initrd.bytes,
			"entry", (json_int_t)placement->kernel + KERNEL_ENTRY_64));
	printf("would stop the CPUs of node '%s' (%u)\n", node->life.name, node->id);
	printf("would load boot parameters at 0x%llx\n", placement->params);
	printf("would load kernel %s at 0x%llx, %llu bytes until it runs\n", image->release,
	       placement->kernel, placement->kernel_bytes);
	if (placement->initrd)
		printf("would load initrd at 0x%llx, %zu bytes\n", placement->initrd,
		       image->initrd.bytes);
	printf("would enter at 0x%llx\n", placement->kernel + KERNEL_ENTRY_64);
	return finish_output();
}

static int read_config(struct launch *launch)
{
	const char *name = launch->node->life.name;
	const char *file = options.file;
	char run[128], etc[128];
	int code;

	snprintf(run, sizeof(run), MINT_RUN_DIR "/%s.conf", name);
	snprintf(etc, sizeof(etc), MINT_ETC_DIR "/%s.conf", name);
	if (!file)
		file = !access(run, F_OK) ? run : !access(etc, F_OK) ? etc : NULL;
	if (!file)
		return fail(MINT_EXIT_FAILED,
			    "there is neither %s nor %s. Try: mint start %s --file FILE", run, etc,
			    name);
	code = config_read(file, &launch->config);
	if (!code && strcmp(launch->config.name, name))
		return fail(MINT_EXIT_FAILED, "%s: name: it is the file of node '%s'",
			    launch->config.path, launch->config.name);
	return code;
}

static int check_state(const struct launch *launch)
{
	const struct node_view *node = launch->node;

	if (options.generation != MINT_ANY_GENERATION &&
	    options.generation != node->life.generation)
		return device_failed(node, ESTALE);
	if (node_active(node) && !options.force)
		return fail(MINT_EXIT_STATE, "it is %s. Try: mint kill %s", node_state_name(node),
			    node->life.name);
	return MINT_EXIT_OK;
}

static int prepare(const struct tables *tables, struct launch *launch)
{
	int code;

	code = check_state(launch);
	if (!code)
		code = read_config(launch);
	if (!code)
		code = image_read(&launch->config, &launch->image);
	if (code)
		return code;
	launch->init = init_wanted(&launch->config);
	launch->nr_extents = tables_ram(tables, launch->node->id, launch->extents,
					ARRAY_SIZE(launch->extents));
	code = place(&launch->image, launch->extents, launch->nr_extents, &launch->placement);
	if (!code)
		params_fill(launch->params, &launch->image, &launch->placement, launch->extents,
			    launch->nr_extents, launch->config.cmdline);
	return code;
}

static int start_node(struct target *target)
{
	static struct launch launch;
	int code;

	launch.region = &target->region;
	launch.node = target->node;
	code = target_check_other(target);
	if (!code)
		code = prepare(&target->tables, &launch);
	if (!code && options.dry_run) {
		code = report_plan(&launch);
	} else if (!code) {
		code = load_and_go(&launch);
		if (!code && !options.no_wait)
			code = wait_for_report(&launch);
		if (!code)
			code = report(&launch);
	}
	image_free(&launch.image);
	config_free(&launch.config);
	return code;
}

static int check_wait(void)
{
	if (options.wait && strcmp(options.wait, "init") && strcmp(options.wait, "running"))
		return fail(MINT_EXIT_USAGE, "--wait '%s' is neither init nor running",
			    options.wait);
	if (options.wait && options.no_wait)
		return fail(MINT_EXIT_USAGE, "--wait and --no-wait exclude each other");
	return MINT_EXIT_OK;
}

static int cmd_start(const struct call *call)
{
	int code;

	fail_context("cannot start node '%s'", call->operand);
	code = check_wait();
	if (code)
		return code;
	return with_node(call, start_node);
}

/**
 * start_again() - start a node that has failed, whether or not it runs
 * @name: the node's name
 * @generation: the start that has failed; a later one is left alone
 *
 * What it has to say goes to standard output and error, as for the verb. It waits for
 * the kernel only: the caller goes on to watch the node, so a panic is not lost on it.
 *
 * Return: an enum mint_exit.
 */
int start_again(const char *name, __u32 generation)
{
	const struct call call = { .operand = name };

	options.force = true;
	options.wait = "running";
	options.generation = generation;
	return cmd_start(&call);
}

const struct verb verb_start = {
	.name = "start",
	.operand = "NODE",
	.summary = "load a node's kernel, set it going and wait until it is up",
	.options = option_table,
	.dry_run = &options.dry_run,
	.run = cmd_start,
};
