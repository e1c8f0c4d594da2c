// SPDX-License-Identifier: GPL-2.0
/*
 * The node file: one section [node] of key = value lines, read by inih. Every
 * error names file, line and key. inih counts no lines for its caller and
 * cuts long ones, so the lines are handed to it from here, one by one.
 */
#include <ctype.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mint/dev.h>
#include "config.h"
#include "file.h"
#include "report.h"
#include "text.h"
#include "value.h"
#include "words.h"

#define FILE_LIMIT	65536

enum key {
	KEY_NAME,
	KEY_CPUS,
	KEY_MEMORY,
	KEY_DEVICES,
	KEY_RESTART,
	KEY_AUTOSTART,
	KEY_KERNEL,
	KEY_INITRD,
	KEY_CMDLINE,
	NR_KEYS,
};

static const struct {
	const char *name;
	bool required;
} keys[NR_KEYS] = {
	[KEY_NAME] = { "name", true },
	[KEY_CPUS] = { "cpus", true },
	[KEY_MEMORY] = { "memory", true },
	[KEY_DEVICES] = { "devices", false },
	[KEY_RESTART] = { "restart", false },
	[KEY_AUTOSTART] = { "autostart", false },
	[KEY_KERNEL] = { "kernel", true },
	[KEY_INITRD] = { "initrd", false },
	[KEY_CMDLINE] = { "cmdline", false },
};

struct parser {
	struct config *config;
	const char *next;		/* text not yet handed to inih */
	unsigned int line;		/* number of the line handed out last */
	bool continued;			/* that line begins with a blank */
	unsigned int failed;		/* line of the first error here, 0 = none */
	char error[600];		/* what is wrong with it */
	unsigned int seen[NR_KEYS];	/* first line of each key, 0 = not yet */
};

/* Printed when inih has told of its own errors, which may be further up. */
static void reject(struct parser *parser, const char *key, const char *why)
{
	parser->failed = parser->line;
	snprintf(parser->error, sizeof(parser->error), "%s%s%s", key ? key : "",
		 key ? ": " : "", why);
}

/* An ini_reader: like fgets(), but an overlong line is an error. */
static char *next_line(char *to, int room, void *stream)
{
	struct parser *parser = stream;
	size_t bytes = strcspn(parser->next, "\n");

	if (!*parser->next || parser->failed)
		return NULL;
	parser->line++;
	if (bytes + 2 > (size_t)room) {
		char why[96];

		snprintf(why, sizeof(why), "the line is longer than %d characters; %s",
			 room - 2, "go on in the next line, after a blank");
		reject(parser, NULL, why);
		return NULL;
	}
	parser->continued = isblank((unsigned char)*parser->next);
	memcpy(to, parser->next, bytes);
	memcpy(to + bytes, "\n", 2);
	parser->next += bytes + (parser->next[bytes] == '\n');
	return to;
}

static bool set_path(char **to, const char *file, const char *value)
{
	const char *slash = strrchr(file, '/');

	if (*value == '/' || !slash)
		*to = strdup(value);
	else if (asprintf(to, "%.*s/%s", (int)(slash - file), file, value) < 0)
		*to = NULL;
	return *to;
}

/* A continuation line lengthens the command line by one blank and its text. */
static bool add_cmdline(struct config *config, const char *value)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", config->cmdline,
		     *config->cmdline && *value ? " " : "", value) < 0)
		return false;
	free(config->cmdline);
	config->cmdline = longer;
	return true;
}

/* inih takes what follows as a comment at some places and not at others. */
static bool has_comment_word(const char *value)
{
	const char *at = value;

	while ((at = strpbrk(at, "#;"))) {
		if (at == value || isspace((unsigned char)at[-1]))
			return true;
		at++;
	}
	return false;
}

static bool set_key(struct parser *parser, enum key key, const char *value, char *why, size_t room)
{
	struct config *config = parser->config;

	if (!*value && key != KEY_CMDLINE) {
		snprintf(why, room, "it is empty");
		return false;
	}
	snprintf(why, room, "no memory");
	switch (key) {
	case KEY_NAME:
		return value_name(value, config->name, why, room);
	case KEY_CPUS:
		return value_cpus(value, config->cpus, why, room);
	case KEY_MEMORY:
		return value_memory(value, config->extents, &config->nr_extents, why,
				    room);
	case KEY_DEVICES:
		return value_devices(value, config->functions, &config->nr_functions, why,
				     room);
	case KEY_RESTART:
		return value_restart(value, &config->policy, why, room);
	case KEY_AUTOSTART:
		return value_yes_no(value, &config->autostart, why, room);
	case KEY_KERNEL:
		return set_path(&config->kernel, config->path, value);
	case KEY_INITRD:
		return set_path(&config->initrd, config->path, value);
	default:
		if (!has_comment_word(value))
			return add_cmdline(config, value);
		snprintf(why, room, "a word that begins with '#' or ';' cannot be passed on");
		return false;
	}
}

static bool take_key(struct parser *parser, enum key key, const char *value)
{
	char why[512];

	if (parser->seen[key] && !(parser->continued && key == KEY_CMDLINE)) {
		if (parser->continued)
			snprintf(why, sizeof(why), "only cmdline goes on in further lines");
		else
			snprintf(why, sizeof(why), "it stands in line %u already",
				 parser->seen[key]);
	} else {
		if (!parser->seen[key])
			parser->seen[key] = parser->line;
		if (set_key(parser, key, value, why, sizeof(why)))
			return true;
	}
	reject(parser, keys[key].name, why);
	return false;
}

