// SPDX-License-Identifier: GPL-2.0
/* Time, for those who wait with a deadline. */
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include "timing.h"

#define LIMIT_NS	100000000

/**
 * now_ms() - a clock that only goes on
 *
 * Return: milliseconds since some moment.
 */
__u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/**
 * span_of_ms() - a length of time as the kernel takes it
 * @ms: milliseconds
 *
 * Return: the same, with less than a second in tv_nsec: the kernel refuses more.
 */
struct timespec span_of_ms(unsigned int ms)
{
	return (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
}

/**
 * pause_ms() - wait before looking again; a signal ends it early
 * @ms: milliseconds
 */
void pause_ms(unsigned int ms)
{
	const struct timespec pause = span_of_ms(ms);

	nanosleep(&pause, NULL);
}

static void on_limit(int number)
{
	(void)number;
}

static bool make_timer(timer_t *timer)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	/* Without SA_RESTART: what waits is broken off. */
	const struct sigaction action = { .sa_handler = on_limit };
	sigset_t limit;

	sigaction(SIGRTMIN, &action, NULL);
	sigemptyset(&limit);
	sigaddset(&limit, SIGRTMIN);
	sigprocmask(SIG_UNBLOCK, &limit, NULL);
	return !timer_create(CLOCK_MONOTONIC, &event, timer);
}

/**
 * limit_waits() - let no read() or write() wait for long, or let them again
 * @on: from now on one that waits is broken off after a moment: a part of it is
 *	done, or it fails with EINTR
 *
 * For files that others have open, too: O_NONBLOCK would be set for them as
 * well. poll() tells that such a file takes something but not how much, and
 * another process may be faster. The timer repeats until it is stopped: a
 * single one might come just before the call. It is no alarm(), for the caller
 * may have set one, and wants us ended by it.
 */
void limit_waits(bool on)
{
	const struct timespec limit = { .tv_nsec = on ? LIMIT_NS : 0 };
	const struct itimerspec setting = { .it_interval = limit, .it_value = limit };
	static timer_t timer;
	static bool made;

	/* Where the system has no more timers, waits are as long as they are. */
	made = made || make_timer(&timer);
	if (made)
		timer_settime(timer, 0, &setting, NULL);
}
