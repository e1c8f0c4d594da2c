/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What count.c uses of QEMU's interface for plugins, version 1. Debian has no
 * header for it.
 */
#ifndef TESTS_BENCH_PLUGIN_H
#define TESTS_BENCH_PLUGIN_H

#include <linux/types.h>
#include <stddef.h>

#define NO_REGISTERS	0

struct qemu_plugin_tb;

typedef void (*translated_fn)(__u64 id, struct qemu_plugin_tb *tb);
typedef void (*executed_fn)(unsigned int cpu, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
__u64 qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(__u64 id, translated_fn fn);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  executed_fn fn, int flags, void *data);
int qemu_plugin_install(__u64 id, const void *info, int argc, char **argv);

#endif
