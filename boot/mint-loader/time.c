// SPDX-License-Identifier: GPL-2.0
/* Time, for those who wait with a deadline. */
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include "mint.h"

#define LIMIT_US	100000

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
 * pause_ms() - wait before looking again; a signal ends it early
 * @ms: less than 1000
 */
void pause_ms(unsigned int ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}

static void on_alarm(int number)
{
	(void)number;
}

static void catch_alarm(void)
{
	/* Without SA_RESTART: what waits is broken off. */
	const struct sigaction action = { .sa_handler = on_alarm };
	static bool caught;
	sigset_t alarm;

	if (caught)
		return;
	caught = true;
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
}

/**
 * limit_waits() - let no read() or write() wait for long, or let them again
 * @on: from now on one that waits is broken off after a moment: a part of it is
 *	done, or it fails with EINTR
 *
 * For files that others have open, too: they cannot be made not to wait without
 * making them so for all. poll() tells that such a file takes something but not
 * how much, and somebody else may be faster. The timer goes on until it is
 * stopped, so that it cannot come just before a call and then no more.
 */
void limit_waits(bool on)
{
	const struct timeval limit = { .tv_usec = on ? LIMIT_US : 0 };
	const struct itimerval timer = { .it_interval = limit, .it_value = limit };

	catch_alarm();
	setitimer(ITIMER_REAL, &timer, NULL);
}
