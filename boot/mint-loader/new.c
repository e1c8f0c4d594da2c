// SPDX-License-Identifier: GPL-2.0
/*
 * mint new: write the node file of a node that runs a distribution, with free CPUs
 * and memory, and have its root made where that is asked for. All is checked first;
 * the root comes before the file, so that a file names nothing that is not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mint/dev.h>
#include "addresses.h"
#include "config.h"
#include "disk.h"
#include "file.h"
#include "image.h"
#include "paths.h"
#include "pick.h"
#include "place.h"
#include "plan.h"
#include "report.h"
#include "rootfs.h"
#include "tables.h"
#include "target.h"
#include "text.h"
#include "value.h"
#include "verb.h"

static struct {
	const char *cpus;
	const char *memory;
	const char *kernel;
	const char *initrd;
	const char *disk;
	const char *root;
	const char *nbd;
	bool initramfs;
	const char *suite;
	const char *packages;
	bool autostart;
	bool undo;
	bool dry_run;
} options = { .cpus = "1", .memory = "1G", .suite = "bookworm", .packages = "" };

static const struct verb_option option_table[] = {
	{ .name = "cpus", .file = &options.cpus, .value = "CPUS",
	  .help = "how many, or which: 2, 4-5, 6,7 (default 1)" },
	{ .name = "memory", .file = &options.memory, .value = "SIZE",
	  .help = "how much (default 1G)" },
	{ .name = "disk", .file = &options.disk, .value = "PCI",
	  .help = "give it this disk; an empty one gets a root" },
	{ .name = "root", .file = &options.root, .value = "DIR",
	  .help = "its root is this folder, by NFS; an empty one is filled" },
	{ .name = "nbd", .file = &options.nbd, .value = "SIZE",
	  .help = "its root is an image of this size, by NBD" },
	{ .name = "initramfs", .set = &options.initramfs,
	  .help = "its root is an initramfs, anew at each start" },
	{ .name = "kernel", .file = &options.kernel,
	  .help = "its kernel (default: the newest /boot/vmlinuz-*-mint)" },
	{ .name = "initrd", .file = &options.initrd, .help = "its initrd (default: none)" },
	{ .name = "suite", .file = &options.suite, .value = "SUITE",
	  .help = "release of Debian for a root that is made (default bookworm)" },
	{ .name = "packages", .file = &options.packages, .value = "LIST",
	  .help = "more packages for it, with commas" },
	{ .name = "autostart", .set = &options.autostart, .help = "start it at each boot" },
	{ .name = "undo", .set = &options.undo,
	  .help = "take back what was written for it; its root stays" },
	{ VERB_DRY_RUN(&options.dry_run) },
	{ }
};

/**
 * struct draft - a node in the making
 * @config: its node file
 * @rootfs: its root
 * @tables: the machine, or NULL: there is none to compare with
 */
struct draft {
	struct config config;
	struct rootfs rootfs;
	const struct tables *tables;
};

static int bad_value(const char *option, const char *why)
{
	return fail(MINT_EXIT_USAGE, "--%s: %s", option, why);
}

static int take_cpus(struct draft *draft)
{
	char *end, why[512];
	unsigned long nr = strtoul(options.cpus, &end, 10);

	if (*end || end == options.cpus)
		return value_cpus(options.cpus, draft->config.cpus, why, sizeof(why)) ?
			MINT_EXIT_OK : bad_value("cpus", why);
	if (!nr || nr > MINT_MAX_CPUS)
		return bad_value("cpus", "it is a number of CPUs from 1 to 256, or a list");
	if (!draft->tables)
		return bad_value("cpus", "without " MINT_DEVICE " none can be chosen. Try: 2-3");
	return pick_cpus(draft->tables, nr, draft->config.cpus);
}

static int take_memory(struct config *config)
{
	char why[512];

	return value_memory(options.memory, config->extents, &config->nr_extents, why,
			    sizeof(why)) ? MINT_EXIT_OK : bad_value("memory", why);
}

static int take_kernel(struct config *config)
{
	if (!options.kernel)
		return pick_kernel(MINT_BOOT_DIR, &config->kernel);
	config->kernel = realpath(options.kernel, NULL);
	return config->kernel ? MINT_EXIT_OK :
		fail(MINT_EXIT_FAILED, "kernel '%s': %m", options.kernel);
}

