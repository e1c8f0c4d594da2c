// SPDX-License-Identifier: GPL-2.0
/* The words for sizes, CPUs and PCI functions. */
#include <stdio.h>
#include <string.h>
#include <mint/abi.h>
#include "cpus.h"
#include "text.h"
#include "util.h"

/**
 * size_text() - a number of bytes in the largest unit that is exact
 * @bytes: the number
 * @text: where to put it
 *
 * From 1M on, what no unit gives exactly is rounded to a tenth of a megabyte.
 *
 * Return: @text.
 */
const char *size_text(__u64 bytes, char text[24])
{
	static const char units[] = { 'G', 'M', 'K' };
	unsigned int i;

	for (i = 0; bytes && i < ARRAY_SIZE(units); i++) {
		__u64 unit = 1ULL << (30 - 10 * i);

		if (bytes % unit == 0) {
			snprintf(text, 24, "%llu%c", bytes / unit, units[i]);
			return text;
		}
		if (units[i] == 'M' && bytes > unit) {
			snprintf(text, 24, "%.1fM", (double)bytes / (double)unit);
			return text;
		}
	}
	snprintf(text, 24, "%llu", bytes);
	return text;
}

/**
 * scaled_text() - a number in at most five characters, rounded
 * @value: the number
 * @unit: 1000, or 1024 for bytes: so much is a K
 * @text: where to put it
 *
 * Return: @text.
 */
const char *scaled_text(__u64 value, unsigned int unit, char text[8])
{
	static const char letters[] = "KMGTPE";
	double rest = (double)value;
	unsigned int i = 0;

	if (value < 10000) {
		snprintf(text, 8, "%llu", value);
		return text;
	}
	for (rest /= unit; rest >= 999.5; rest /= unit)
		i++;
	snprintf(text, 8, rest < 99.95 ? "%.1f%c" : "%.0f%c", rest, letters[i]);
	return text;
}

/**
 * cpus_text() - a set of CPUs as a list with ranges
 * @cpus: a bit for each of MINT_MAX_CPUS
 * @text: where to put it
 * @room: size of @text; the list ends with "..." if it does not fit
 *
 * Return: @text; "-" for no CPU.
 */
const char *cpus_text(const __u64 *cpus, char *text, size_t room)
{
	unsigned int cpu, last;
	size_t used = 0;

	snprintf(text, room, "-");
	for (cpu = 0; cpu < MINT_MAX_CPUS; cpu = last + 1) {
		char piece[16];

		last = cpu;
		if (!cpu_in(cpus, cpu))
			continue;
		while (last + 1 < MINT_MAX_CPUS && cpu_in(cpus, last + 1))
			last++;
		if (last == cpu)
			snprintf(piece, sizeof(piece), "%s%u", used ? "," : "", cpu);
		else
			snprintf(piece, sizeof(piece), "%s%u-%u", used ? "," : "", cpu, last);
		if (used + strlen(piece) + sizeof("...") > room) {
			snprintf(text + used, room - used, "...");
			break;
		}
		used += snprintf(text + used, room - used, "%s", piece);
	}
	return text;
}

/**
 * function_text() - the address of a PCI function, as lspci prints it
 * @function: segment << 16 | bus << 8 | device << 3 | function
 * @text: where to put it
 *
 * Return: @text.
 */
const char *function_text(__u32 function, char text[24])
{
	int used = 0;

	if (function >> 16)
		used = snprintf(text, 24, "%04x:", function >> 16);
	snprintf(text + used, 24 - used, "%02x:%02x.%u", function >> 8 & 0xff,
		 function >> 3 & 0x1f, function & 7);
	return text;
}

/**
 * pci_text() - the address of a PCI function of the ledger
 * @entry: the function
 * @text: where to put it
 *
 * Return: @text.
 */
const char *pci_text(const struct mint_pci *entry, char text[24])
{
	return function_text((__u32)entry->segment << 16 | entry->function, text);
}

/**
 * functions_text() - PCI functions as a list
 * @functions: the functions
 * @nr: entries of @functions
 * @text: where to put it
 * @room: size of @text; the list ends with "..." if it does not fit
 *
 * Return: @text; "-" for none.
 */
const char *functions_text(const __u32 *functions, unsigned int nr, char *text, size_t room)
{
	char address[24];
	size_t used = 0;
	unsigned int i;

	snprintf(text, room, "-");
	for (i = 0; i < nr; i++) {
		function_text(functions[i], address);
		if (used + strlen(address) + sizeof(",...") > room) {
			snprintf(text + used, room - used, "...");
			break;
		}
		used += snprintf(text + used, room - used, "%s%s", used ? "," : "", address);
	}
	return text;
}
