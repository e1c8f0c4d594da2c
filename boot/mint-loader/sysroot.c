// SPDX-License-Identifier: GPL-2.0
/*
 * Small files of /proc and /sys. Tests put a saved machine in their place: all
 * paths are looked up below a root. What cannot be read is no failure of the
 * command: the functions return a negative errno, which callers tell.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "report.h"
#include "sysroot.h"

#define ENTRIES_MAX	8192

static const char *root = "";

/**
 * sysroot_set() - look at a saved machine
 * @dir: the folder that takes the place of /
 */
void sysroot_set(const char *dir)
{
	root = dir;
}

/**
 * sysroot_path() - where a file really is
 * @path: its absolute path
 * @full: filled in
 *
 * Return: 0 or -ENAMETOOLONG.
 */
int sysroot_path(const char *path, char full[SYSROOT_PATH_BYTES])
{
	int n = snprintf(full, SYSROOT_PATH_BYTES, "%s%s", root, path);

	return n < 0 || n >= SYSROOT_PATH_BYTES ? -ENAMETOOLONG : 0;
}

/**
 * sysroot_has() - is there such a file, link or folder?
 * @path: its absolute path
 */
bool sysroot_has(const char *path)
{
	char full[SYSROOT_PATH_BYTES];

	return !sysroot_path(path, full) && !faccessat(AT_FDCWD, full, F_OK, AT_SYMLINK_NOFOLLOW);
}

/* Returns a file descriptor or a negative errno. */
static int open_below(const char *path)
{
	char full[SYSROOT_PATH_BYTES];
	int fd, error = sysroot_path(path, full);

	if (error)
		return error;
	/* O_NONBLOCK: whatever a saved machine has there, nothing waits for a writer. */
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int read_up_to(int fd, size_t limit, struct buffer *to)
{
	to->bytes = 0;
	for (;;) {
		ssize_t got = read(fd, to->data + to->bytes, limit + 1 - to->bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		to->bytes += got;
		if (to->bytes > limit)
			return -EFBIG;
		if (!got)
			break;
	}
	to->data[to->bytes] = 0;
	return 0;
}

/**
 * sysroot_read() - read a file whose size is not known before
 * @path: its absolute path
 * @limit: the most bytes it may have
 * @to: filled in; @to->data is the caller's to free, and has a NUL behind its bytes
 *
 * Return: 0 or a negative errno; then @to->data is NULL.
 */
int sysroot_read(const char *path, size_t limit, struct buffer *to)
{
	int fd = open_below(path), error;

	to->data = NULL;
	if (fd < 0)
		return fd;
	to->data = malloc(limit + 1);
	error = to->data ? read_up_to(fd, limit, to) : -ENOMEM;
	close(fd);
	if (error) {
		free(to->data);
		to->data = NULL;
	}
	return error;
}

/**
 * sysroot_read_at() - read a piece of a file
 * @path: its absolute path
 * @at: where the piece begins
 * @to: filled in
 * @bytes: its size
 *
 * Return: 0 or a negative errno.
 */
int sysroot_read_at(const char *path, off_t at, void *to, size_t bytes)
{
	int fd = open_below(path), error;
	ssize_t got;

	if (fd < 0)
		return fd;
	got = pread(fd, to, bytes, at);
	error = got < 0 ? -errno : (size_t)got < bytes ? -EBADMSG : 0;
	close(fd);
	return error;
}

/**
 * sysroot_line() - read the first line of a file
 * @path: its absolute path
 * @text: filled in, safe to print, without the end of the line; empty on error
 * @room: bytes of @text
 *
 * Return: 0 or a negative errno.
 */
int sysroot_line(const char *path, char *text, size_t room)
{
	struct buffer content;
	int error;

	*text = 0;
	error = sysroot_read(path, 65536, &content);
	if (error)
		return error;
	content.data[strcspn((char *)content.data, "\n")] = 0;
	snprintf(text, room, "%s", (char *)content.data);
	make_printable(text);
	free(content.data);
	return 0;
}

/**
 * sysroot_number() - read a file that has one number, decimal or 0x
 * @path: its absolute path
 * @value: filled in
 *
 * Return: 0 or a negative errno.
 */
int sysroot_number(const char *path, __u64 *value)
{
	char text[64], *end;
	int error = sysroot_line(path, text, sizeof(text));

	if (error)
		return error;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return text[0] < '0' || text[0] > '9' || *end || errno ? -EINVAL : 0;
}

/**
 * sysroot_link() - read a symbolic link
 * @path: its absolute path
 * @target: filled in, safe to print
 * @room: bytes of @target
 *
 * Return: 0 or a negative errno.
 */
int sysroot_link(const char *path, char *target, size_t room)
{
	char full[SYSROOT_PATH_BYTES];
	ssize_t bytes;
	int error = sysroot_path(path, full);

	if (error)
		return error;
	bytes = readlink(full, target, room);
	if (bytes < 0)
		return -errno;
	if ((size_t)bytes >= room)
		return -ENAMETOOLONG;
	target[bytes] = 0;
	make_printable(target);
	return 0;
}

/**
 * sysroot_each() - go through a folder in the order of its names
 * @path: its absolute path
 * @each: called for each entry that is not hidden
 * @context: for @each
 *
 * Return: 0 or a negative errno.
 */
int sysroot_each(const char *path, void (*each)(const char *name, void *context), void *context)
{
	struct dirent **names;
	char full[SYSROOT_PATH_BYTES];
	int i, n, error;

	error = sysroot_path(path, full);
	if (error)
		return error;
	n = scandir(full, &names, NULL, versionsort);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		if (*names[i]->d_name != '.' && i < ENTRIES_MAX)
			each(names[i]->d_name, context);
		free(names[i]);
	}
	free(names);
	return 0;
}
