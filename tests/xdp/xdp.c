// SPDX-License-Identifier: GPL-2.0
/*
 * Has a BPF program look at the frames of an interface: see usage().
 *
 * Used by tests/test_xdp.py.
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

#define PROGRAM	"/lib/count.bpf.o"

enum { FRAMES, LONGEST, NR_COUNTS };	/* as in count.bpf.c */

static void usage(void)
{
	fputs("xdp link INTERFACE     until SIGTERM, count frames in a program of generic XDP\n"
	      "                       that a BPF link attaches; SIGUSR1 begins the count anew\n"
	      "xdp netlink INTERFACE  the same, attached as by ip link\n",
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

static void clear_counts(int map)
{
	const unsigned long long none = 0;
	unsigned int key;

	for (key = 0; key < NR_COUNTS; key++)
		if (bpf_map_update_elem(map, &key, &none, BPF_ANY))
			err(1, "clear the counts");
}

static void count_until_end(int map, const sigset_t *set)
{
	int number = SIGUSR1;

	puts("ready");
	fflush(stdout);
	while (number == SIGUSR1) {
		sigwait(set, &number);
		if (number == SIGUSR1)
			clear_counts(map);
	}
}

static void count_by_link(int program, int map, unsigned int interface, const sigset_t *end)
{
	LIBBPF_OPTS(bpf_link_create_opts, generic, .flags = XDP_FLAGS_SKB_MODE);
	int link = bpf_link_create(program, interface, BPF_XDP, &generic);

	if (link < 0)
		err(1, "attach by a link");
	count_until_end(map, end);
	close(link);
}

static void count_by_netlink(int program, int map, unsigned int interface, const sigset_t *end)
{
	int error = bpf_xdp_attach(interface, program, XDP_FLAGS_SKB_MODE, NULL);

	if (error) {
		errno = -error;
		err(1, "attach by netlink");
	}
	count_until_end(map, end);
	error = bpf_xdp_detach(interface, XDP_FLAGS_SKB_MODE, NULL);
	if (error) {
		errno = -error;
		err(1, "detach by netlink");
	}
}

static void print_counts(int map)
{
	static const char * const names[NR_COUNTS] = { "frames", "longest" };
	unsigned long long value;
	unsigned int key;

	for (key = 0; key < NR_COUNTS; key++) {
		if (bpf_map_lookup_elem(map, &key, &value))
			err(1, "read the counts");
		printf("%s=%llu\n", names[key], value);
	}
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	unsigned int interface;
	int program, map;
	sigset_t end;

	if (argc != 3)
		usage();
	interface = if_nametoindex(argv[2]);
	if (!interface)
		err(1, "%s", argv[2]);
	object = bpf_object__open_file(PROGRAM, NULL);
	if (!object || bpf_object__load(object))
		err(1, "%s", PROGRAM);
	program = bpf_program__fd(bpf_object__find_program_by_name(object, "count"));
	map = bpf_object__find_map_fd_by_name(object, "counts");
	block_signals(&end);
	if (!strcmp(argv[1], "link"))
		count_by_link(program, map, interface, &end);
	else if (!strcmp(argv[1], "netlink"))
		count_by_netlink(program, map, interface, &end);
	else
		usage();
	print_counts(map);
	return 0;
}
