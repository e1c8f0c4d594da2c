// SPDX-License-Identifier: GPL-2.0
/* Kernels that are installed in /boot, by the configuration that stands beside them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernels.h"
#include "report.h"
#include "sysroot.h"

#define CONFIG_MAX	0x100000
#define CONFIG_PREFIX	"config-"

/**
 * struct list - releases, as text
 * @text: the list
 * @room: its size
 * @used: its bytes
 */
struct list {
	char *text;
	size_t room;
	size_t used;
};

/**
 * kernel_has_mint() - is a kernel known to be built with CONFIG_MINT?
 * @release: its release
 */
bool kernel_has_mint(const char *release)
{
	struct buffer config;
	char path[128];
	bool built;

	snprintf(path, sizeof(path), "/boot/" CONFIG_PREFIX "%s", release);
	built = !sysroot_read(path, CONFIG_MAX, &config) &&
		strstr((char *)config.data, "\nCONFIG_MINT=y\n");
	free(config.data);
	return built;
}

static void add_kernel(const char *name, void *context)
{
	const char *release = name + strlen(CONFIG_PREFIX);
	struct list *list = context;

	if (strncmp(name, CONFIG_PREFIX, strlen(CONFIG_PREFIX)) || !kernel_has_mint(release) ||
	    list->used + strlen(release) + 2 > list->room)
		return;
	list->used += snprintf(list->text + list->used, list->room - list->used, "%s%s",
			       list->used ? " " : "", release);
}

/**
 * kernels_with_mint() - list those that are built with CONFIG_MINT
 * @text: filled in: their releases with blanks between them, as many as there is room for
 * @room: size of @text
 *
 * Return: whether there is one.
 */
bool kernels_with_mint(char *text, size_t room)
{
	struct list list = { .text = text, .room = room };

	*text = '\0';
	sysroot_each("/boot", add_kernel, &list);
	make_printable(text);
	return *text;
}
