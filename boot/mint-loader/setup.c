// SPDX-License-Identifier: GPL-2.0
/*
 * mint setup: what node 0 of this machine should keep. Only --write and --undo change
 * anything: /etc/default/mint, and then the boot loader's entries, which are made from
 * it. If the loader cannot be told, the file is put back as it was.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "defaults.h"
#include "fit.h"
#include "judge.h"
#include "json.h"
#include "kernels.h"
#include "propose.h"
#include "report.h"
#include "script.h"
#include "survey.h"
#include "sysroot.h"
#include "verb.h"

#define LOADER_SCRIPT	"update-loader"
#define NO_LOADER	3		/* its status when there is none that it knows */

static struct {
	bool json;
	bool dry_run;
	bool write;
	bool undo;
	bool current;
	bool force;
	const char *values;
	const char *saved;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ VERB_DRY_RUN(&options.dry_run) },
	{ .name = "write", .help = "write the proposal, or VALUES, and tell the boot loader",
	  .set = &options.write, .file = &options.values, .value = "VALUES", .optional = true },
	{ .name = "undo", .help = "take it back: the machine boots as an ordinary Linux",
	  .set = &options.undo },
	{ .name = "current", .help = "print nothing but the value that is written",
	  .set = &options.current },
	{ .name = "force", .help = "write VALUES that do not fit this machine",
	  .set = &options.force },
	{ .name = "root", .help = "for a saved machine: below DIR, not below /",
	  .file = &options.saved, .value = "DIR" },
	{ }
};

/**
 * struct setup - what is to be written
 * @findings: what this machine offers and lacks
 * @proposal: for this machine
 * @value: what stands behind mint=
 * @old: text of /etc/default/mint, or NULL
 * @old_value: the value there
 * @old_why: why it does not fit this machine, or an empty string
 * @loaders: what was done for each loader, a line each
 */
struct setup {
	struct finding findings[JUDGE_FINDINGS];
	struct proposal proposal;
	char value[DEFAULTS_VALUE_BYTES];
	char *old;
	char old_value[DEFAULTS_VALUE_BYTES];
	char old_why[256];
	char loaders[512];
};

static int check_usage(void)
{
	if (options.write + options.undo + options.current > 1)
		return fail(MINT_EXIT_USAGE, "setup: --write, --undo and --current are for one %s",
			    "each. Try: mint setup --help");
	if (options.saved && !sysroot_has("/"))
		return fail(MINT_EXIT_FAILED, "no saved machine in '%s': %m", options.saved);
	return MINT_EXIT_OK;
}

static int find_value(struct setup *setup)
{
	char why[256];

	if (!options.values && *setup->proposal.why_not)
		return fail(MINT_EXIT_FAILED, "%s. Try: mint check-machine",
			    setup->proposal.why_not);
	if (!options.values) {
		proposal_text(&setup->proposal, setup->value, sizeof(setup->value));
		return MINT_EXIT_OK;
	}
	if (!fit_parse(options.values, why, sizeof(why)))
		return fail(MINT_EXIT_FAILED, "mint=%s: %s. Try: mint setup", options.values, why);
	if (!defaults_can_hold(options.values))
		return fail(MINT_EXIT_FAILED, "'%s' is no value like cpus=0,mem=1G,shm=128M",
			    options.values);
	snprintf(setup->value, sizeof(setup->value), "%s", options.values);
	return MINT_EXIT_OK;
}

/* Finds the value, and whether this machine can have it. */
static int choose_value(struct setup *setup)
{
	static struct survey survey;
	const struct finding *stop;
	char why[256];
	int code;

	survey_machine(&survey);
	judge(&survey, setup->findings);
	propose(&survey, &setup->proposal);
	stop = judge_stop(setup->findings);
	if (stop && !options.force)
		return fail(MINT_EXIT_FAILED, "Mint cannot run on this machine: %s: %s. Try: %s",
			    stop->name, stop->text, stop->next);
	code = find_value(setup);
	if (code)
		return code;
	if (*setup->old_value)
		fit(&survey, setup->old_value, setup->old_why, sizeof(setup->old_why));
	if (options.force || fit(&survey, setup->value, why, sizeof(why)))
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_FAILED, "mint=%s: %s. Try: mint setup", setup->value, why);
}

/* Has the loaders take what is written now; with @word only as that says. */
static int update_loaders(const char *word, char *said, size_t room)
{
	const char *last;
	int status, code;

	code = script_run(options.saved, LOADER_SCRIPT, word, said, room, &status);
	if (code || !status)
		return code;
	last = strrchr(said, '\n');
	last = last ? last + 1 : said;
	if (status == NO_LOADER)
		return fail(MINT_EXIT_FAILED, "%s. Try: add mint= to the kernel's command line %s",
			    last, "where your loader has it");
	return fail(MINT_EXIT_FAILED, "%s", *last ? last : "the boot loader was not told");
}

