// SPDX-License-Identifier: GPL-2.0
/*
 * mint: manages the nodes of a machine. This file has the list of verbs; each
 * of them stands in the file of its name. docs/design.md has the words.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "options.h"
#include "report.h"
#include "util.h"
#include "verb.h"

/* In the order of the help; those that are not for users at the end. */
static const struct verb *const verbs[] = {
	&verb_check_machine, &verb_setup, &verb_new, &verb_check, &verb_create, &verb_start,
	&verb_list, &verb_show, &verb_top, &verb_hw, &verb_console, &verb_log, &verb_exec,
	&verb_stop, &verb_kill, &verb_destroy, &verb_sysrq, &verb_supervise, &verb_version,
	&verb_serve, &verb_nbd, &verb_sample,
};

static void print_help(void)
{
	unsigned int i;

	printf("usage: mint [--region FILE] VERB [OPTION...] [FILE|NODE]\n\n"
	       "Manages the nodes of this machine. NODE is a node's name or id.\n\n");
	for (i = 0; i < ARRAY_SIZE(verbs) && verbs[i]->summary; i++)
		printf("  %-13s %-9s %s\n", verbs[i]->name,
		       verbs[i]->operand ? verbs[i]->operand : "", verbs[i]->summary);
	printf("\n  --region FILE    look at a saved shared region, not at this machine's\n"
	       "  -h, --help       this help; after a verb: help on the verb\n\n"
	       "Exit status: 0 good, 1 failed, 2 usage, 3 no such node, 4 wrong state,\n"
	       "5 timed out, 6 ABI mismatch. exec passes the code of the command; 255: the\n"
	       "node was lost.\n");
}

/*
 * Whoever starts us may have closed some of the files 0 to 2. The next file that
 * we open would get such a number, and be read as standard input or printed to.
 * So the numbers are filled: a closed input is an empty one, and a closed output
 * takes everything, but for verbs that are there to print: they shall fail.
 */
static void fill_standard_files(const struct verb *verb)
{
	const int modes[] = {
		[STDIN_FILENO] = O_RDONLY,
		[STDOUT_FILENO] = verb->prints ? O_RDONLY : O_WRONLY,
		[STDERR_FILENO] = O_WRONLY,
	};
	int fd;

	for (fd = 0; fd < (int)ARRAY_SIZE(modes); fd++)
		/* The kernel starts "serve" before there may be any device. */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
			open("/", O_PATH);
}

static int run_verb(const struct verb *verb, int argc, char **argv, struct call *call)
{
	int code;

	fill_standard_files(verb);
	code = options_take(verb, argc, argv, call);
	if (code == OPTIONS_HELP) {
		options_help(verb);
		return finish_output();
	}
	if (!code && call->saved && !verb->reads_saved && !(verb->dry_run && *verb->dry_run))
		code = fail(MINT_EXIT_USAGE, "%s: a saved region cannot be changed", verb->name);
	return code ? code : verb->run(call);
}

int main(int argc, char **argv)
{
	static const struct option global[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "region", required_argument, NULL, 'r' },
		{ 0 },
	};
	struct call call = { 0 };
	unsigned int i;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:h", global, NULL)) >= 0) {
		if (option == 'h') {
			print_help();
			return finish_output();
		}
		if (option != 'r')
			return fail(MINT_EXIT_USAGE, "bad option '%s'. Try: mint --help",
				    argv[optind > 1 ? optind - 1 : 1]);
		call.saved = optarg;
	}
	if (optind == argc)
		return fail(MINT_EXIT_USAGE, "what shall be done? Try: mint --help");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(argv[optind], verbs[i]->name))
			return run_verb(verbs[i], argc - optind, argv + optind, &call);
	return fail(MINT_EXIT_USAGE, "no verb '%s'. Try: mint --help", argv[optind]);
}
