// SPDX-License-Identifier: GPL-2.0
/*
 * Has a BPF program look at the frames of an interface: see usage().
 *
 * Used by tests/test_xdp.py and tests/test_xdp_native.py.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "programs.h"

#define PROGRAMS	"/lib/programs.bpf.o"
#define CPU_FRAMES	192

static struct bpf_object *object;

static _Noreturn void usage(void)
{
	fputs("xdp WAY INTERFACE [PROGRAM [VALUE...]]\n"
	      "  until SIGTERM, have a program of programs.bpf.c (count) see the frames of an\n"
	      "  interface; SIGUSR1 begins the counts anew. A VALUE is a number, or the name\n"
	      "  of an interface. PROGRAMS=FILE names another file.\n"
	      "WAY link     generic XDP, attached by a BPF link\n"
	      "    netlink  the same, as by ip link\n"
	      "    native   in the driver, by a BPF link\n"
	      "    driver   in the driver, as by ip link\n"
	      "    tc       a classifier, before the stack\n",
	      stderr);
	exit(2);
}

/* From here on no signal ends us with a program attached. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGUSR1);
	sigprocmask(SIG_BLOCK, set, NULL);
}

static int program_of(const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	if (!program)
		errx(1, "there is no program %s", name);
	return bpf_program__fd(program);
}

static int map_of(const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

static void put(const char *map, unsigned int key, const void *value)
{
	if (bpf_map_update_elem(map_of(map), &key, value, BPF_ANY))
		err(1, "map %s", map);
}

static unsigned int interface_of(const char *name)
{
	unsigned int interface = if_nametoindex(name);

	if (!interface)
		err(1, "%s", name);
	return interface;
}

/* Also fills the maps that programs redirect by. */
static void set(int nr, char **values)
{
	struct bpf_devmap_val guarded = { .bpf_prog.fd = program_of("guard") };
	unsigned long long value;
	unsigned int frames = CPU_FRAMES, interface;
	char *end;
	int i;

	for (i = 0; i < nr; i++) {
		value = strtoull(values[i], &end, 0);
		if (*end) {
			interface = interface_of(values[i]);
			value = interface;
			put("devices", 0, &interface);
			guarded.ifindex = interface;
			put("guarded", 0, &guarded);
		}
		put("settings", i, &value);
	}
	put("cpus", 0, &frames);
}

static void clear_counts(void)
{
	const unsigned long long none = 0;
	unsigned int key;

	for (key = 0; key < NR_COUNTS; key++)
		put("counts", key, &none);
}

static void count_until_end(const sigset_t *signals)
{
	int number = SIGUSR1;

	puts("ready");
	fflush(stdout);
	while (number == SIGUSR1) {
		sigwait(signals, &number);
		if (number == SIGUSR1)
			clear_counts();
	}
}

static void hold_link(int link, const sigset_t *signals)
{
	if (link < 0)
		err(1, "attach by a link");
	count_until_end(signals);
	close(link);
}

static void attach_by_link(int program, unsigned int interface, int flags,
			   const sigset_t *signals)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);

	hold_link(bpf_link_create(program, interface, BPF_XDP, &options), signals);
}

/* Headers and library of Debian 12 do not know tcx yet. */
static void attach_by_tcx(int program, unsigned int interface, int flags,
			  const sigset_t *signals)
{
	const enum bpf_attach_type tcx_ingress = 46;

	(void)flags;
	hold_link(bpf_link_create(program, interface, tcx_ingress, NULL), signals);
}

static void attach_by_netlink(int program, unsigned int interface, int flags,
			      const sigset_t *signals)
{
	int error = bpf_xdp_attach(interface, program, flags, NULL);

	if (error) {
		errno = -error;
		err(1, "attach by netlink");
	}
	count_until_end(signals);
	error = bpf_xdp_detach(interface, flags, NULL);
	if (error) {
		errno = -error;
		err(1, "detach by netlink");
	}
}

static void print_counts(void)
{
	static const char * const names[NR_COUNTS] = {
		"frames", "longest", "errors", "guarded",
	};
	unsigned long long value;
	unsigned int key;

	for (key = 0; key < NR_COUNTS; key++) {
		if (bpf_map_lookup_elem(map_of("counts"), &key, &value))
			err(1, "read the counts");
		printf("%s=%llu\n", names[key], value);
	}
}

static const struct way {
	const char *name;
	void (*attach)(int program, unsigned int interface, int flags, const sigset_t *signals);
	int flags;
} ways[] = {
	{ "link", attach_by_link, XDP_FLAGS_SKB_MODE },
	{ "netlink", attach_by_netlink, XDP_FLAGS_SKB_MODE },
	{ "native", attach_by_link, XDP_FLAGS_DRV_MODE },
	{ "driver", attach_by_netlink, XDP_FLAGS_DRV_MODE },
	{ "tc", attach_by_tcx, 0 },
	{ NULL },
};

int main(int argc, char **argv)
{
	const char *file = getenv("PROGRAMS") ?: PROGRAMS, *name = argc > 3 ? argv[3] : "count";
	const struct way *way = ways;
	int program;
	sigset_t signals;

	if (argc < 3 || argc > 4 + NR_SETTINGS)
		usage();
	while (way->name && strcmp(way->name, argv[1]))
		way++;
	if (!way->name)
		usage();
	object = bpf_object__open_file(file, NULL);
	if (!object || bpf_object__load(object))
		err(1, "%s", file);
	program = program_of(name);
	set(argc > 4 ? argc - 4 : 0, argv + 4);
	block_signals(&signals);
	way->attach(program, interface_of(argv[2]), way->flags, &signals);
	print_counts();
	return 0;
}