/* All or nothing: whoever cannot be told must not be told later, by chance. */
static int write_value(struct setup *setup)
{
	char said[sizeof(setup->loaders)];
	int code;

	code = update_loaders("--check", said, sizeof(said));
	if (code || options.dry_run)
		return code;
	code = defaults_write(setup->old, setup->value);
	if (code)
		return code;
	code = update_loaders(NULL, setup->loaders, sizeof(setup->loaders));
	if (code && !defaults_restore(setup->old)) {
		int status;

		/* One of two may have been told. */
		script_run(options.saved, LOADER_SCRIPT, NULL, said, sizeof(said), &status);
	}
	return code;
}

/* What stands between the characters of @between, a string each. */
static json_t *list_json(const char *list, const char *between)
{
	json_t *array = json_array();
	size_t bytes;

	for (; *list; list += bytes + !!list[bytes]) {
		bytes = strcspn(list, between);
		json_array_append_new(array, json_stringn(list, bytes));
	}
	return array;
}

static int print_json(const struct setup *setup)
{
	bool written = (options.write || options.undo) && !options.dry_run;
	char kernels[256];

	kernels_with_mint(kernels, sizeof(kernels));
	return json_print(json_pack("{s:b, s:b, s:s, s:s, s:s, s:o, s:o}",
				    "dry_run", options.dry_run, "written", written,
				    "file", DEFAULTS_FILE,
				    "mint", setup->value, "former", setup->old_value,
				    "kernels", list_json(kernels, " "),
				    "loaders", list_json(setup->loaders, "\n")));
}

/* What works less well here, but for the kernel that happens to run now. */
static void print_notes(const struct setup *setup)
{
	const struct finding *finding;

	for (finding = setup->findings; finding < setup->findings + JUDGE_FINDINGS; finding++)
		if (finding->verdict == VERDICT_LESS && strcmp(finding->name, "kernel"))
			printf("  %s: %s\n", finding->name, finding->text);
}

static void print_proposal(const struct setup *setup)
{
	printf("%s\n  mint=%s\n", options.values ? "GIVEN" : "PROPOSAL", setup->value);
	if (options.values)
		printf("  %s\n", options.force ? "it was not compared with this machine" :
		       "it fits this machine");
	else
		printf("  " PROPOSE_RULE "\n");
	print_notes(setup);
	printf("NOW\n  " DEFAULTS_FILE ": %s%s\n", *setup->old_value ? "mint=" : "no value",
	       setup->old_value);
	if (*setup->old_why)
		printf("  it does not fit this machine: %s\n", setup->old_why);
}

static void print_written(const struct setup *setup)
{
	const char *line = setup->loaders;
	size_t bytes;

	printf("DONE\n  " DEFAULTS_FILE ": MINT=\"%s\"\n", setup->value);
	for (; *line; line += bytes + (line[bytes] == '\n')) {
		bytes = strcspn(line, "\n");
		printf("  %.*s\n", (int)bytes, line);
	}
}

static int print_text(const struct setup *setup)
{
	bool changes = options.write || options.undo;
	char kernels[256];

	if (changes && !options.dry_run)
		print_written(setup);
	else
		print_proposal(setup);
	if (options.undo) {
		printf("NEXT\n  reboot: the machine boots as an ordinary Linux\n");
		return finish_output();
	}
	if (!kernels_with_mint(kernels, sizeof(kernels)))
		printf("NEXT\n  install a kernel with Mint: there is none in /boot\n");
	else if (changes && !options.dry_run)
		printf("NEXT\n  reboot into %s\n", kernels);
	else
		printf("NEXT\n  mint setup --write%s%s, then reboot into %s\n",
		       options.values ? "=" : "", options.values ? options.values : "", kernels);
	return finish_output();
}

static int print_current(const struct setup *setup)
{
	if (*setup->old_value)
		printf("%s\n", setup->old_value);
	return finish_output();
}

static int run(struct setup *setup)
{
	int code = MINT_EXIT_OK;

	if (!options.undo)
		code = choose_value(setup);
	if (!code && (options.write || options.undo))
		code = write_value(setup);
	if (code)
		return code;
	return options.json ? print_json(setup) : print_text(setup);
}

static int cmd_setup(const struct call *call)
{
	static struct setup setup;
	int code;

	(void)call;
	fail_context("cannot set up this machine");
	if (options.saved)
		sysroot_set(options.saved);
	code = check_usage();
	if (!code)
		code = defaults_read(&setup.old);
	/* What makes no sense can be written over, or undone. */
	if (!code && !defaults_value(setup.old, setup.old_value) &&
	    !(options.write || options.undo))
		code = fail(MINT_EXIT_FAILED, DEFAULTS_FILE
			    ": MINT= has no value like \"%s\". Try: mint setup --write",
			    "cpus=0,mem=1G,shm=128M");
	if (!code)
		code = options.current ? print_current(&setup) : run(&setup);
	free(setup.old);
	return code;
}

const struct verb verb_setup = {
	.name = "setup",
	.summary = "propose what node 0 keeps of this machine; write it if told to",
	.options = option_table,
	.dry_run = &options.dry_run,
	.run = cmd_setup,
};
