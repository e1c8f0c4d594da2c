// SPDX-License-Identifier: GPL-2.0
/*
 * Results as JSON: keys are stable, bytes are integers, and "schema" is raised
 * by a change that breaks readers of the former shape.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <mint/dev.h>
#include "cpus.h"
#include "json.h"
#include "report.h"
#include "text.h"

/**
 * json_cpus() - a set of CPUs as an array of numbers
 * @cpus: a bit for each of MINT_MAX_CPUS
 */
json_t *json_cpus(const __u64 *cpus)
{
	json_t *array = json_array();
	unsigned int cpu;

	for (cpu = 0; cpu < MINT_MAX_CPUS; cpu++)
		if (cpu_in(cpus, cpu))
			json_array_append_new(array, json_integer(cpu));
	return array;
}

/**
 * json_functions() - PCI functions as an array of addresses
 * @functions: the functions
 * @nr: entries of @functions
 */
json_t *json_functions(const __u32 *functions, unsigned int nr)
{
	json_t *array = json_array();
	char address[24];
	unsigned int i;

	for (i = 0; i < nr; i++)
		json_array_append_new(array, json_string(function_text(functions[i], address)));
	return array;
}

/**
 * json_extents() - pieces of memory as an array
 * @extents: the pieces; a base of MINT_ANY becomes null
 * @nr: entries of @extents
 */
json_t *json_extents(const struct mint_extent *extents, unsigned int nr)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < nr; i++) {
		json_t *base = extents[i].base == MINT_ANY ? json_null() :
							     json_integer(extents[i].base);

		json_array_append_new(array, json_pack("{s:o, s:I}", "base", base, "bytes",
						       (json_int_t)extents[i].bytes));
	}
	return array;
}

static bool write_object(json_t *object, size_t flags)
{
	json_t *whole = json_pack("{s:i}", "schema", JSON_SCHEMA);
	bool good;

	good = object && !json_object_update(whole, object) && !json_dumpf(whole, stdout, flags);
	json_decref(object);
	json_decref(whole);
	if (good)
		putchar('\n');
	return good;
}

static int print_object(json_t *object, size_t flags)
{
	if (write_object(object, flags) || ferror(stdout))
		return MINT_EXIT_OK;
	return fail(MINT_EXIT_FAILED, "the result could not be written as JSON");
}

/**
 * json_print() - print a result
 * @object: an object without "schema"; used up
 *
 * Return: an enum mint_exit.
 */
int json_print(json_t *object)
{
	int code = print_object(object, JSON_INDENT(2));

	return code ? code : finish_output();
}

/**
 * json_print_line() - print one of several results, as a line of its own
 * @object: an object without "schema"; used up
 *
 * The last one is followed by finish_output().
 *
 * Return: an enum mint_exit.
 */
int json_print_line(json_t *object)
{
	return print_object(object, JSON_COMPACT);
}
