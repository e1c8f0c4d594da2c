// SPDX-License-Identifier: GPL-2.0
/*
 * mint: manages the nodes of a machine. This file is the command line: the
 * table of verbs, their options and their help. docs/design.md has the words.
 */
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <mint/dev.h>
#include "json.h"
#include "region.h"
#include "report.h"
#include "util.h"
#include "verb.h"

#define TIMEOUT_S_DEFAULT	30
#define TIMEOUT_S_MAX		86400

/* What a verb takes besides --help */
#define TAKES_JSON	0x1
#define TAKES_DRY_RUN	0x2
#define TAKES_WAIT	0x4
#define TAKES_FILE	0x8
#define TAKES_HISTORY	0x10
#define TAKES_FORCE	0x20
#define TAKES_FOLLOW	0x80
#define TAKES_NAMES	0x100
#define TAKES_GRACE	0x200
/* It can work on a saved region. */
#define TAKES_REGION	0x40
#define TAKES_TIMEOUT	0x400
/* A command and its words follow the operand. */
#define TAKES_COMMAND	0x800
/* What it prints is what it is for: who cannot read it has nothing. */
#define PRINTS		0x1000
#define TAKES_INPUT	0x2000
#define TAKES_NO_INPUT	0x4000

static int cmd_version(const struct request *request);

/**
 * struct verb - one command of the command
 * @name: what the user writes
 * @operand: name of what follows, in brackets if it can be left out; or NULL
 * @takes: TAKES_* bits
 * @run: does it; returns an enum mint_exit
 * @summary: one line of help; NULL: the verb is not for users
 */
struct verb {
	const char *name;
	const char *operand;
	unsigned int takes;
	int (*run)(const struct request *request);
	const char *summary;
};

static const struct verb verbs[] = {
	{ "check", "FILE", TAKES_JSON | TAKES_REGION, cmd_check,
	  "check a node file, and all it names, without touching anything" },
	{ "create", "FILE", TAKES_JSON | TAKES_DRY_RUN, cmd_create,
	  "claim CPUs and memory for the node that FILE describes" },
	{ "start", "NODE", TAKES_JSON | TAKES_DRY_RUN | TAKES_WAIT | TAKES_TIMEOUT | TAKES_FILE,
	  cmd_start,
	  "load a node's kernel, set it going and wait for its report" },
	{ "list", NULL, TAKES_NAMES | TAKES_JSON | TAKES_REGION | PRINTS, cmd_list,
	  "list the nodes and what no node owns" },
	{ "show", "NODE", TAKES_JSON | TAKES_REGION | PRINTS, cmd_show,
	  "show all that is known of a node" },
	{ "hw", NULL, TAKES_JSON | TAKES_REGION | PRINTS, cmd_hw,
	  "show what the machine has, and whose it is" },
	{ "console", "NODE", TAKES_INPUT | TAKES_HISTORY | TAKES_REGION | PRINTS, cmd_console,
	  "connect the terminal with a node's console" },
	{ "log", "[NODE]", TAKES_JSON | TAKES_FOLLOW | TAKES_REGION | PRINTS, cmd_log,
	  "print a node's kernel log, also after its end; or those of all, merged" },
	{ "exec", "NODE", TAKES_NO_INPUT | TAKES_COMMAND | PRINTS, cmd_exec,
	  "run a command on a node, and exit with its code" },
	{ "stop", "NODE", TAKES_JSON | TAKES_DRY_RUN | TAKES_TIMEOUT, cmd_stop,
	  "ask a node to power off, and wait for it" },
	{ "kill", "NODE", TAKES_JSON | TAKES_DRY_RUN, cmd_kill,
	  "stop a node's CPUs at whatever they do" },
	{ "destroy", "NODE", TAKES_JSON | TAKES_DRY_RUN | TAKES_FORCE, cmd_destroy,
	  "give back what a node owns" },
	{ "sysrq", "NODE KEY", TAKES_JSON, cmd_sysrq,
	  "give a node's kernel a key of SysRq, though the node may hang" },
	{ "supervise", "[NODE...]", TAKES_JSON | TAKES_GRACE, cmd_supervise,
	  "start nodes again that fail, as their files say, until killed" },
	{ "version", NULL, TAKES_JSON | TAKES_REGION | PRINTS, cmd_version,
	  "print the versions of this command and of the kernel's ABI" },
	{ "serve", "REQUEST", 0, cmd_serve, NULL },
};

