// SPDX-License-Identifier: GPL-2.0
/* Calls a cipher of the kernel as aead.c says. */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "aead.h"
#include "crypto.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct work);
} works SEC(".maps");

static __always_inline int call(struct work *work, crypto_ctx *context)
{
	struct bpf_dynptr src, dst, iv;
	int error;

	bpf_dynptr_from_mem(work->src, sizeof(work->src), 0, &src);
	bpf_dynptr_from_mem(work->dst, sizeof(work->dst), 0, &dst);
	bpf_dynptr_from_mem(work->iv, sizeof(work->iv), 0, &iv);
	error = bpf_dynptr_adjust(&src, 0, work->src_bytes) ?:
		bpf_dynptr_adjust(&dst, 0, work->dst_bytes) ?:
		bpf_dynptr_adjust(&iv, 0, work->iv_bytes);
	if (error)
		return error;
	return work->decrypts ? bpf_crypto_decrypt(context, &src, &dst, &iv) :
				bpf_crypto_encrypt(context, &src, &dst, &iv);
}

/* In a softirq or as in one: where packets are. */
SEC("tc")
int crypt(struct __sk_buff *skb)
{
	crypto_ctx *context = cipher_now();
	struct work *work;
	__u32 zero = 0;

	(void)skb;
	work = bpf_map_lookup_elem(&works, &zero);
	if (!work || !context)
		return TC_ACT_SHOT;
	work->result = call(work, context);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
