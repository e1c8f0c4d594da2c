// SPDX-License-Identifier: GPL-2.0
/* Keys for programs of BPF that use the kernel's ciphers. */
#include <bpf/bpf.h>
#include <err.h>
#include <errno.h>
#include "crypto.h"
#include "object.h"

/**
 * crypto_take_key() - have the kernel make a cipher for a program
 * @object: what includes crypto.h
 * @params: what the cipher is made of; no copy of the key stays but the cipher's
 *
 * Return: 0, or the error (of errno.h) for which the cipher before stays.
 */
int crypto_take_key(struct bpf_object *object, const struct bpf_crypto_params *params)
{
	static const struct bpf_crypto_params nothing;
	int program = bpf_program__fd(object_program(object, "take_key"));
	int map = object_map(object, "keys"), error;
	LIBBPF_OPTS(bpf_test_run_opts, run);
	const __u32 zero = 0;

	error = bpf_map_update_elem(map, &zero, params, BPF_ANY) ||
		bpf_prog_test_run_opts(program, &run) ? errno : -(int)run.retval;
	if (bpf_map_update_elem(map, &zero, &nothing, BPF_ANY))
		err(1, "cannot wipe the key");
	return error;
}
