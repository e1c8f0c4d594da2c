// SPDX-License-Identifier: GPL-2.0
/*
 * What a machine offers and lacks for Mint: a function for each thing that matters,
 * which says what there is, what that means, and what to do. docs/design.md has the
 * reasons.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mint/boot.h>
#include "judge.h"
#include "kernels.h"
#include "report.h"
#include "survey.h"
#include "sysroot.h"
#include "text.h"
#include "util.h"

#define XAPIC_LAST	254		/* the highest id that the old mode can address */
#define APIC_BASE_X2APIC	0x400
#define INTERRUPTS_MAX	0x1000000
#define SECURE_BOOT	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static void say(struct finding *to, enum verdict means, const char *format, ...) __printf(3, 4);
static void say(struct finding *to, enum verdict means, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(to->text, sizeof(to->text), format, args);
	va_end(args);
	to->verdict = means;
}

static void advise(struct finding *to, const char *format, ...) __printf(2, 3);
static void advise(struct finding *to, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(to->next, sizeof(to->next), format, args);
	va_end(args);
}

static void unknown(struct finding *to, const char *what, int error)
{
	say(to, VERDICT_UNKNOWN, "%s: %s", what,
	    error == -EBADMSG ? "it makes no sense" : strerror(-error));
	if (error == -EACCES || error == -EPERM)
		advise(to, "the same as root");
}

static void judge_kernel(const struct survey *survey, struct finding *to)
{
	char release[96], others[128];

	(void)survey;
	if (sysroot_has("/sys/devices/mint")) {
		say(to, VERDICT_GOOD, "a node runs it: what follows is what that node sees");
		advise(to, "mint hw");
		return;
	}
	sysroot_line("/proc/sys/kernel/osrelease", release, sizeof(release));
	if (kernel_has_mint(release)) {
		say(to, VERDICT_GOOD, "%s has CONFIG_MINT, and runs without Mint", release);
	} else if (kernels_with_mint(others, sizeof(others))) {
		say(to, VERDICT_LESS, "%s is not known to have CONFIG_MINT, but %s is there",
		    release, others);
		advise(to, "mint setup");
	} else {
		say(to, VERDICT_LESS, "%s is not known to have CONFIG_MINT", release);
		advise(to, "make packages; apt install ./build/packages/linux-image-*.deb");
	}
}

/* The byte behind four of attributes. */
static bool secure_boot_on(void)
{
	unsigned char on = 0;

	return !sysroot_read_at(SECURE_BOOT, 4, &on, 1) && on;
}

static void judge_firmware(const struct survey *survey, struct finding *to)
{
	(void)survey;
	if (secure_boot_on()) {
		say(to, VERDICT_LESS, "UEFI with Secure Boot, which starts signed kernels only");
		advise(to, "switch Secure Boot off in the firmware");
		return;
	}
	say(to, VERDICT_GOOD, "%s", sysroot_has("/sys/firmware/efi") ? "UEFI" :
	    "BIOS, or a loader that hides UEFI");
}

static void judge_acpi(const struct survey *survey, struct finding *to)
{
	int error = survey->tables.madt_error;

	if (!error) {
		say(to, VERDICT_GOOD, "%s", survey->tables.names);
	} else if (survey->tables.error == -ENOENT) {
		say(to, VERDICT_UNKNOWN, "this kernel shows no tables of the firmware");
		advise(to, "boot without acpi=off; leave the container");
	} else if (error == -ENOENT) {
		say(to, VERDICT_STOPS, "the firmware has no table of CPUs (MADT)");
		advise(to, "switch ACPI on in the firmware");
	} else if (error == -EBADMSG) {
		say(to, VERDICT_STOPS, "the firmware's table of CPUs (MADT) is damaged");
		advise(to, "another version of the firmware");
	} else {
		unknown(to, "the table of CPUs (MADT)", error);
	}
}

