/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What calls of TCP sockets return, written down so that two runs can be compared.
 *
 * A scenario is run by two ends, a client and a server. Both say what their calls
 * have returned; nothing that is said depends on how fast they are. They meet over
 * a connection of their own, which is made before the bypass is switched on and so
 * stays with TCP.
 */
#ifndef TESTS_CALLS_H
#define TESTS_CALLS_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct end - one end of a scenario
 * @control: connection by which the ends meet
 * @listener: where the server's connections come from
 * @fd: the connection under test, if there is one
 * @client: it connects
 * @actor: it does what the scenario is about; the other end is its partner
 * @there: where the client connects to
 * @sent: bytes sent by @fd so far; says which come next
 * @taken: likewise, received
 */
struct end {
	int control;
	int listener;
	int fd;
	bool client;
	bool actor;
	struct sockaddr_in there;
	size_t sent;
	size_t taken;
};

/**
 * struct scenario - what two ends do
 * @name: of it
 * @run: is called at both ends, twice: each end is the actor once
 * @lanes: so many directions leave TCP at each end at least; NONE, or ANY number
 * @once: the client alone is the actor
 */
struct scenario {
	const char *name;
	void (*run)(struct end *e);
	int lanes;
	bool once;
};

/* Of the server's listener, unless a scenario changes it. */
#define BACKLOG	512

#define NONE	0
#define ANY	-1

/* Parts of a scenario end here if it cannot go on. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* main.c: the ends */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_result(const char *what, long ret);
void meet(struct end *e);
void tell(struct end *e, size_t number);
size_t ask(struct end *e);
void bypass_switch(bool on);

/* wire.c: connections and what goes over them */
void listen_on(int fd, int family, int port, int backlog);
int listen_at(int family, int port, int backlog);
int connect_to(const void *address, size_t bytes);
int join(struct end *e);
void begin(struct end *e);
void begin_cold(struct end *e);
void finish(struct end *e);
void warm_up(struct end *e);
void fill(bool client, size_t at, char *data, size_t bytes);
void check(bool client, size_t at, const char *data, size_t bytes);
long send_some(struct end *e, size_t bytes, int flags);
long take_some(struct end *e, size_t bytes, int flags);
void send_all(struct end *e, size_t bytes);
void take_all(struct end *e, size_t bytes);
void set_option(int fd, int level, int name, int value);
void set_nonblock(int fd, bool on);
void wait_inq(int fd, int bytes);
void wait_outq(int fd);
void wait_events(int fd, int events);
void wait_ms(int ms);
const char *events_text(int events);
void say_events(int fd, const char *when);
void say_end(struct end *e, const char *when);
void catch_signal(int number, int flags);
int signals_caught(void);

/* The most that one call sends or receives. */
#define MAX_BYTES	(1024 * 1024)

/* The second message of an end starts its lane, the third is a whole one there. */
#define WARM_BYTES	100
#define WARM_ROUNDS	3
#define WARM_TOTAL	(WARM_ROUNDS * WARM_BYTES)

/* The scenarios of each file, ended by one without a name. */
extern const struct scenario end_scenarios[];
extern const struct scenario read_scenarios[];
extern const struct scenario full_scenarios[];
extern const struct scenario event_scenarios[];
extern const struct scenario file_scenarios[];
extern const struct scenario uring_scenarios[];
extern const struct scenario option_scenarios[];
extern const struct scenario life_scenarios[];
extern const struct scenario kind_scenarios[];

#endif