enum {
	OPT_JSON = 256,
	OPT_DRY_RUN,
	OPT_WAIT,
	OPT_NO_WAIT,
	OPT_TIMEOUT,
	OPT_FILE,
	OPT_HISTORY,
	OPT_FORCE,
	OPT_NAMES,
	OPT_GRACE,
	OPT_FOLLOW = 'f',
	OPT_INPUT = 'i',
	OPT_NO_INPUT = 'n',
};

static const struct {
	unsigned int takes;
	struct option option;
	const char *help;
} options[] = {
	{ 0, { "help", no_argument, NULL, 'h' }, "  -h, --help       this help" },
	{ TAKES_JSON, { "json", no_argument, NULL, OPT_JSON },
	  "  --json           print the result as JSON" },
	{ TAKES_DRY_RUN, { "dry-run", no_argument, NULL, OPT_DRY_RUN },
	  "  --dry-run        check everything, print the plan, do nothing" },
	{ TAKES_WAIT, { "wait", no_argument, NULL, OPT_WAIT },
	  "  --wait           wait until the node reports (default)" },
	{ TAKES_WAIT, { "no-wait", no_argument, NULL, OPT_NO_WAIT },
	  "  --no-wait        return as soon as the node's CPU runs" },
	{ TAKES_TIMEOUT, { "timeout", required_argument, NULL, OPT_TIMEOUT },
	  "  --timeout SEC    how long to wait for the node (default 30)" },
	{ TAKES_FILE, { "file", required_argument, NULL, OPT_FILE },
	  "  --file FILE      use this node file, not the one kept by create" },
	{ TAKES_NAMES, { "names", no_argument, NULL, OPT_NAMES },
	  "  --names          print nothing but the names" },
	{ TAKES_HISTORY, { "history", no_argument, NULL, OPT_HISTORY },
	  "  --history        print what the console has shown, and leave" },
	{ TAKES_INPUT, { "input", no_argument, NULL, OPT_INPUT },
	  "  -i, --input      type what standard input has, though it is no terminal" },
	{ TAKES_NO_INPUT, { "no-input", no_argument, NULL, OPT_NO_INPUT },
	  "  -n, --no-input   leave standard input alone: the command's is empty" },
	{ TAKES_FOLLOW, { "follow", no_argument, NULL, OPT_FOLLOW },
	  "  -f, --follow     go on with what comes, until interrupted" },
	{ TAKES_GRACE, { "grace", required_argument, NULL, OPT_GRACE },
	  "  --grace SEC      how long a node may hang (default: silent 2, stalled 5)" },
	{ TAKES_FORCE, { "force", no_argument, NULL, OPT_FORCE },
	  "  --force          also if the node runs" },
};

static void print_help(void)
{
	unsigned int i;

	printf("usage: mint [--region FILE] VERB [OPTION...] [FILE|NODE]\n\n"
	       "Manages the nodes of this machine. NODE is a node's name or id.\n\n");
	for (i = 0; i < ARRAY_SIZE(verbs) && verbs[i].summary; i++)
		printf("  %-9s %-9s %s\n", verbs[i].name,
		       verbs[i].operand ? verbs[i].operand : "", verbs[i].summary);
	printf("\n  --region FILE    look at a saved shared region, not at this machine's\n"
	       "  -h, --help       this help; after a verb: help on the verb\n\n"
	       "Exit status: 0 good, 1 failed, 2 usage, 3 no such node, 4 wrong state,\n"
	       "5 timed out, 6 ABI mismatch. exec passes the code of the command; 255: the\n"
	       "node was lost.\n");
}

