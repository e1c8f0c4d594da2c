/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a verb of the command is: one file, with its options, its help and the
 * function that does it. main.c has the list of them.
 */
#ifndef MINT_LOADER_VERB_H
#define MINT_LOADER_VERB_H

#include <stdbool.h>

/**
 * struct call - one call of the command, without the options of its verb
 * @saved: file with a saved region to look at, or NULL for that of this machine
 * @operand: the first word after the verb and its options: a node file, or a
 *	node's name or id; NULL if there is none
 * @operands: all of these words, ends with NULL
 * @nr_operands: how many
 * @command: the words after the node of a verb with @runs_command, ends with NULL
 */
struct call {
	const char *saved;
	const char *operand;
	char *const *operands;
	int nr_operands;
	char *const *command;
};

/**
 * struct verb_option - an option of a verb
 * @name: the long name, without its dashes; NULL ends a table
 * @letter: the short name, or 0
 * @help: what it does, in a line
 * @set: becomes true
 * @clear: becomes false
 * @seconds: takes the option's value, a number of seconds
 * @file: takes the option's value, the name of a file or folder
 * @value: how the help names that; NULL: FILE
 * @optional: the value may be left out; it follows an equals sign
 *
 * One of the pointers before @value is there, and tells of which kind the option is;
 * two if the value is optional.
 */
struct verb_option {
	const char *name;
	char letter;
	const char *help;
	bool *set;
	bool *clear;
	unsigned int *seconds;
	const char **file;
	const char *value;
	bool optional;
};

/* Options that several verbs have; what they set is the verb's own. */
#define VERB_JSON(to)	\
	.name = "json", .help = "print the result as JSON", .set = (to)
#define VERB_DRY_RUN(to)	\
	.name = "dry-run", .help = "check everything, print the plan, do nothing", .set = (to)
#define VERB_FORCE(to)	\
	.name = "force", .help = "also if the node runs", .set = (to)
#define VERB_TIMEOUT(to)	\
	.name = "timeout", .help = "how long to wait for the node (default 30)", .seconds = (to)
#define VERB_TIMEOUT_S	30

/**
 * struct verb - one of the things that mint does, such as kill
 * @name: what the user writes
 * @operand: name of what follows, in brackets if it can be left out; or NULL
 * @summary: one line of help; NULL: the verb is not for users
 * @options: what it takes besides --help; or NULL
 * @dry_run: set by its option --dry-run; NULL if it has none
 * @runs_command: a command and its words follow the operand
 * @reads_saved: it can work on a saved region
 * @prints: what it prints is what it is for: who cannot read it has nothing
 * @run: does it; returns an enum mint_exit
 */
struct verb {
	const char *name;
	const char *operand;
	const char *summary;
	const struct verb_option *options;
	const bool *dry_run;
	bool runs_command;
	bool reads_saved;
	bool prints;
	int (*run)(const struct call *call);
};

extern const struct verb verb_check;
extern const struct verb verb_check_machine;
extern const struct verb verb_console;
extern const struct verb verb_create;
extern const struct verb verb_destroy;
extern const struct verb verb_exec;
extern const struct verb verb_hw;
extern const struct verb verb_kill;
extern const struct verb verb_list;
extern const struct verb verb_log;
extern const struct verb verb_nbd;
extern const struct verb verb_new;
extern const struct verb verb_sample;
extern const struct verb verb_serve;
extern const struct verb verb_setup;
extern const struct verb verb_show;
extern const struct verb verb_start;
extern const struct verb verb_stop;
extern const struct verb verb_supervise;
extern const struct verb verb_sysrq;
extern const struct verb verb_top;
extern const struct verb verb_version;

#endif /* MINT_LOADER_VERB_H */