static int take_initrd(struct draft *draft)
{
	struct config *config = &draft->config;
	const char *own = draft->rootfs.initrd;

	if (options.initrd && *own)
		return fail(MINT_EXIT_USAGE, "its root comes with an initrd; --initrd is another");
	if (!options.initrd && draft->rootfs.kind == ROOTFS_NONE)
		return fail(MINT_EXIT_USAGE, "from what shall it boot? Try: %s",
			    "--root DIR, --nbd SIZE, --disk PCI, --initramfs or --initrd FILE");
	if (options.initrd)
		config->initrd = realpath(options.initrd, NULL);
	else if (*own)
		config->initrd = strdup(own);
	return options.initrd && !config->initrd ?
		fail(MINT_EXIT_FAILED, "initrd '%s': %m", options.initrd) : MINT_EXIT_OK;
}

/* Names of suites and packages, as Debian has them; nothing that mmdebstrap takes otherwise. */
static int take_names(const char *option, const char *value, char *to, size_t room)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789+-.:,";

	if (*value == '-' || value[strspn(value, allowed)] || strlen(value) >= room)
		return fail(MINT_EXIT_USAGE, "--%s '%s' is no name of Debian's", option, value);
	snprintf(to, room, "%s", value);
	return MINT_EXIT_OK;
}

static int take_root(struct draft *draft)
{
	int kinds = !!options.disk + !!options.root + !!options.nbd + options.initramfs;
	struct rootfs *rootfs = &draft->rootfs;
	int code;

	if (kinds > 1)
		return fail(MINT_EXIT_USAGE,
			    "--disk, --root, --nbd and --initramfs exclude each other");
	code = take_names("suite", options.suite, rootfs->suite, sizeof(rootfs->suite));
	if (!code)
		code = take_names("packages", options.packages, rootfs->packages,
				  sizeof(rootfs->packages));
	if (code)
		return code;
	if (options.disk)
		return rootfs_disk(rootfs, &draft->config, options.disk);
	if (options.root)
		return rootfs_nfs(rootfs, options.root);
	if (options.nbd)
		return rootfs_nbd(rootfs, &draft->config, options.nbd);
	return options.initramfs ? rootfs_initramfs(rootfs, &draft->config) : MINT_EXIT_OK;
}

/*
 * The words that every node gets, and those of its root. The kernel takes ip= before the
 * node hears of others, so a carrier that it waits for would not come.
 */
static int take_cmdline(struct draft *draft)
{
	struct config *config = &draft->config;
	struct rootfs *rootfs = &draft->rootfs;
	int code = addresses_choose(MINT_ETC_DIR, &rootfs->number);

	if (code)
		return code;
	if (asprintf(&config->cmdline,
		     "console=hvc0 %s%ssystemd.hostname=%s %s ip=%s%u::%s:%s:%s:%s",
		     rootfs->words, *rootfs->words ? " " : "", config->name,
		     "carrier_timeout=0", ADDRESSES_NET, rootfs->number, ADDRESSES_NODE0,
		     "255.255.255.0", config->name, "vni0:off") < 0)
		return fail(MINT_EXIT_FAILED, "no memory for its command line");
	return MINT_EXIT_OK;
}

/* Can the machine give it what it asks for, and can its kernel be started there? */
static int check_draft(struct draft *draft)
{
	struct mint_extent extents[MINT_HANDOVER_EXTENTS];
	struct config config = draft->config;
	struct placement placement;
	struct image image;
	int code = MINT_EXIT_OK;

	memcpy(extents, config.extents, sizeof(extents));
	/* The function is let go by hand, so a driver that has it is no fault yet. */
	config.nr_functions = 0;
	if (draft->tables)
		code = plan_check(draft->tables, &config, MINT_MAX_NODES, extents);
	if (code)
		return code;
	/* An initrd that is yet to be made cannot be looked at. */
	if (*draft->rootfs.initrd)
		config.initrd = NULL;
	code = image_read(&config, &image);
	if (!code)
		code = place(&image, extents, config.nr_extents, &placement);
	snprintf(draft->rootfs.release, sizeof(draft->rootfs.release), "%s", image.release);
	image_free(&image);
	return code;
}

static int make_draft(const char *name, struct draft *draft)
{
	struct config *config = &draft->config;
	char why[512];
	int code;

	if (!value_name(name, config->name, why, sizeof(why)))
		return fail(MINT_EXIT_USAGE, "NAME: %s", why);
	if (asprintf(&config->path, MINT_ETC_DIR "/%s.conf", name) < 0)
		return fail(MINT_EXIT_FAILED, "no memory for a path");
	if (!access(config->path, F_OK))
		return fail(MINT_EXIT_STATE, "there is %s. Try: mint new %s --undo",
			    config->path, name);
	config->autostart = options.autostart;
	code = take_cpus(draft);
	if (!code)
		code = take_memory(config);
	if (!code)
		code = take_root(draft);
	if (!code)
		code = take_initrd(draft);
	if (!code)
		code = take_kernel(config);
	if (!code)
		code = take_cmdline(draft);
	return code ? code : check_draft(draft);
}

