// SPDX-License-Identifier: GPL-2.0
/*
 * mint check-machine: can Mint run here? It needs neither a kernel with Mint nor
 * root, though root sees more, and touches nothing.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "judge.h"
#include "json.h"
#include "propose.h"
#include "report.h"
#include "survey.h"
#include "sysroot.h"
#include "text.h"
#include "verb.h"

static struct {
	bool json;
	const char *saved;
} options;

static const struct verb_option option_table[] = {
	{ VERB_JSON(&options.json) },
	{ .name = "root", .help = "look at a saved machine: below DIR, not below /",
	  .file = &options.saved, .value = "DIR" },
	{ }
};

static json_t *proposal_json(const struct proposal *proposal)
{
	char text[512];

	if (*proposal->why_not)
		return json_pack("{s:n, s:s}", "mint", "why_not", proposal->why_not);
	return json_pack("{s:s, s:o, s:I, s:I}",
			 "mint", proposal_text(proposal, text, sizeof(text)),
			 "cpus", json_cpus(proposal->cpus),
			 "mem", (json_int_t)proposal->mem, "shm", (json_int_t)proposal->shm);
}

static json_t *device_json(const struct survey_device *device)
{
	return json_pack("{s:s, s:i, s:i, s:i, s:b, s:b, s:b, s:b, s:b, s:b, s:s, s:s}",
			 "address", device->address,
			 "vendor", device->vendor, "device", device->device,
			 "class", device->class,
			 "bridge", survey_is_bridge(device),
			 "msi", device->msi, "msix", device->msix, "reset", device->flr,
			 "capabilities_known", !device->config_error,
			 "can_be_given", survey_can_be_given(device),
			 "driver", device->driver, "port", device->port);
}

/* What was read, for programs; null where it could not be. */
static json_t *machine_json(const struct survey *survey)
{
	const struct survey_tables *tables = &survey->tables;
	const struct survey_memory *memory = &survey->memory;
	json_t *machine = json_object();

	json_object_set_new(machine, "cpus", tables->madt_error ? json_null() :
			    json_integer(survey_nr_cpus(tables)));
	json_object_set_new(machine, "highest_apic_id", tables->madt_error ? json_null() :
			    json_integer(survey_highest_apic_id(tables)));
	json_object_set_new(machine, "domains", tables->srat_error ? json_null() :
			    json_integer(tables->machine.nr_domains));
	json_object_set_new(machine, "ecam_base", tables->ecam_base ?
			    json_integer(tables->ecam_base) : json_null());
	json_object_set_new(machine, "bytes", memory->error ? json_null() :
			    json_integer(memory->bytes));
	json_object_set_new(machine, "low_bytes", memory->error ? json_null() :
			    json_integer(memory->low_bytes));
	return machine;
}

static int print_json(const struct survey *survey, const struct finding *findings,
		      const struct proposal *proposal, bool runs)
{
	json_t *checks = json_object(), *devices = json_array();
	unsigned int i;

	for (i = 0; i < JUDGE_FINDINGS; i++)
		json_object_set_new(checks, findings[i].name,
				    json_pack("{s:s, s:s, s:s}",
					      "verdict", verdict_text(findings[i].verdict),
					      "text", findings[i].text,
					      "next", findings[i].next));
	for (i = 0; i < survey->devices.nr; i++)
		json_array_append_new(devices, device_json(&survey->devices.devices[i]));
	return json_print(json_pack("{s:b, s:o, s:o, s:o, s:o}", "runs", runs,
				    "checks", checks, "machine", machine_json(survey),
				    "devices", devices, "proposal", proposal_json(proposal)));
}

static void print_device(const struct survey_device *device)
{
	printf("  %-12s %04x:%04x class %06x  ", device->address, device->vendor & 0xffff,
	       device->device & 0xffff, device->class & 0xffffff);
	if (survey_is_bridge(device))
		printf("a bridge");
	else if (device->config_error)
		printf("its capabilities cannot be read");
	else
		printf("%s, %s", device->msix ? "MSI-X" : device->msi ? "MSI" :
		       "wired interrupts only: it stays with node 0",
		       device->flr ? "reset" : "no reset");
	if (*device->driver)
		printf(", used by %s", device->driver);
	if (*device->port)
		printf(", behind %s", device->port);
	putchar('\n');
}

static void print_verdict(const struct finding *findings)
{
	unsigned int i, counts[VERDICT_STOPS + 1] = { 0 };

	for (i = 0; i < JUDGE_FINDINGS; i++)
		counts[findings[i].verdict]++;
	printf("Mint %s on this machine", counts[VERDICT_STOPS] ? "cannot run" : "can run");
	if (counts[VERDICT_UNKNOWN] && !counts[VERDICT_STOPS])
		printf(", as far as can be seen: %u of %u could not be found out",
		       counts[VERDICT_UNKNOWN], JUDGE_FINDINGS);
	putchar('\n');
}

static int print_text(const struct survey *survey, const struct finding *findings,
		      const struct proposal *proposal)
{
	char text[512];
	unsigned int i;

	print_verdict(findings);
	for (i = 0; i < JUDGE_FINDINGS; i++) {
		printf("%-11s %-8s %s\n", findings[i].name, verdict_text(findings[i].verdict),
		       findings[i].text);
		if (*findings[i].next)
			printf("%-20s Try: %s\n", "", findings[i].next);
	}
	if (survey->devices.nr)
		printf("DEVICES\n");
	for (i = 0; i < survey->devices.nr; i++)
		print_device(&survey->devices.devices[i]);
	if (*proposal->why_not)
		printf("NO PROPOSAL\n  %s\n", proposal->why_not);
	else
		printf("PROPOSAL\n  mint=%s\n  %s\n",
		       proposal_text(proposal, text, sizeof(text)), PROPOSE_RULE);
	return finish_output();
}

static int cmd_check_machine(const struct call *call)
{
	static struct finding findings[JUDGE_FINDINGS];
	static struct survey survey;
	const struct finding *stop;
	struct proposal proposal;
	int code;

	(void)call;
	if (options.saved)
		sysroot_set(options.saved);
	if (options.saved && !sysroot_has("/"))
		return fail(MINT_EXIT_FAILED, "no saved machine in '%s': %m", options.saved);
	survey_machine(&survey);
	judge(&survey, findings);
	propose(&survey, &proposal);
	stop = judge_stop(findings);
	code = options.json ? print_json(&survey, findings, &proposal, !stop) :
			      print_text(&survey, findings, &proposal);
	if (code || !stop)
		return code;
	return fail(MINT_EXIT_FAILED, "Mint cannot run on this machine: %s: %s. Try: %s",
		    stop->name, stop->text, stop->next);
}

const struct verb verb_check_machine = {
	.name = "check-machine",
	.summary = "say what this machine offers and lacks for Mint; on any Linux",
	.options = option_table,
	.prints = true,
	.run = cmd_check_machine,
};