static bool has_option(const struct verb *verb, unsigned int i)
{
	return !options[i].takes || verb->takes & options[i].takes;
}

static void print_verb_help(const struct verb *verb)
{
	unsigned int i;

	printf("usage: mint %s [OPTION...]%s%s%s\n\n%s\n\n", verb->name, verb->operand ? " " : "",
	       verb->operand ? verb->operand : "",
	       verb->takes & TAKES_COMMAND ? " [--] COMMAND [WORD...]" : "",
	       verb->summary ? verb->summary : "for the kernel, not for users");
	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (has_option(verb, i))
			printf("%s\n", options[i].help);
}

static int take_seconds(const struct verb *verb, const char *option, const char *text,
			unsigned int *to)
{
	char *end;
	unsigned long seconds = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || !seconds || seconds > TIMEOUT_S_MAX)
		return fail(MINT_EXIT_USAGE, "%s: %s '%s' is not a number of seconds from 1 to %u",
			    verb->name, option, text, TIMEOUT_S_MAX);
	*to = seconds;
	return MINT_EXIT_OK;
}

/* Takes one option; -1 when it asked for help. */
static int take_option(const struct verb *verb, int option, const char *word,
		       struct request *request)
{
	switch (option) {
	case 'h':
		return -1;
	case OPT_JSON:
		request->json = true;
		break;
	case OPT_DRY_RUN:
		request->dry_run = true;
		break;
	case OPT_WAIT:
	case OPT_NO_WAIT:
		request->no_wait = option == OPT_NO_WAIT;
		break;
	case OPT_TIMEOUT:
		return take_seconds(verb, "--timeout", optarg, &request->timeout_s);
	case OPT_GRACE:
		return take_seconds(verb, "--grace", optarg, &request->grace_s);
	case OPT_FILE:
		request->file = optarg;
		break;
	case OPT_HISTORY:
		request->history = true;
		break;
	case OPT_INPUT:
		request->input = true;
		break;
	case OPT_NO_INPUT:
		request->no_input = true;
		break;
	case OPT_NAMES:
		request->names = true;
		break;
	case OPT_FORCE:
		request->force = true;
		break;
	case OPT_FOLLOW:
		request->follow = true;
		break;
	case ':':
		return fail(MINT_EXIT_USAGE, "%s: option '%s' needs a value. Try: mint %s --help",
			    verb->name, word, verb->name);
	default:
		return fail(MINT_EXIT_USAGE, "%s: bad option '%s'. Try: mint %s --help",
			    verb->name, word, verb->name);
	}
	return 0;
}

static int take_command(const struct verb *verb, char **argv, struct request *request)
{
	if (*argv && !strcmp(*argv, "--"))
		argv++;
	if (!*argv)
		return fail(MINT_EXIT_USAGE, "%s: which command? Try: mint %s NODE -- COMMAND",
			    verb->name, verb->name);
	request->command = argv;
	return MINT_EXIT_OK;
}

static int nr_words(const char *operand)
{
	int words = operand ? 1 : 0;

	for (; words && (operand = strchr(operand, ' ')); operand++)
		words++;
	return words;
}

static int take_operand(const struct verb *verb, int argc, char **argv, struct request *request)
{
	int wanted = nr_words(verb->operand);

	if (argc < wanted && *verb->operand != '[')
		return fail(MINT_EXIT_USAGE, "%s: which %s? Try: mint %s --help", verb->name,
			    verb->operand, verb->name);
	if (argc > wanted && !(verb->takes & TAKES_COMMAND) &&
	    !(wanted && strstr(verb->operand, "...")))
		return fail(MINT_EXIT_USAGE, "%s: '%s' is one word too many. Try: mint %s --help",
			    verb->name, argv[wanted], verb->name);
	request->operand = argc ? argv[0] : NULL;
	request->operands = argv;
	request->nr_operands = argc;
	if (verb->takes & TAKES_COMMAND)
		return take_command(verb, argv + 1, request);
	return MINT_EXIT_OK;
}