static int write_draft(const struct draft *draft, const char *text)
{
	const struct config *config = &draft->config;
	char name[MINT_NAME_BYTES + 8];
	int code = rootfs_make(&draft->rootfs, config->name);

	if (code)
		return code;
	snprintf(name, sizeof(name), "%s.conf", config->name);
	code = file_write_atomic(MINT_ETC_DIR, name, text);
	if (code)
		return code;
	printf("wrote %s: %s is " ADDRESSES_NET "%u on vni0\n", config->path, config->name,
	       draft->rootfs.number);
	rootfs_say_next(&draft->rootfs);
	printf("Try: mint create %s && mint start %s\n", config->path, config->name);
	return finish_output();
}

static int finish_draft(const struct draft *draft)
{
	char *text = config_text(&draft->config);
	int code;

	if (!text)
		return fail(MINT_EXIT_FAILED, "no memory for its node file");
	if (options.dry_run) {
		printf("would write %s:\n\n%s", draft->config.path, text);
		rootfs_say_plan(&draft->rootfs, draft->config.name);
		code = finish_output();
	} else {
		code = write_draft(draft, text);
	}
	free(text);
	return code;
}

static int make_new(const struct call *call, const struct tables *tables)
{
	static struct draft draft;
	int code;

	draft.tables = tables;
	code = make_draft(call->operand, &draft);
	if (!code)
		code = finish_draft(&draft);
	config_free(&draft.config);
	return code;
}

static int make_here(struct target *target)
{
	return make_new(target->call, &target->tables);
}

/* What the node owns is given back by destroy, and not here. */
static int undo(const struct call *call, const struct tables *tables)
{
	char name[MINT_NAME_BYTES], path[128], why[512];
	unsigned int i;
	int code;

	if (!value_name(call->operand, name, why, sizeof(why)))
		return fail(MINT_EXIT_USAGE, "NAME: %s", why);
	snprintf(path, sizeof(path), MINT_ETC_DIR "/%s.conf", name);
	if (access(path, F_OK))
		return fail(MINT_EXIT_NO_NODE, "there is no %s", path);
	for (i = 0; tables && i < tables->nr_nodes; i++)
		if (tables->nodes[i].life.life != MINT_LIFE_NONE &&
		    node_is(&tables->nodes[i], name))
			return fail(MINT_EXIT_STATE, "it is %s. Try: mint destroy %s",
				    node_state_name(&tables->nodes[i]), name);
	if (options.dry_run) {
		printf("would remove %s\n", path);
		return finish_output();
	}
	code = rootfs_undo(name);
	if (!code && unlink(path))
		code = fail(MINT_EXIT_FAILED, "'%s' cannot be removed: %m", path);
	if (!code)
		printf("removed %s\n", path);
	return code ? code : finish_output();
}

static int undo_here(struct target *target)
{
	return undo(target->call, &target->tables);
}

/* Two commands must not choose the same address. Ends with the process. */
static int lock_folder(void)
{
	int fd;

	if (options.dry_run)
		return MINT_EXIT_OK;
	if (mkdir(MINT_ETC_DIR, 0755) && errno != EEXIST)
		return fail(MINT_EXIT_FAILED, "folder '" MINT_ETC_DIR "' cannot be made: %m");
	fd = open(MINT_ETC_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(MINT_EXIT_FAILED, "folder '" MINT_ETC_DIR "': %m");
	if (flock(fd, LOCK_EX | LOCK_NB))
		return fail(MINT_EXIT_STATE, "another mint new is at work. Try: later");
	return MINT_EXIT_OK;
}

static int cmd_new(const struct call *call)
{
	bool machine = region_present(call->saved);
	int code;

	fail_context(options.undo ? "cannot take back node '%s'" : "cannot make node '%s'",
		     call->operand);
	code = lock_folder();
	if (code)
		return code;
	if (options.undo)
		return machine ? with_tables(call, undo_here) : undo(call, NULL);
	return machine ? with_tables(call, make_here) : make_new(call, NULL);
}

const struct verb verb_new = {
	.name = "new",
	.operand = "NAME",
	.summary = "write the file of a node that runs Debian, and make its root",
	.options = option_table,
	.dry_run = &options.dry_run,
	.run = cmd_new,
};
