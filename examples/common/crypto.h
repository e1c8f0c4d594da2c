/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's ciphers, as programs of BPF and their loaders know them. A program that
 * includes this gets a cipher, and the means to have another key taken for it.
 */
#ifndef CRYPTO_H
#define CRYPTO_H

#include <linux/types.h>

/* What the kernel makes a cipher of, as its own headers have it. */
struct bpf_crypto_params {
	char type[14];
	__u8 reserved[2];
	char algo[128];
	__u8 key[256];
	__u32 key_len;
	__u32 authsize;
};

#ifdef __bpf__
#include <linux/bpf.h>
#include <linux/errno.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>

/* A program knows its name, and no more. */
struct bpf_crypto_ctx {
	int unknown;
};

/* Up to clang 14, the compiler loses the mark of a pointer that names a struct itself. */
typedef struct bpf_crypto_ctx crypto_ctx;

struct cipher {
	crypto_ctx __kptr *context;
};

extern crypto_ctx *bpf_crypto_ctx_create(const struct bpf_crypto_params *params,
					 __u32 params__sz, int *err) __ksym;
extern void bpf_crypto_ctx_release(crypto_ctx *ctx) __ksym;
extern int bpf_crypto_encrypt(crypto_ctx *ctx, const struct bpf_dynptr *src,
			      const struct bpf_dynptr *dst, const struct bpf_dynptr *iv) __ksym;
extern int bpf_crypto_decrypt(crypto_ctx *ctx, const struct bpf_dynptr *src,
			      const struct bpf_dynptr *dst, const struct bpf_dynptr *iv) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags,
			       struct bpf_dynptr *dynptr) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *dynptr, __u32 start, __u32 end) __ksym;

/* The loader writes what a cipher is made of here, runs take_key(), and wipes it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_crypto_params);
} keys SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cipher);
} ciphers SEC(".maps");

/* The cipher, or NULL. The kernel lets none go as long as a program uses it. */
static __always_inline crypto_ctx *cipher_now(void)
{
	struct cipher *cipher;
	__u32 zero = 0;

	cipher = bpf_map_lookup_elem(&ciphers, &zero);
	return cipher ? cipher->context : NULL;
}

/* Returns 0, or why there is no cipher of that kind: then the one before stays. */
SEC("syscall")
int take_key(void *nothing)
{
	const struct bpf_crypto_params *key;
	struct cipher *cipher;
	crypto_ctx *context;
	__u32 zero = 0;
	int error = 0;

	(void)nothing;
	key = bpf_map_lookup_elem(&keys, &zero);
	cipher = bpf_map_lookup_elem(&ciphers, &zero);
	if (!key || !cipher)
		return -EINVAL;
	context = bpf_crypto_ctx_create(key, sizeof(*key), &error);
	if (!context)
		return error;
	context = bpf_kptr_xchg(&cipher->context, context);
	if (context)
		bpf_crypto_ctx_release(context);
	return 0;
}
#else
struct bpf_object;

int crypto_take_key(struct bpf_object *object, const struct bpf_crypto_params *params);
#endif

#endif /* CRYPTO_H */
