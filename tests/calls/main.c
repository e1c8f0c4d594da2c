// SPDX-License-Identifier: GPL-2.0
/*
 * The two ends of a scenario, and how they meet: see usage().
 *
 * Each line of the connection between them begins with what it is: ! before a number,
 * which an end that has come to a meeting tells too, = before what the server says.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "calls.h"

#define SWITCH		"/proc/sys/net/mint/bypass"
#define LEFT_SECONDS	10
#define HUNG_SECONDS	30
#define HUNG_VARIABLE	"CALLS_SECONDS"

static const struct scenario *const all_scenarios[] = {
	end_scenarios, read_scenarios, full_scenarios, event_scenarios, file_scenarios,
	uring_scenarios, option_scenarios, life_scenarios, kind_scenarios,
};

static struct end end = { .control = -1, .listener = -1, .fd = -1 };
/* What the server has said, for the client to print. */
static char heard[1 << 16];
static size_t heard_bytes;

static void usage(void)
{
	fputs("calls serve PORT                 be the server; what is tested uses PORT + 1\n"
	      "calls NAME ADDRESS PORT SWITCH   run a scenario with that server, and print what\n"
	      "                                 both say. SWITCH is of the bypass: on, off, here\n"
	      "                                 (at the client only) or there\n"
	      "calls list                       print the names of scenarios\n", stderr);
	exit(2);
}

static void write_all(int fd, const char *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(fd, data, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(3);
		data += n;
		bytes -= n;
	}
}

static void say_line(const char *format, va_list arguments)
{
	char line[512] = "=";
	size_t length;

	vsnprintf(line + 1, sizeof(line) - 2, format, arguments);
	length = strlen(line);
	line[length++] = '\n';
	if (end.client)
		write_all(1, line + 1, length - 1);
	else if (end.control >= 0)
		write_all(end.control, line, length);
	else
		write_all(2, line + 1, length - 1);
}

/* Adds a line to what is compared. */
void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_line(format, arguments);
	va_end(arguments);
}

/* Says what a call has returned, by the name of its error. */
void say_result(const char *what, long ret)
{
	if (ret < 0)
		say("%s: %s", what, strerrorname_np(errno));
	else
		say("%s: %ld", what, ret);
}

static void tell_heard(void)
{
	write_all(1, "server:\n", 8);
	write_all(1, heard, heard_bytes);
}

_Noreturn void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_line(format, arguments);
	va_end(arguments);
	if (end.client)
		tell_heard();
	_exit(1);
}

static void hung(int signal)
{
	(void)signal;
	die("hung");
}

/* Also when a call is restarted after signals. */
static void watch(void)
{
	const char *seconds = getenv(HUNG_VARIABLE);

	signal(SIGALRM, hung);
	alarm(seconds ? atoi(seconds) : HUNG_SECONDS);
}

static void hear(const char *line)
{
	size_t length = strlen(line);

	if (heard_bytes + length + 1 > sizeof(heard))
		die("the server says too much");
	memcpy(heard + heard_bytes, line, length);
	heard_bytes += length;
	heard[heard_bytes++] = '\n';
}

/* A line without its end; slow, but nothing behind it is read. */
static void read_line(int fd, char *line, size_t bytes)
{
	size_t at = 0;

	for (;;) {
		ssize_t n = read(fd, line + at, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("the other end has gone");
		if (line[at] == '\n')
			break;
		if (++at == bytes)
			die("a line is too long");
	}
	line[at] = 0;
}

/* What the other end has told, or that it is there; what it says is kept. */
size_t ask(struct end *e)
{
	char line[600];

	for (;;) {
		read_line(e->control, line, sizeof(line));
		if (line[0] == '!')
			return strtoul(line + 1, NULL, 10);
		hear(line + 1);
	}
}

/* Gives the other end a number that is not compared. */
void tell(struct end *e, size_t number)
{
	dprintf(e->control, "!%zu\n", number);
}

/* Waits until the other end has come here too. */
void meet(struct end *e)
{
	tell(e, 0);
	ask(e);
}

/* Without the bypass there is nothing to switch. */
void bypass_switch(bool on)
{
	int fd = open(SWITCH, O_WRONLY);

	if (fd < 0 && !on)
		return;
	if (fd < 0 || write(fd, on ? "1" : "0", 1) != 1)
		die("%s: %s", SWITCH, strerror(errno));
	close(fd);
}

static long number_of(const char *name)
{
	FILE *file;
	char path[128];
	long number = 0;

	snprintf(path, sizeof(path), "/sys/devices/mint/bypass.0/%s", name);
	file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%ld", &number) != 1)
			number = -1;
		fclose(file);
	}
	return number;
}

