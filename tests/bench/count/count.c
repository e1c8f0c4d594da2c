// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU that counts how often each translated block is executed,
 * by CPU. A thread reads paths from the fifo given as control=PATH and writes
 * to each what was counted so far: ADDRESS INSTRUCTIONS COUNT-OF-CPU-0 ...
 */
#include <linux/types.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plugin.h"

#define MOST_CPUS	8

int qemu_plugin_version = 1;

/**
 * struct block - one translation of a block; a block may have several
 * @next: translated before this one
 * @at: virtual address
 * @instructions: how many it has
 * @count: executions by CPU; each CPU writes its own
 */
struct block {
	struct block *next;
	__u64 at;
	size_t instructions;
	__u64 count[MOST_CPUS];
};

static struct block *blocks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *control;

static void executed(unsigned int cpu, void *data)
{
	struct block *block = data;

	if (cpu < MOST_CPUS)
		block->count[cpu]++;
}

static void translated(__u64 id, struct qemu_plugin_tb *tb)
{
	struct block *block = calloc(1, sizeof(*block));

	(void)id;
	if (!block)
		abort();
	block->at = qemu_plugin_tb_vaddr(tb);
	block->instructions = qemu_plugin_tb_n_insns(tb);
	pthread_mutex_lock(&lock);
	block->next = blocks;
	blocks = block;
	pthread_mutex_unlock(&lock);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, NO_REGISTERS, block);
}

/* Whoever waits for the file finds it whole. */
static void write_counts(const char *path)
{
	const struct block *block;
	char new[4096];
	FILE *file;
	int cpu;

	snprintf(new, sizeof(new), "%s.new", path);
	file = fopen(new, "w");
	if (!file)
		return;
	pthread_mutex_lock(&lock);
	block = blocks;
	pthread_mutex_unlock(&lock);
	for (; block; block = block->next) {
		fprintf(file, "%llx %zu", block->at, block->instructions);
		for (cpu = 0; cpu < MOST_CPUS; cpu++)
			fprintf(file, " %llu", block->count[cpu]);
		fputc('\n', file);
	}
	if (!fclose(file))
		rename(new, path);
}

static void *take_orders(void *data)
{
	char line[2048];

	for (;;) {
		FILE *fifo = fopen(control, "r");

		if (!fifo)
			return data;
		while (fgets(line, sizeof(line), fifo)) {
			line[strcspn(line, "\n")] = '\0';
			write_counts(line);
		}
		fclose(fifo);
	}
}

int qemu_plugin_install(__u64 id, const void *info, int argc, char **argv)
{
	pthread_t thread;

	(void)info;
	if (argc != 1 || strncmp(argv[0], "control=", 8)) {
		fprintf(stderr, "count: usage: -plugin count.so,control=FIFO\n");
		return -1;
	}
	control = strdup(argv[0] + 8);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return pthread_create(&thread, NULL, take_orders, NULL) ? -1 : 0;
}
