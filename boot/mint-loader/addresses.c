// SPDX-License-Identifier: GPL-2.0
/* Which address a new node can have: one that no node file gives to its node. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "addresses.h"
#include "report.h"

#define FIRST		2	/* node 0 has the one before */
#define LAST		254
#define FILE_LIMIT	65536

static int is_node_file(const struct dirent *entry)
{
	size_t bytes = strlen(entry->d_name);

	return *entry->d_name != '.' && bytes > 5 && !strcmp(entry->d_name + bytes - 5, ".conf");
}

static void note_addresses(const char *text, bool used[LAST + 1])
{
	const char *word = "ip=" ADDRESSES_NET;
	unsigned long number;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		number = strtoul(text, NULL, 10);
		if (number <= LAST)
			used[number] = true;
	}
}

/* What cannot be read is another's fault to tell. */
static void read_file(const char *dir, const char *name, bool used[LAST + 1])
{
	char path[512], text[FILE_LIMIT + 1];
	size_t bytes;
	FILE *from;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	from = fopen(path, "re");
	if (!from)
		return;
	bytes = fread(text, 1, FILE_LIMIT, from);
	fclose(from);
	text[bytes] = 0;
	note_addresses(text, used);
}

/**
 * addresses_choose() - find an address for a new node
 * @dir: folder of the node files
 * @number: filled in: what follows ADDRESSES_NET
 *
 * Return: an enum mint_exit.
 */
int addresses_choose(const char *dir, unsigned int *number)
{
	bool used[LAST + 1] = { false };
	struct dirent **names;
	int i, nr;

	nr = scandir(dir, &names, is_node_file, NULL);
	if (nr < 0 && errno != ENOENT)
		return fail(MINT_EXIT_FAILED, "folder '%s': %m", dir);
	for (i = 0; i < nr; i++) {
		read_file(dir, names[i]->d_name, used);
		free(names[i]);
	}
	if (nr >= 0)
		free(names);
	for (*number = FIRST; *number <= LAST; ++*number)
		if (!used[*number])
			return MINT_EXIT_OK;
	return fail(MINT_EXIT_FAILED, "no address in " ADDRESSES_NET "0/24 is left. Try: ls %s",
		    dir);
}
