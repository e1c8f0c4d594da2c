// SPDX-License-Identifier: GPL-2.0
/*
 * The words of a call after its verb: options, as the verb's table has them,
 * then operands. The help of a verb is made of the same table.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "options.h"
#include "report.h"
#include "verb.h"

#define SECONDS_MAX	86400
#define OPTIONS_MAX	24
#define NO_LETTER	256	/* what getopt returns for the first option without one */

static const struct verb_option help_option = { .name = "help", .letter = 'h',
						.help = "this help" };

/* Option number @i of a verb, the first is --help; NULL after the last. */
static const struct verb_option *option_at(const struct verb *verb, unsigned int i)
{
	if (!i)
		return &help_option;
	return verb->options && verb->options[i - 1].name ? &verb->options[i - 1] : NULL;
}

static const char *value_word(const struct verb_option *option)
{
	if (option->value)
		return option->value;
	return option->seconds ? "SEC" : option->file ? "FILE" : "";
}

static void print_option(const struct verb_option *option)
{
	char letter[] = { '-', option->letter, ',', ' ', '\0' };
	const char *value = value_word(option);
	char words[32];

	snprintf(words, sizeof(words), option->optional ? "%s--%s%s%s]" : "%s--%s%s%s",
		 option->letter ? letter : "", option->name,
		 option->optional ? "[=" : *value ? " " : "", value);
	printf("  %-16s %s\n", words, option->help);
}

/**
 * options_help() - print the help of a verb
 * @verb: the verb
 */
void options_help(const struct verb *verb)
{
	const struct verb_option *option;
	unsigned int i;

	printf("usage: mint %s [OPTION...]%s%s%s\n\n%s\n\n", verb->name, verb->operand ? " " : "",
	       verb->operand ? verb->operand : "",
	       verb->runs_command ? " [--] COMMAND [WORD...]" : "",
	       verb->summary ? verb->summary : "not for users");
	for (i = 0; (option = option_at(verb, i)); i++)
		print_option(option);
}

static int take_seconds(const struct verb *verb, const struct verb_option *option,
			const char *text)
{
	char *end;
	unsigned long seconds = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || !seconds || seconds > SECONDS_MAX)
		return fail(MINT_EXIT_USAGE,
			    "%s: --%s '%s' is not a number of seconds from 1 to %u", verb->name,
			    option->name, text, SECONDS_MAX);
	*option->seconds = seconds;
	return MINT_EXIT_OK;
}

static int take_option(const struct verb *verb, const struct verb_option *option,
		       const char *value)
{
	if (option->seconds)
		return take_seconds(verb, option, value);
	if (option == &help_option)
		return OPTIONS_HELP;
	if (option->set)
		*option->set = true;
	if (option->clear)
		*option->clear = false;
	if (option->file)
		*option->file = value;
	return MINT_EXIT_OK;
}

static int getopt_value(const struct verb_option *option, unsigned int i)
{
	return option->letter ? option->letter : NO_LETTER + (int)i;
}

/* Takes what getopt has found; @word is what the user wrote. */
static int take_found(const struct verb *verb, int found, const char *word)
{
	const struct verb_option *option;
	unsigned int i;

	for (i = 0; (option = option_at(verb, i)); i++)
		if (getopt_value(option, i) == found)
			return take_option(verb, option, optarg);
	return fail(MINT_EXIT_USAGE, "%s: %s '%s'%s. Try: mint %s --help", verb->name,
		    found == ':' ? "option" : "bad option", word,
		    found == ':' ? " needs a value" : "", verb->name);
}

/* The table of a verb as getopt_long() wants it. */
static void fill_tables(const struct verb *verb, struct option names[OPTIONS_MAX],
			char letters[OPTIONS_MAX])
{
	const struct verb_option *option;
	unsigned int i;

	/* What stands after the node belongs to the command. */
	if (verb->runs_command)
		*letters++ = '+';
	*letters++ = ':';
	for (i = 0; i < OPTIONS_MAX - 3 && (option = option_at(verb, i)); i++) {
		names[i] = (struct option) {
			.name = option->name,
			.has_arg = option->optional ? optional_argument :
				   *value_word(option) ? required_argument : no_argument,
			.val = getopt_value(option, i),
		};
		if (option->letter)
			*letters++ = option->letter;
	}
}

static int take_options(const struct verb *verb, int argc, char **argv)
{
	struct option names[OPTIONS_MAX] = { 0 };
	char letters[OPTIONS_MAX] = "";
	int found, code = 0;

	fill_tables(verb, names, letters);
	optind = 0;	/* getopt begins anew, with another vector */
	while (!code) {
		int before = optind ? optind : 1;

		found = getopt_long(argc, argv, letters, names, NULL);
		if (found < 0)
			break;
		code = take_found(verb, found, argv[optind > before ? optind - 1 : before]);
	}
	return code;
}

static int take_command(const struct verb *verb, char **argv, struct call *call)
{
	if (*argv && !strcmp(*argv, "--"))
		argv++;
	if (!*argv)
		return fail(MINT_EXIT_USAGE, "%s: which command? Try: mint %s NODE -- COMMAND",
			    verb->name, verb->name);
	call->command = argv;
	return MINT_EXIT_OK;
}

static int nr_words(const char *operand)
{
	int words = operand ? 1 : 0;

	for (; words && (operand = strchr(operand, ' ')); operand++)
		words++;
	return words;
}

static int take_operands(const struct verb *verb, int argc, char **argv, struct call *call)
{
	int wanted = nr_words(verb->operand);

	if (argc < wanted && *verb->operand != '[')
		return fail(MINT_EXIT_USAGE, "%s: which %s? Try: mint %s --help", verb->name,
			    verb->operand, verb->name);
	if (argc > wanted && !verb->runs_command && !(wanted && strstr(verb->operand, "...")))
		return fail(MINT_EXIT_USAGE, "%s: '%s' is one word too many. Try: mint %s --help",
			    verb->name, argv[wanted], verb->name);
	call->operand = argc ? argv[0] : NULL;
	call->operands = argv;
	call->nr_operands = argc;
	return verb->runs_command ? take_command(verb, argv + 1, call) : MINT_EXIT_OK;
}

/**
 * options_take() - read the words of a call after its verb
 * @verb: the verb; its options are set
 * @argc: entries of @argv
 * @argv: the verb and what stands after it
 * @call: its operands are filled in
 *
 * Return: an enum mint_exit, or OPTIONS_HELP.
 */
int options_take(const struct verb *verb, int argc, char **argv, struct call *call)
{
	int code = take_options(verb, argc, argv);

	return code ? code : take_operands(verb, argc - optind, argv + optind, call);
}
