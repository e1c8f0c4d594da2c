// SPDX-License-Identifier: GPL-2.0
/* Has a program of BPF use a cipher of the kernel: see usage(). */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aead.h"
#include "crypto.h"
#include "numbers.h"
#include "object.h"

#define UNTOUCHED	0xaa	/* what the destination is full of before */

static const __u32 zero;
static struct work work;

static _Noreturn void usage(void)
{
	fputs("aead TYPE CIPHER KEY TAG_BYTES encrypt|decrypt IV SOURCE DESTINATION_BYTES\n"
	      "  make a cipher and call it once, KEY, IV and SOURCE in hexadecimal, - for nothing:\n"
	      "  what it returned, and the destination, which was full of aa\n",
	      stderr);
	exit(2);
}

static unsigned int take_bytes(const char *text, __u8 *to, unsigned int most)
{
	unsigned int bytes = 0;

	if (!strcmp(text, "-"))
		return 0;
	for (; *text; text += 2) {
		if (bytes == most || !text[1] || sscanf(text, "%2hhx", &to[bytes++]) != 1)
			errx(2, "'%s' is no number of up to %u whole bytes", text, most);
	}
	return bytes;
}

static int make_cipher(struct bpf_object *object, char **words)
{
	struct bpf_crypto_params params = { 0 };

	snprintf(params.type, sizeof(params.type), "%s", words[0]);
	snprintf(params.algo, sizeof(params.algo), "%s", words[1]);
	params.key_len = take_bytes(words[2], params.key, sizeof(params.key));
	params.authsize = number_of(words[3], 0, 1000);
	return crypto_take_key(object, &params);
}

static void call(struct bpf_object *object)
{
	unsigned char frame[ETH_HLEN] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame));
	int map = object_map(object, "works");

	if (bpf_map_update_elem(map, &zero, &work, BPF_ANY) ||
	    bpf_prog_test_run_opts(bpf_program__fd(object_program(object, "crypt")), &run) ||
	    run.retval || bpf_map_lookup_elem(map, &zero, &work))
		err(1, "crypt");
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	unsigned int i;
	int error;

	if (argc != 9)
		usage();
	work.decrypts = !strcmp(argv[5], "decrypt");
	work.iv_bytes = take_bytes(argv[6], work.iv, sizeof(work.iv));
	work.src_bytes = take_bytes(argv[7], work.src, sizeof(work.src));
	work.dst_bytes = number_of(argv[8], 0, sizeof(work.dst));
	memset(work.dst, UNTOUCHED, sizeof(work.dst));
	object = object_load("aead.bpf.o", "CONFIG_BPF_CRYPTO_AEAD");
	error = make_cipher(object, argv + 1);
	if (error) {
		printf("no cipher: %s\n", strerror(error));
		return 0;
	}
	call(object);
	printf("%s: ", work.result ? strerror(-work.result) : "done");
	for (i = 0; i < work.dst_bytes; i++)
		printf("%02x", work.dst[i]);
	puts("");
	bpf_object__close(object);
	return 0;
}
