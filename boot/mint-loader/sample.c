// SPDX-License-Identifier: GPL-2.0
/* mint sample: what this node can tell of itself, for `mint top` on another node. */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include "figures.h"
#include "json.h"
#include "report.h"
#include "sysroot.h"
#include "verb.h"

static struct {
	const char *saved;
} options;

static const struct verb_option option_table[] = {
	{ .name = "root", .help = "for a saved machine: below DIR, not below /",
	  .file = &options.saved, .value = "DIR" },
	{ }
};

static int cmd_sample(const struct call *call)
{
	static struct figures figures;
	int code;

	(void)call;
	fail_context("cannot tell of this node");
	if (options.saved)
		sysroot_set(options.saved);
	figures_read(&figures);
	code = json_print_line(figures_json(&figures));
	return code ? code : finish_output();
}

const struct verb verb_sample = {
	.name = "sample",
	.options = option_table,
	.prints = true,
	.run = cmd_sample,
};