/*
 * Who starts us may have closed some of the files 0 to 2. The next file that is
 * opened would take the place of one of them, and be read as standard input, or
 * be printed to. A closed input is an empty one. What goes to a closed output
 * cannot be written where that matters, and is nobody's wish where it does not.
 */
static void fill_standard_files(const struct verb *verb)
{
	const int modes[] = {
		[STDIN_FILENO] = O_RDONLY,
		[STDOUT_FILENO] = verb->takes & PRINTS ? O_RDONLY : O_WRONLY,
		[STDERR_FILENO] = O_WRONLY,
	};
	int fd;

	for (fd = 0; fd < (int)ARRAY_SIZE(modes); fd++)
		/* The kernel starts "serve" before there may be any device. */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
			open("/", O_PATH);
}

static int take_options(const struct verb *verb, int argc, char **argv, struct request *request)
{
	struct option accepted[ARRAY_SIZE(options) + 1] = { 0 };
	char letters[ARRAY_SIZE(options) + 3] = { 0 };
	unsigned int i, nr = 0, nr_letters = 0;
	int option, code = 0;

	/* What stands after the node belongs to the command. */
	if (verb->takes & TAKES_COMMAND)
		letters[nr_letters++] = '+';
	letters[nr_letters++] = ':';
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		if (!has_option(verb, i))
			continue;
		accepted[nr++] = options[i].option;
		if (options[i].option.val < OPT_JSON)
			letters[nr_letters++] = options[i].option.val;
	}
	optind = 0;	/* getopt begins anew, with another vector */
	while (!code) {
		int before = optind ? optind : 1;

		option = getopt_long(argc, argv, letters, accepted, NULL);
		if (option < 0)
			break;
		code = take_option(verb, option, argv[optind > before ? optind - 1 : before],
				   request);
	}
	return code;
}

static int run_verb(const struct verb *verb, int argc, char **argv, struct request *request)
{
	int code;

	fill_standard_files(verb);
	code = take_options(verb, argc, argv, request);
	if (code < 0) {
		print_verb_help(verb);
		return finish_output();
	}
	if (!code)
		code = take_operand(verb, argc - optind, argv + optind, request);
	if (!code && request->region_file && !(verb->takes & TAKES_REGION) && !request->dry_run)
		code = fail(MINT_EXIT_USAGE, "%s: a saved region cannot be changed", verb->name);
	return code ? code : verb->run(request);
}

static int print_version(const struct request *request, bool present, __u32 kernel_abi)
{
	char own[16], kernel[16];

	snprintf(own, sizeof(own), "%u.%u", MINT_ABI_MAJOR, MINT_ABI_MINOR);
	snprintf(kernel, sizeof(kernel), "%u.%u", kernel_abi >> 16, kernel_abi & 0xffff);
	if (request->json)
		return json_print(json_pack("{s:s, s:s, s:s?}", "version", MINT_VERSION, "abi",
					    own, "kernel_abi", present ? kernel : NULL));
	printf("mint %s\nABI of this command  %s\n", MINT_VERSION, own);
	printf("ABI of the kernel    %s\n", present ? kernel : "-, it runs without Mint");
	return finish_output();
}

static int cmd_version(const struct request *request)
{
	bool present = region_present(request->region_file);
	__u32 abi = 0;
	int code = present ? region_abi(request->region_file, &abi) : MINT_EXIT_OK;

	return code ? code : print_version(request, present, abi);
}

int main(int argc, char **argv)
{
	static const struct option global[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "region", required_argument, NULL, 'r' },
		{ 0 },
	};
	struct request request = {
		.timeout_s = TIMEOUT_S_DEFAULT,
		.generation = MINT_ANY_GENERATION,
	};
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
		request.region_file = optarg;
	}
	if (optind == argc)
		return fail(MINT_EXIT_USAGE, "what shall be done? Try: mint --help");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(argv[optind], verbs[i].name))
			return run_verb(&verbs[i], argc - optind, argv + optind, &request);
	return fail(MINT_EXIT_USAGE, "no verb '%s'. Try: mint --help", argv[optind]);
}
