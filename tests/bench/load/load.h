/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Traffic to be measured, between a client and `load serve`.
 *
 * Each client opens a connection, says in a struct request what it wants, and
 * reads a struct report at the end. Results are printed as words KEY=VALUE in
 * one line.
 */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <linux/types.h>
#include <stddef.h>

/* That of LOAD_TOGETHER is the next one. */
#define LOAD_PORT	9000
#define LOAD_MAX	(4 << 20)

enum load_mode {
	LOAD_SINK,
	LOAD_SOURCE,
	LOAD_ECHO,
	LOAD_UDP_ECHO,
	LOAD_UDP_SINK,
	LOAD_TOGETHER,
};

/**
 * struct request - what a client wants of the server
 * @mode: enum load_mode
 * @size: bytes of each read or write, and of each message that is echoed
 * @ms: for how long LOAD_SOURCE sends, in milliseconds
 * @busy_us: SO_BUSY_POLL of the server's socket, in microseconds
 */
struct request {
	__u32 mode;
	__u32 size;
	__u32 ms;
	__u32 busy_us;
};

/**
 * struct report - what the server has seen
 * @units: bytes, or datagrams
 * @drops: datagrams that its socket had no room for
 * @ns: from the first unit to the last, in nanoseconds
 * @idle_us: time that the CPUs of its kernel were idle meanwhile
 */
struct report {
	__u64 units;
	__u64 drops;
	__u64 ns;
	__u64 idle_us;
};

_Noreturn void die(const char *format, ...);
__u64 now_ns(void);
__u64 idle_us(void);
__u32 number(const char *text);
char *buffer(__u32 bytes);
void set_busy_poll(int fd, __u32 busy_us);
int open_request(const char *address, const struct request *request);
void read_all(int fd, void *data, size_t bytes);
void write_all(int fd, const void *data, size_t bytes);
struct report read_report(int fd);
int times_full(void);
void times_add(__u64 ns);
void times_print(void);

int cmd_serve(char **argv);
int cmd_stream(char **argv);
int cmd_rr(char **argv);
int cmd_connects(char **argv);
int cmd_crowd(char **argv);
int cmd_udp_rr(char **argv);
int cmd_udp(char **argv);
int cmd_udp_segments(char **argv);
int cmd_file(char **argv);
int cmd_sample(char **argv);
void serve_tcp(int fd, const struct request *request);
void serve_together(int listener);
void serve_udp(int fd, const struct request *request);

#endif
