// SPDX-License-Identifier: GPL-2.0
/*
 * Words on a node's command line that cannot work there: they take from it what
 * it lives on, give it what is another node's, or let it print, before it knows
 * that it is a node, on a device that is not its own. Once the kernel runs it is
 * too late for these: it takes early consoles before any code of ours.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmdline.h"
#include "util.h"
#include "words.h"

#define WORD_BYTES	256

/* What the kernel of a PC calls ttyS0 to ttyS3, by I/O port */
static const unsigned long uart_ports[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };

/**
 * struct bad_word - a word that is refused
 * @name: what stands before its equals sign
 * @value: refused if this is in its list of values; NULL: with any, and with none
 * @why: what it would do
 * @instead: what to do instead
 */
struct bad_word {
	const char *name;
	const char *value;
	const char *why;
	const char *instead;
};

#define NO_APIC		"it takes the local APIC, and a node has no other timer and interrupts"
#define NO_ACPI		"a node has no ACPI as it is, and without it asked for may lose its local APIC"
#define FILE_HAS_MEMORY	"a node's memory is what its file says"
#define LEAVE_OUT	"without it"
#define KEY_MEMORY	"memory = in its file instead"

static const struct bad_word bad_words[] = {
	{ "nolapic", NULL, NO_APIC, LEAVE_OUT },
	{ "disableapic", NULL, NO_APIC, LEAVE_OUT },
	{ "noapictimer", NULL, NO_APIC, LEAVE_OUT },
	{ "nolapic_timer", NULL, NO_APIC, LEAVE_OUT },
	{ "acpi", "off", NO_ACPI, LEAVE_OUT },
	{ "acpi", "noirq", NO_ACPI, LEAVE_OUT },
	{ "pci", "noacpi", NO_ACPI, LEAVE_OUT },
	{ "pci", "nomsi", "a node's devices have no other interrupts than MSI", LEAVE_OUT },
	{ "pmtmr", NULL, "a node learns from node 0 where that timer is", LEAVE_OUT },
	{ "mem", NULL, FILE_HAS_MEMORY, KEY_MEMORY },
	{ "memmap", NULL, FILE_HAS_MEMORY, KEY_MEMORY },
	{ "initrdmem", NULL, FILE_HAS_MEMORY, "initrd = in its file instead" },
	{ "mint", NULL, "it divides the machine, which only the kernel that firmware boots does",
	  "cpus =, memory = and devices = in its file instead" },
};

/* Whether two names of parameters are the same to the kernel. */
static bool same_name(const char *name, size_t bytes, const char *other)
{
	size_t i;

	if (strlen(other) != bytes)
		return false;
	for (i = 0; i < bytes; i++)
		if (other[i] != (name[i] == '-' ? '_' : name[i]))
			return false;
	return true;
}

/* What follows the equals sign of a word of this name; NULL: it is another word. */
static const char *value_of(const char *word, const char *name)
{
	size_t bytes = strcspn(word, "=");

	if (!same_name(word, bytes, name))
		return NULL;
	return word[bytes] ? word + bytes + 1 : "";
}

static bool lists(const char *values, const char *value)
{
	size_t bytes;

	for (; *values; values += bytes + (values[bytes] == ',')) {
		bytes = strcspn(values, ",");
		if (bytes == strlen(value) && !strncmp(values, value, bytes))
			return true;
	}
	return false;
}

static const struct bad_word *find_bad(const char *word)
{
	const char *value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_words); i++) {
		value = value_of(word, bad_words[i].name);
		if (value && (!bad_words[i].value || lists(value, bad_words[i].value)))
			return &bad_words[i];
	}
	return NULL;
}

/* The port of the UART that mint_uart= gives to the node; 0: none. */
static unsigned long own_port(const char *cmdline)
{
	char word[WORD_BYTES], *end;
	unsigned long port = 0, number;
	const char *value;

	while (cmdline_next(&cmdline, word, sizeof(word))) {
		value = value_of(word, "mint_uart");
		if (!value)
			continue;
		number = strtoul(value, &end, 10);
		if (end != value && !*end && number < ARRAY_SIZE(uart_ports))
			port = uart_ports[number];
	}
	return port;
}

/* "0x3f8" or, where that is allowed, "ttyS0"; moves behind it. 0: neither. */
static unsigned long take_port(const char **text, bool by_name)
{
	const char *at = *text;
	unsigned long port = 0;
	char *end;

	if (!strncmp(at, "0x", 2)) {
		port = strtoul(at, &end, 16);
		*text = end;
	} else if (by_name && (!strncmp(at, "ttyS0", 5) || !strncmp(at, "ttyS1", 5))) {
		port = uart_ports[at[4] - '0'];
		*text = at + 5;
	}
	return port;
}

/*
 * The port of an early console by I/O port, 0 for any other. Linux looks for
 * devices at any place of earlyprintk=, so nothing but speed and "keep" may follow.
 */
static unsigned long early_port(const char *value, bool printk)
{
	static const char *const kinds[] = { "serial,", "uart8250,io,", "uart,io," };
	unsigned int i = printk ? 0 : 1, end = printk ? 1 : ARRAY_SIZE(kinds);
	unsigned long port;
	bool kind = false;

	for (; i < end && !kind; i++) {
		kind = !strncmp(value, kinds[i], strlen(kinds[i]));
		if (kind)
			value += strlen(kinds[i]);
	}
	if (!kind && !printk)
		return 0;
	port = take_port(&value, printk);
	value += strspn(value, ",0123456789n");
	return !*value || !strcmp(value, "keep") ? port : 0;
}

/* The kernel takes console= for earlycon= when an early console has that name. */
static bool names_early_console(const char *value)
{
	static const char *const names[] = { "uart8250", "uart", "efifb" };
	size_t bytes = strcspn(value, ",");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (bytes == strlen(names[i]) && !strncmp(value, names[i], bytes))
			return true;
	return false;
}

/* Whether a word is an early console on what is not the node's. */
static bool is_foreign_console(const char *word, unsigned long own)
{
	const char *value = value_of(word, "earlyprintk");
	bool printk = value;

	if (!value)
		value = value_of(word, "earlycon");
	if (!value) {
		value = value_of(word, "console");
		if (value && !names_early_console(value))
			value = NULL;
	}
	if (value_of(word, "kgdbdbgp"))
		return true;
	/* Without a value: what the firmware's tables name, which a node does not read. */
	return value && *value && (!own || early_port(value, printk) != own);
}

/**
 * words_work() - check that each word of a command line can work on a node
 * @cmdline: the command line
 * @why: filled in when one cannot: the first of them, why, and what to do
 * @room: size of @why
 *
 * Return: whether all can.
 */
bool words_work(const char *cmdline, char *why, size_t room)
{
	unsigned long own = own_port(cmdline);
	const struct bad_word *bad;
	char word[WORD_BYTES];

	while (cmdline_next(&cmdline, word, sizeof(word))) {
		bad = find_bad(word);
		if (bad) {
			snprintf(why, room, "'%s': %s. Try: %s", word, bad->why, bad->instead);
			return false;
		}
		if (is_foreign_console(word, own)) {
			snprintf(why, room, "'%s': %s. Try: %s", word,
				 "an early console may have only the port of the node's own UART",
				 "mint_uart=, or mint log");
			return false;
		}
	}
	return true;
}
