// SPDX-License-Identifier: GPL-2.0
/*
 * Has the kernel wake who reads records when one is whole: see usage(). The program is in
 * units.bpf.c.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "end.h"
#include "numbers.h"
#include "object.h"
#include "units.h"

#define DEFAULT_LIMIT	"65536"
#define BUFFERS		"/proc/sys/net/ipv4/tcp_rmem"
#define NEEDS		"BTF and socket maps (CONFIG_DEBUG_INFO_BTF, CONFIG_BPF_STREAM_PARSER)"

static _Noreturn void usage(void)
{
	fputs("units CGROUP PORT [LIMIT]\n"
	      "  until SIGTERM, have each program of a control group (version 2) that accepts\n"
	      "  connections on a TCP port read whole records: four bytes, in network order, say\n"
	      "  how many follow, LIMIT (65536) at most; then say how many records and bytes\n",
	      stderr);
	exit(2);
}

/* A record that does not fit into the buffer of a socket would never be whole. */
static unsigned int limit_of(const char *text)
{
	unsigned int limit = number_of(text, 1, INT_MAX), buffer = 0;
	FILE *file = fopen(BUFFERS, "r");

	if (!file || fscanf(file, "%*u %u", &buffer) != 1 || buffer <= PREFIX_BYTES)
		err(1, "cannot read %s", BUFFERS);
	fclose(file);
	if (limit > buffer - PREFIX_BYTES)
		errx(2, "the buffer of a socket holds no record of %u bytes. Try: up to %u",
		     limit, buffer - PREFIX_BYTES);
	return limit;
}

static int open_group(const char *path)
{
	int group = open(path, O_RDONLY | O_DIRECTORY);

	if (group < 0)
		err(2, "cannot open the control group '%s'. Try: /sys/fs/cgroup", path);
	return group;
}

static void run_on(int map, int program, enum bpf_attach_type type)
{
	if (bpf_prog_attach(program, map, type, 0))
		err(1, "the kernel does not parse streams: it needs %s", NEEDS);
}

/*
 * Who has read from a connection by records must go on so: what the kernel holds back
 * would be lost. So the map of connections lives as long as the program that passes them,
 * and that as long as any of them, with us or without us.
 */
static void keep_connections(int program, int map)
{
	if (bpf_prog_bind_map(program, map, NULL))
		err(1, "cannot keep the connections");
}

static int attach(struct bpf_object *object, int group, const char *path)
{
	int map = object_map(object, "connections");
	int pass = bpf_program__fd(object_program(object, "pass")), link;

	keep_connections(pass, map);
	run_on(map, bpf_program__fd(object_program(object, "parse")), BPF_SK_SKB_STREAM_PARSER);
	run_on(map, pass, BPF_SK_SKB_STREAM_VERDICT);
	link = bpf_link_create(bpf_program__fd(object_program(object, "take")), group,
			       BPF_CGROUP_SOCK_OPS, NULL);
	if (link < 0 && errno == EBADF)
		errx(2, "'%s' is no control group of version 2. Try: mount -t cgroup2 none DIR",
		     path);
	if (link < 0)
		err(1, "the control group '%s' does not take the program", path);
	return link;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct settings settings;
	const __u32 key = 0;
	struct counts counts;
	int group, link;

	if (argc != 3 && argc != 4)
		usage();
	settings.port = number_of(argv[2], 1, 65535);
	settings.limit = limit_of(argc == 4 ? argv[3] : DEFAULT_LIMIT);
	group = open_group(argv[1]);
	object = object_load("units.bpf.o", NEEDS);
	if (bpf_map_update_elem(object_map(object, "settings"), &key, &settings, BPF_ANY))
		err(1, "cannot enter port and limit");
	link = attach(object, group, argv[1]);
	wait_for_end();
	close(link);
	object_counts(object, (__u64 *)&counts, sizeof(counts) / sizeof(__u64));
	printf("connections=%llu plain=%llu records=%llu bytes=%llu units=%llu too_long=%llu\n",
	       counts.connections, counts.plain, counts.records, counts.bytes, counts.units,
	       counts.too_long);
	bpf_object__close(object);
	return 0;
}
