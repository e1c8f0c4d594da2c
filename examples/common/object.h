/* SPDX-License-Identifier: GPL-2.0 */
/* The programs of BPF that an example has the kernel run. */
#ifndef OBJECT_H
#define OBJECT_H

#include <bpf/libbpf.h>
#include <linux/types.h>

struct bpf_object *object_load(const char *file, const char *needs);
struct bpf_program *object_program(struct bpf_object *object, const char *name);
int object_map(struct bpf_object *object, const char *name);
void object_counts(struct bpf_object *object, __u64 *counts, unsigned int nr);

#endif /* OBJECT_H */
