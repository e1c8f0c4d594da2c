// SPDX-License-Identifier: GPL-2.0
/* The programs of BPF that an example has the kernel run. */
#include <bpf/bpf.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "object.h"

/* Returns where a file is that lies beside the program that runs. */
static char *beside(const char *file)
{
	static char path[PATH_MAX + NAME_MAX];
	ssize_t bytes = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	path[bytes > 0 ? bytes : 0] = '\0';
	slash = strrchr(path, '/');
	snprintf(slash ? slash + 1 : path, NAME_MAX, "%s", file);
	return path;
}

/* With V=1 libbpf tells what it does, and what the kernel's verifier says. */
static int say(enum libbpf_print_level level, const char *format, va_list values)
{
	(void)level;
	return getenv("V") ? vfprintf(stderr, format, values) : 0;
}

/**
 * object_load() - load programs and maps into the kernel
 * @file: name of a file that lies beside the program that runs
 * @needs: what a kernel must have for them
 *
 * Return: them. If they cannot be loaded, the user is told, and that is the end.
 */
struct bpf_object *object_load(const char *file, const char *needs)
{
	const char *path = beside(file);
	struct bpf_object *object;

	libbpf_set_print(say);
	object = bpf_object__open_file(path, NULL);
	if (!object)
		err(1, "cannot open %s", path);
	if (bpf_object__load(object))
		err(1, "the kernel does not take %s: it needs root, and %s. Try: V=1 %s", file,
		    needs, program_invocation_short_name);
	return object;
}

/**
 * object_program() - a program that has been loaded
 * @object: what has
 * @name: its name there
 *
 * Return: the program.
 */
struct bpf_program *object_program(struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	if (!program)
		errx(1, "there is no program %s", name);
	return program;
}

/**
 * object_map() - a map that has been loaded
 * @object: what has
 * @name: its name there
 *
 * Return: a file descriptor of it, which stays @object's.
 */
int object_map(struct bpf_object *object, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	if (fd < 0)
		errx(1, "there is no map %s", name);
	return fd;
}

/**
 * object_counts() - what each CPU has counted, together
 * @object: has a map "counts" for each CPU, with one value of @nr counters and no more
 * @counts: where the sums go
 * @nr: how many
 */
void object_counts(struct bpf_object *object, __u64 *counts, unsigned int nr)
{
	int cpus = libbpf_num_possible_cpus(), cpu;
	__u64 *each = calloc((size_t)cpus * nr, sizeof(*each));
	const __u32 key = 0;
	unsigned int i;

	if (!each || bpf_map_lookup_elem(object_map(object, "counts"), &key, each))
		err(1, "cannot read the counts");
	for (i = 0; i < nr; i++)
		for (counts[i] = 0, cpu = 0; cpu < cpus; cpu++)
			counts[i] += each[cpu * nr + i];
	free(each);
}