static void judge_cpus(const struct survey *survey, struct finding *to)
{
	unsigned int nr = survey_nr_cpus(&survey->tables), running = survey->cpus.nr;

	if (survey->tables.madt_error) {
		unknown(to, "the table of CPUs (MADT)", survey->tables.madt_error);
	} else if (nr < 2) {
		say(to, VERDICT_STOPS, "1, and each node needs one of its own");
		advise(to, "give the virtual machine more CPUs");
	} else if (nr > MINT_MAX_CPUS) {
		say(to, VERDICT_LESS, "%u; Mint uses the first %u of the firmware's table", nr,
		    MINT_MAX_CPUS);
	} else if (running && running < nr) {
		say(to, VERDICT_GOOD, "%u, of which this kernel runs %u", nr, running);
	} else {
		say(to, VERDICT_GOOD, "%u", nr);
	}
}

static const char *apic_mode(const struct survey *survey)
{
	if (!survey->cpus.base_error)
		return survey->cpus.apic_base & APIC_BASE_X2APIC ? "x2APIC" : "xAPIC";
	if (survey_highest_apic_id(&survey->tables) > XAPIC_LAST)
		return "x2APIC";
	return survey->cpus.x2apic ? "xAPIC or x2APIC (the module msr would tell root)" :
	       "xAPIC";
}

/* Nodes take either mode as they find it. */
static void judge_apic(const struct survey *survey, struct finding *to)
{
	if (survey->cpus.error)
		unknown(to, "/proc/cpuinfo", survey->cpus.error);
	else if (survey->tables.madt_error)
		say(to, VERDICT_GOOD, "%s", apic_mode(survey));
	else
		say(to, VERDICT_GOOD, "%s; ids up to %u", apic_mode(survey),
		    survey_highest_apic_id(&survey->tables));
}

static bool remapping_on(void)
{
	struct buffer interrupts;
	bool on;

	if (sysroot_read("/proc/interrupts", INTERRUPTS_MAX, &interrupts))
		return false;
	on = strstr((char *)interrupts.data, " IR-");
	free(interrupts.data);
	return on;
}

static void count_name(const char *name, void *context)
{
	(void)name;
	++*(unsigned int *)context;
}

static void judge_iommu(const struct survey *survey, struct finding *to)
{
	const char *kind = survey->tables.dmar ? "of Intel (DMAR)" :
			   survey->tables.ivrs ? "of AMD (IVRS)" : NULL;
	unsigned int units = 0;

	sysroot_each("/sys/class/iommu", count_name, &units);
	if (!kind && !units) {
		say(to, VERDICT_GOOD, "none; what a device of a node does is up to its driver");
		return;
	}
	say(to, VERDICT_GOOD, "%s, %s, interrupt remapping %s; with mint= both are off",
	    kind ? kind : "without a table", units ? "in use" : "not in use",
	    remapping_on() ? "on" : "off");
}

static void judge_pages(const struct survey *survey, struct finding *to)
{
	if (survey->cpus.error || !survey->cpus.phys_bits)
		unknown(to, "/proc/cpuinfo",
			survey->cpus.error ? survey->cpus.error : -EBADMSG);
	else
		say(to, VERDICT_GOOD, "%u bits of address%s%s; Mint needs no more",
		    survey->cpus.phys_bits, survey->cpus.gb_pages ? ", pages of 1G" : "",
		    survey->cpus.la57 ? ", five levels" : "");
}

static void judge_memory(const struct survey *survey, struct finding *to)
{
	const struct survey_memory *memory = &survey->memory;
	char size[24];

	size_text(memory->bytes, size);
	if (memory->error)
		unknown(to, "the memory map", memory->error);
	else if (memory->nr > MINT_MAX_RAM)
		say(to, VERDICT_LESS, "%s in %u pieces; Mint uses the largest %u", size,
		    memory->nr, MINT_MAX_RAM);
	else
		say(to, VERDICT_GOOD, "%s in %u piece%s of whole 2M", size, memory->nr,
		    memory->nr == 1 ? "" : "s");
}

static void judge_low_memory(const struct survey *survey, struct finding *to)
{
	char size[24];

	size_text(survey->memory.low_bytes, size);
	if (survey->memory.error) {
		unknown(to, "the memory map", survey->memory.error);
	} else if (survey->memory.low_bytes < MINT_LOW_BYTES) {
		say(to, VERDICT_STOPS, "%s in one piece below 1M; CPUs start through %uK there",
		    size, MINT_LOW_BYTES >> 10);
		advise(to, "another setting of the firmware, such as one for old systems");
	} else {
		say(to, VERDICT_GOOD, "%s in one piece below 1M", size);
	}
}

