// SPDX-License-Identifier: GPL-2.0
/*
 * console NODE [input|fence]: the console of a node that is a command of the
 * shell, with a socket in place of /dev/mint. With "input" as mint console
 * --input; with "fence" the end of the node waits until something is typed.
 */
#include <sys/socket.h>
#include "../../boot/mint-loader/console.c"

static bool fence;

bool node_read(const struct region *region, __u32 node, struct node_view *view)
{
	(void)region;
	(void)node;
	view->life.life = fence ? MINT_LIFE_LOADING : MINT_LIFE_STOPPED;
	if (fence) {
		fputs("being fenced\n", stderr);
		while (!readable(STDIN_FILENO))
			pause_ms(POLL_MS);
	}
	fence = false;
	return true;
}

int device_call(const struct region *region, unsigned long call, const struct node_view *node,
		__u32 *generation)
{
	(void)region;
	(void)call;
	(void)node;
	(void)generation;
	return MINT_EXIT_OK;
}

const char *node_state_name(const struct node_view *node)
{
	(void)node;
	return "off";
}

/* What only print_history() needs, which is not called. */
const struct mint_stream *stream_find(const struct region *region, __u32 section, __u32 node,
				      size_t *room)
{
	(void)region;
	(void)section;
	(void)node;
	(void)room;
	abort();
}

bool stream_look(const struct mint_stream *stream, size_t room, struct stream_look *look)
{
	(void)stream;
	(void)room;
	(void)look;
	abort();
}

int stream_failed(const struct mint_stream *stream)
{
	(void)stream;
	abort();
}

int stream_copy(const struct mint_stream *stream, const struct stream_look *look, __u64 from,
		__u64 end, struct buffer *text)
{
	(void)stream;
	(void)look;
	(void)from;
	(void)end;
	(void)text;
	abort();
}

void stream_age(const struct node_view *node)
{
	(void)node;
}

int with_node(const struct call *call, int (*verb)(struct target *target))
{
	(void)call;
	(void)verb;
	abort();
}

static int start_node(const char *command)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		abort();
	if (!fork()) {
		setsid();
		dup2(ends[1], STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(ends[1]);
	return ends[0];
}

int main(int argc, char **argv)
{
	static struct node_view node = { .id = 1, .life = { .name = "b", .generation = 1 } };
	const char *how = argc > 2 ? argv[2] : "";
	struct region region = { 0 };

	if (argc < 2)
		return MINT_EXIT_USAGE;
	fence = !strcmp(how, "fence");
	region.fd = start_node(argv[1]);
	return connect_terminal(&region, &node, !strcmp(how, "input"));
}
