// SPDX-License-Identifier: GPL-2.0
/* The CPUs, as this kernel runs them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"
#include "survey.h"
#include "sysroot.h"

#define CPUINFO_MAX	(16 << 20)
#define MSR_FILE	"/dev/cpu/0/msr"
#define MSR_APIC_BASE	0x1b

static bool has_word(const char *words, const char *word)
{
	size_t bytes = strlen(word);

	for (; *words; words += strcspn(words, " ")) {
		words += strspn(words, " ");
		if (!strncmp(words, word, bytes) && (!words[bytes] || words[bytes] == ' '))
			return true;
	}
	return false;
}

static void take_flags(struct survey_cpus *cpus, const char *flags)
{
	cpus->constant_tsc = has_word(flags, "constant_tsc");
	cpus->nonstop_tsc = has_word(flags, "nonstop_tsc");
	cpus->gb_pages = has_word(flags, "pdpe1gb");
	cpus->la57 = has_word(flags, "la57");
	cpus->x2apic = has_word(flags, "x2apic");
	cpus->hypervisor = has_word(flags, "hypervisor");
}

/* One line of /proc/cpuinfo. All CPUs are taken to be like the first. */
static void take_line(struct survey_cpus *cpus, const char *key, const char *value)
{
	if (!strcmp(key, "processor") && cpus->nr < SURVEY_CPUS)
		cpus->numbers[cpus->nr++] = strtoul(value, NULL, 10);
	else if (!strcmp(key, "apicid") && cpus->nr)
		cpus->apic_ids[cpus->nr - 1] = strtoul(value, NULL, 10);
	else if (cpus->nr != 1)
		return;
	else if (!strcmp(key, "flags"))
		take_flags(cpus, value);
	else if (!strcmp(key, "model name"))
		snprintf(cpus->model, sizeof(cpus->model), "%s", value);
	else if (!strcmp(key, "address sizes"))
		cpus->phys_bits = strtoul(value, NULL, 10);
}

static void take_cpuinfo(struct survey_cpus *cpus, char *text)
{
	char *line, *value;

	while ((line = strsep(&text, "\n"))) {
		value = strchr(line, ':');
		if (!value)
			continue;
		*value++ = 0;
		line[strcspn(line, "\t")] = 0;
		take_line(cpus, line, value + strspn(value, " "));
	}
	make_printable(cpus->model);
}

/**
 * survey_cpus() - read what this kernel tells of its CPUs
 * @cpus: zeroes; filled in
 */
void survey_cpus(struct survey_cpus *cpus)
{
	struct buffer cpuinfo;

	cpus->base_error = sysroot_read_at(MSR_FILE, MSR_APIC_BASE, &cpus->apic_base,
					   sizeof(cpus->apic_base));
	cpus->error = sysroot_read("/proc/cpuinfo", CPUINFO_MAX, &cpuinfo);
	if (cpus->error)
		return;
	take_cpuinfo(cpus, (char *)cpuinfo.data);
	free(cpuinfo.data);
	if (!cpus->nr)
		cpus->error = -EBADMSG;
}