static void judge_numa(const struct survey *survey, struct finding *to)
{
	unsigned int nr = survey->tables.machine.nr_domains;

	if (survey->tables.srat_error == -ENOENT)
		say(to, VERDICT_GOOD, "none: all memory is equally near");
	else if (survey->tables.srat_error)
		unknown(to, "the table of NUMA domains (SRAT)", survey->tables.srat_error);
	else
		say(to, VERDICT_GOOD, "%u domain%s; mint create takes memory near the CPUs", nr,
		    nr == 1 ? "" : "s");
}

static void judge_ecam(const struct survey *survey, struct finding *to)
{
	const struct survey_tables *tables = &survey->tables;

	if (tables->mcfg_error && tables->mcfg_error != -ENOENT) {
		unknown(to, "the table of PCI configuration spaces (MCFG)", tables->mcfg_error);
	} else if (!tables->ecam_base) {
		say(to, VERDICT_LESS, "%s: all devices stay with node 0",
		    tables->mcfg_error ? "PCI configuration by ports only" :
		    "no PCI configuration space of segment 0");
		advise(to, "a machine with PCI Express; for QEMU: -machine q35");
	} else if (tables->nr_segments > 1) {
		say(to, VERDICT_LESS, "buses %02x-%02x of segment 0; node 0 keeps those of %u more",
		    tables->ecam_first_bus, tables->ecam_last_bus, tables->nr_segments - 1);
	} else {
		say(to, VERDICT_GOOD, "buses %02x-%02x of segment 0", tables->ecam_first_bus,
		    tables->ecam_last_bus);
	}
}

static void judge_devices(const struct survey *survey, struct finding *to)
{
	const struct survey_devices *devices = &survey->devices;
	unsigned int i, given = 0, reset = 0, hidden = 0;

	for (i = 0; i < devices->nr; i++) {
		const struct survey_device *device = &devices->devices[i];

		given += survey_can_be_given(device);
		reset += survey_can_be_given(device) && device->flr;
		hidden += device->config_error != 0;
	}
	if (devices->error && devices->error != -ENOENT) {
		unknown(to, "the PCI functions", devices->error);
	} else if (hidden) {
		say(to, VERDICT_UNKNOWN, "%u PCI functions; capabilities of %u cannot be read",
		    devices->nr, hidden);
		advise(to, "the same as root");
	} else if (devices->nr > MINT_MAX_PCI) {
		say(to, VERDICT_LESS, "%u PCI functions; Mint knows the first %u", devices->nr,
		    MINT_MAX_PCI);
	} else {
		say(to, VERDICT_GOOD, "%u PCI functions; other nodes can have %u, of which %u %s",
		    devices->nr, given, reset, "can be reset");
	}
}

static void judge_clock(const struct survey *survey, struct finding *to)
{
	char source[32];
	int error = sysroot_line("/sys/devices/system/clocksource/clocksource0/current_clocksource",
				 source, sizeof(source));

	if (survey->cpus.error) {
		unknown(to, "/proc/cpuinfo", survey->cpus.error);
	} else if (error) {
		unknown(to, "the clock source", error);
	} else if (!survey->cpus.constant_tsc || !survey->cpus.nonstop_tsc) {
		say(to, VERDICT_LESS, "the TSC %s; in use: %s",
		    survey->cpus.constant_tsc ? "may stop in deep sleep" :
		    "is not said to have one rate", source);
		advise(to, "on a virtual machine, a CPU model with invtsc");
	} else if (strcmp(source, "tsc") && !survey->cpus.hypervisor) {
		say(to, VERDICT_LESS, "this kernel does not trust the TSC; in use: %s", source);
		advise(to, "dmesg | grep -i tsc");
	} else {
		say(to, VERDICT_GOOD, "the TSC has one rate and does not stop; in use: %s", source);
	}
}

static void judge_suspend(const struct survey *survey, struct finding *to)
{
	char states[64];

	(void)survey;
	if (!sysroot_line("/sys/power/state", states, sizeof(states)) && *states)
		say(to, VERDICT_GOOD, "%s; refused while other nodes run", states);
	else
		say(to, VERDICT_GOOD, "not there");
}

