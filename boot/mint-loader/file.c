// SPDX-License-Identifier: GPL-2.0
/*
 * Whole files: read into memory before anything is touched, written so that
 * a reader sees the old one or the new one and nothing between.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/types.h>
#include "file.h"
#include "report.h"

static int read_all(int fd, struct buffer *to)
{
	size_t done = 0;

	while (done < to->bytes) {
		ssize_t got = read(fd, to->data + done, to->bytes - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return -EIO;
		done += got;
	}
	return 0;
}

static int read_open(const char *what, const char *path, int fd, size_t limit, struct buffer *to)
{
	struct stat info;
	int error;

	if (fstat(fd, &info))
		return fail(MINT_EXIT_FAILED, "%s '%s': %m", what, path);
	if (!S_ISREG(info.st_mode))
		return fail(MINT_EXIT_FAILED, "%s '%s': not a regular file", what, path);
	if (!info.st_size)
		return fail(MINT_EXIT_FAILED, "%s '%s': the file is empty", what, path);
	if ((__u64)info.st_size > limit)
		return fail(MINT_EXIT_FAILED, "%s '%s': longer than %zu bytes", what, path, limit);

	to->bytes = info.st_size;
	to->data = malloc(to->bytes);
	if (!to->data)
		return fail(MINT_EXIT_FAILED, "%s '%s': no memory to read it", what, path);
	error = read_all(fd, to);
	if (!error)
		return MINT_EXIT_OK;
	free(to->data);
	to->data = NULL;
	return fail(MINT_EXIT_FAILED, "%s '%s': %s", what, path, strerror(-error));
}

/**
 * file_read() - read a whole file
 * @what: what the file is, for the error
 * @path: its path
 * @limit: longest size
 * @to: filled in; @to->data is the caller's to free
 *
 * Return: an enum mint_exit.
 */
int file_read(const char *what, const char *path, size_t limit, struct buffer *to)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int code;

	if (fd < 0)
		return fail(MINT_EXIT_FAILED, "%s '%s': %m", what, path);
	code = read_open(what, path, fd, limit, to);
	close(fd);
	return code;
}

static bool write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t put = write(fd, text, left);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		text += put;
		left -= put;
	}
	return true;
}

/**
 * file_write_atomic() - replace a file in one step
 * @dir: its folder, made if it is not there
 * @name: its name
 * @text: its new contents
 *
 * Return: an enum mint_exit; after a failure the old file stands.
 */
int file_write_atomic(const char *dir, const char *name, const char *text)
{
	char path[512], draft[512];
	bool good;
	int fd;

	if (mkdir(dir, 0755) && errno != EEXIST)
		return fail(MINT_EXIT_FAILED, "folder '%s' cannot be made: %m", dir);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(draft, sizeof(draft), "%s/.%s.XXXXXX", dir, name);
	fd = mkostemp(draft, O_CLOEXEC);
	if (fd < 0)
		return fail(MINT_EXIT_FAILED, "'%s' cannot be written: %m", path);
	good = write_all(fd, text) && !fchmod(fd, 0644) && !fsync(fd);
	good = !close(fd) && good;
	if (good && !rename(draft, path))
		return MINT_EXIT_OK;
	fail(MINT_EXIT_FAILED, "'%s' cannot be written: %m", path);
	unlink(draft);
	return MINT_EXIT_FAILED;
}
