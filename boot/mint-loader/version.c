// SPDX-License-Identifier: GPL-2.0
/* mint version: the versions of this command and of the kernel's ABI. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <mint/abi.h>
#include "json.h"
#include "region.h"
#include "report.h"
#include "verb.h"

static struct {
	bool json;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ }
};

static int print_version(bool present, __u32 kernel_abi)
{
	char own[16], kernel[16];

	snprintf(own, sizeof(own), "%u.%u", MINT_ABI_MAJOR, MINT_ABI_MINOR);
	snprintf(kernel, sizeof(kernel), "%u.%u", kernel_abi >> 16, kernel_abi & 0xffff);
	if (options.json)
		return json_print(json_pack("{s:s, s:s, s:s?}", "version", MINT_VERSION, "abi",
					    own, "kernel_abi", present ? kernel : NULL));
	printf("mint %s\nABI of this command  %s\n", MINT_VERSION, own);
	printf("ABI of the kernel    %s\n", present ? kernel : "-, it runs without Mint");
	return finish_output();
}

static int cmd_version(const struct call *call)
{
	bool present = region_present(call->saved);
	__u32 abi = 0;
	int code = present ? region_abi(call->saved, &abi) : MINT_EXIT_OK;

	return code ? code : print_version(present, abi);
}

const struct verb verb_version = {
	.name = "version",
	.summary = "print the versions of this command and of the kernel's ABI",
	.options = option_table,
	.reads_saved = true,
	.prints = true,
	.run = cmd_version,
};