static void judge_kexec(const struct survey *survey, struct finding *to)
{
	__u64 crash = 0;

	(void)survey;
	if (sysroot_number("/sys/kernel/kexec_crash_loaded", &crash) || !crash) {
		say(to, VERDICT_GOOD, "no crash kernel is loaded");
		return;
	}
	say(to, VERDICT_LESS, "a crash kernel is loaded; with mint= there is no kexec");
	advise(to, "leave crashkernel= away");
}

static void judge_hypervisor(const struct survey *survey, struct finding *to)
{
	char vendor[48], product[48], name[100] = "", type[48];

	if (!sysroot_line("/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor)) &&
	    !sysroot_line("/sys/class/dmi/id/product_name", product, sizeof(product)))
		snprintf(name, sizeof(name), "%s, %s", vendor, product);
	if (!sysroot_line("/sys/hypervisor/guest_type", type, sizeof(type)) &&
	    !strcmp(type, "PV")) {
		say(to, VERDICT_STOPS, "a paravirtual machine of Xen has no local APIC");
		advise(to, "type = \"hvm\" in the machine's configuration");
	} else if (survey->cpus.error) {
		unknown(to, "/proc/cpuinfo", survey->cpus.error);
	} else if (!survey->cpus.hypervisor) {
		say(to, VERDICT_GOOD, "none%s%s", *name ? ": " : "", name);
	} else {
		say(to, VERDICT_GOOD, "a virtual machine%s%s", *name ? ": " : "", name);
	}
}

static void judge_kvm(const struct survey *survey, struct finding *to)
{
	(void)survey;
	if (sysroot_has("/sys/module/kvm_intel"))
		say(to, VERDICT_GOOD, "kvm_intel is there; its CPUs ignore INIT, and take an NMI");
	else if (sysroot_has("/sys/module/kvm_amd"))
		say(to, VERDICT_GOOD, "kvm_amd is there; its CPUs take INIT");
	else
		say(to, VERDICT_GOOD, "not loaded");
}

static const struct {
	const char *name;
	void (*judge)(const struct survey *survey, struct finding *to);
} judges[JUDGE_FINDINGS] = {
	{ "kernel", judge_kernel },
	{ "firmware", judge_firmware },
	{ "acpi", judge_acpi },
	{ "cpus", judge_cpus },
	{ "apic", judge_apic },
	{ "iommu", judge_iommu },
	{ "pages", judge_pages },
	{ "memory", judge_memory },
	{ "low_memory", judge_low_memory },
	{ "numa", judge_numa },
	{ "ecam", judge_ecam },
	{ "devices", judge_devices },
	{ "clock", judge_clock },
	{ "suspend", judge_suspend },
	{ "kexec", judge_kexec },
	{ "hypervisor", judge_hypervisor },
	{ "kvm", judge_kvm },
};

/**
 * judge() - say what a machine offers and lacks
 * @survey: the machine
 * @findings: filled in
 */
void judge(const struct survey *survey, struct finding findings[JUDGE_FINDINGS])
{
	unsigned int i;

	memset(findings, 0, JUDGE_FINDINGS * sizeof(findings[0]));
	for (i = 0; i < JUDGE_FINDINGS; i++) {
		findings[i].name = judges[i].name;
		judges[i].judge(survey, &findings[i]);
	}
}

/**
 * judge_stop() - what keeps Mint from running
 * @findings: what judge() has found
 *
 * Return: the first of these, or NULL.
 */
const struct finding *judge_stop(const struct finding findings[JUDGE_FINDINGS])
{
	unsigned int i;

	for (i = 0; i < JUDGE_FINDINGS; i++)
		if (findings[i].verdict == VERDICT_STOPS)
			return &findings[i];
	return NULL;
}

/**
 * verdict_text() - a verdict in a word
 * @verdict: the verdict
 */
const char *verdict_text(enum verdict verdict)
{
	static const char *const words[] = {
		[VERDICT_GOOD] = "good",
		[VERDICT_LESS] = "less",
		[VERDICT_UNKNOWN] = "unknown",
		[VERDICT_STOPS] = "stops",
	};

	return words[verdict];
}