/* An ini_handler; 0 tells inih of an error. */
static int take_pair(void *context, const char *section, const char *name, const char *value)
{
	struct parser *parser = context;
	enum key key;

	if (parser->failed)
		return 0;
	if (strcmp(section, "node")) {
		char why[96];

		snprintf(why, sizeof(why), "it stands in section [%.40s], not in [node]", section);
		reject(parser, name, why);
		return 0;
	}
	for (key = 0; key < NR_KEYS; key++)
		if (!strcmp(name, keys[key].name))
			return take_key(parser, key, value);
	reject(parser, name,
	       "no such key; known: name cpus memory devices restart autostart kernel initrd cmdline");
	return 0;
}

static int check_parsed(const struct parser *parser, unsigned int syntax_error)
{
	const char *path = parser->config->path;
	char why[512];
	enum key key;

	if (syntax_error && (!parser->failed || syntax_error < parser->failed))
		return fail(MINT_EXIT_FAILED, "%s:%u: it is neither 'key = value' nor '[section]'",
			    path, syntax_error);
	if (parser->failed)
		return fail(MINT_EXIT_FAILED, "%s:%u: %s", path, parser->failed, parser->error);
	for (key = 0; key < NR_KEYS; key++)
		if (keys[key].required && !parser->seen[key])
			return fail(MINT_EXIT_FAILED, "%s:%u: %s: the key is missing",
				    path, parser->line, keys[key].name);
	if (!words_work(parser->config->cmdline, why, sizeof(why)))
		return fail(MINT_EXIT_FAILED, "%s:%u: cmdline: %s", path,
			    parser->seen[KEY_CMDLINE], why);
	return MINT_EXIT_OK;
}

static int parse(struct config *config, const struct buffer *text)
{
	struct parser parser = { .config = config };
	char *copy;
	int line;

	copy = strndup((const char *)text->data, text->bytes);
	if (!copy)
		return fail(MINT_EXIT_FAILED, "no memory for '%s'", config->path);
	parser.next = copy;
	if (strlen(copy) != text->bytes) {
		free(copy);
		return fail(MINT_EXIT_FAILED, "%s:1: it is not a text file", config->path);
	}
	line = ini_parse_stream(next_line, &parser, take_pair, &parser);
	free(copy);
	if (line < 0)
		return fail(MINT_EXIT_FAILED, "no memory for '%s'", config->path);
	return check_parsed(&parser, line);
}

/**
 * config_read() - read and check a node file
 * @path: which file; a relative path in it is relative to its folder
 * @config: filled in; config_free() is due after success and failure alike
 *
 * Return: an enum mint_exit.
 */
int config_read(const char *path, struct config *config)
{
	struct buffer text;
	int code;

	memset(config, 0, sizeof(*config));
	code = file_read("node file", path, FILE_LIMIT, &text);
	if (code)
		return code;
	config->path = realpath(path, NULL);
	config->cmdline = strdup("");
	if (config->path && config->cmdline)
		code = parse(config, &text);
	else
		code = fail(MINT_EXIT_FAILED, "node file '%s': %m", path);
	free(text.data);
	return code;
}

/**
 * config_free() - give back what config_read() took
 * @config: the node file
 */
void config_free(struct config *config)
{
	free(config->path);
	free(config->kernel);
	free(config->initrd);
	free(config->cmdline);
	memset(config, 0, sizeof(*config));
}

static void print_devices(FILE *to, const struct config *config)
{
	char address[24];
	unsigned int i;

	for (i = 0; i < config->nr_functions; i++)
		fprintf(to, "%s %s", i ? "," : "devices =",
			function_text(config->functions[i], address));
	if (i)
		fputc('\n', to);
}

static void print_memory(FILE *to, const struct config *config)
{
	unsigned int i;

	fprintf(to, "memory =");
	for (i = 0; i < config->nr_extents; i++) {
		const struct mint_extent *extent = &config->extents[i];
		char size[24];

		fprintf(to, "%s %s", i ? "," : "", size_text(extent->bytes, size));
		if (extent->base != MINT_ANY)
			fprintf(to, "@0x%llx", extent->base);
	}
	fputc('\n', to);
}

/* One word a line: no line gets longer than one that could be read. */
static void print_cmdline(FILE *to, const char *cmdline)
{
	const char *blanks = " \t";

	fprintf(to, "cmdline =\n");
	while (*(cmdline += strspn(cmdline, blanks))) {
		size_t bytes = strcspn(cmdline, blanks);

		fprintf(to, " %.*s\n", (int)bytes, cmdline);
		cmdline += bytes;
	}
}

/**
 * config_text() - a node file that reads back as the same configuration
 * @config: the configuration
 *
 * Return: the text, the caller's to free; NULL without memory.
 */
char *config_text(const struct config *config)
{
	char cpus[MINT_MAX_CPUS * 4];
	char *text = NULL;
	size_t bytes;
	FILE *to;

	to = open_memstream(&text, &bytes);
	if (!to)
		return NULL;
	fprintf(to, "[node]\nname = %s\ncpus = %s\n", config->name,
		cpus_text(config->cpus, cpus, sizeof(cpus)));
	print_memory(to, config);
	print_devices(to, config);
	if (config->policy != MINT_POLICY_NO)
		fprintf(to, "restart = %s\n", restart_text(config->policy));
	if (config->autostart)
		fprintf(to, "autostart = yes\n");
	fprintf(to, "kernel = %s\n", config->kernel);
	if (config->initrd)
		fprintf(to, "initrd = %s\n", config->initrd);
	if (*config->cmdline)
		print_cmdline(to, config->cmdline);
	if (fclose(to)) {
		free(text);
		return NULL;
	}
	return text;
}