/* Waits until all memory and all pairs have come back. */
static void say_left(void)
{
	struct timespec pause = { .tv_nsec = 5000000 };
	long units, pairs, tries = LEFT_SECONDS * 200;

	do {
		units = number_of("units_used");
		pairs = number_of("pairs_used");
	} while ((units || pairs) && tries-- && !nanosleep(&pause, NULL));
	say("#left %ld %ld", units, pairs);
}

static void act(const struct scenario *scenario, bool actor)
{
	end.actor = actor;
	end.fd = -1;
	end.sent = 0;
	end.taken = 0;
	say("-- %s", actor ? "actor" : "partner");
	meet(&end);
	scenario->run(&end);
	meet(&end);
	if (end.fd >= 0)
		close(end.fd);
	meet(&end);
}

/* Lines that begin with # are not compared. */
static void run(const struct scenario *scenario)
{
	long before = number_of("statistics/started");

	watch();
	act(scenario, end.client);
	if (!scenario->once)
		act(scenario, !end.client);
	say("#lanes %ld of %d", number_of("statistics/started") - before, scenario->lanes);
	meet(&end);
}

static const struct scenario *find(const char *name)
{
	const struct scenario *scenario;
	size_t i;

	for (i = 0; i < sizeof(all_scenarios) / sizeof(*all_scenarios); i++)
		for (scenario = all_scenarios[i]; scenario->name; scenario++)
			if (!strcmp(scenario->name, name))
				return scenario;
	die("there is no scenario '%s'", name);
}

static void list(void)
{
	const struct scenario *scenario;
	size_t i;

	for (i = 0; i < sizeof(all_scenarios) / sizeof(*all_scenarios); i++)
		for (scenario = all_scenarios[i]; scenario->name; scenario++)
			puts(scenario->name);
}

static void serve_one(int port)
{
	char name[64], on[64];

	read_line(end.control, name, sizeof(name));
	read_line(end.control, on, sizeof(on));
	bypass_switch(!strcmp(on, "on") || !strcmp(on, "there"));
	end.listener = listen_at(AF_INET, port + 1, BACKLOG);
	run(find(name));
	exit(0);
}

static void serve(int port)
{
	int listener = listen_at(AF_INET, port, 8);

	for (;;) {
		end.control = accept(listener, NULL, NULL);
		if (end.control < 0)
			die("accept: %s", strerror(errno));
		if (!fork()) {
			close(listener);
			serve_one(port);
		}
		close(end.control);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static void call(const char *name, const char *address, int port, const char *on)
{
	const struct scenario *scenario = find(name);
	struct sockaddr_in *there = &end.there;

	end.client = true;
	bypass_switch(false);
	there->sin_family = AF_INET;
	there->sin_port = htons(port);
	if (inet_pton(AF_INET, address, &there->sin_addr) != 1)
		die("'%s' is no address", address);
	end.control = connect_to(there, sizeof(*there));
	if (end.control < 0)
		die("no server: %s", strerror(errno));
	there->sin_port = htons(port + 1);
	write_all(end.control, name, strlen(name));
	write_all(end.control, "\n", 1);
	write_all(end.control, on, strlen(on));
	write_all(end.control, "\n", 1);
	bypass_switch(!strcmp(on, "on") || !strcmp(on, "here"));
	run(scenario);
	say_left();
	tell_heard();
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(atoi(argv[2]));
	else if (argc == 2 && !strcmp(argv[1], "list"))
		list();
	else if (argc == 5)
		call(argv[1], argv[2], atoi(argv[3]), argv[4]);
	else
		usage();
	return 0;
}
