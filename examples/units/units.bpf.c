// SPDX-License-Identifier: GPL-2.0
/*
 * Holds the bytes of a TCP stream back until a record is whole: four bytes of length, then
 * so many bytes. Records that have come together go on together.
 *
 * A connection is taken when it is accepted; from then on the kernel has parse() say where
 * a record ends, and wakes the reader when pass() has seen it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "units.h"

#define EMSGSIZE	90
/* A loop of a program must have an end. */
#define MOST_TOGETHER	64

/* Of the kernel: its own view of a context, and what its stream parser keeps there. */
struct sk_buff {
	char cb[48];
} __attribute__((preserve_access_index));

struct strp_msg {
	int full_len;
	int offset;
} __attribute__((preserve_access_index));

struct _strp_msg {
	struct strp_msg strp;
} __attribute__((preserve_access_index));

struct sk_skb_cb {
	struct _strp_msg strp;
} __attribute__((preserve_access_index));

extern void *bpf_cast_to_kern_ctx(void *context) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counts);
} counts SEC(".maps");

/* The kernel takes a socket out when it is closed. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, MOST_CONNECTIONS);
	__type(key, __u64);
	__type(value, __u64);
} connections SEC(".maps");

/* Whose stream has been found wrong. A parser may be asked twice before it is stopped. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MOST_CONNECTIONS);
	__type(key, __u64);
	__type(value, __u8);
} wrong SEC(".maps");

static __always_inline const struct settings *settings_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline struct counts *counts_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counts, &zero);
}

/* A worker of the kernel that parses may be interrupted by a frame whose bytes are. */
static __always_inline void add(__u64 *value, __u64 more)
{
	__sync_fetch_and_add(value, more);
}

/* What is parsed need not begin where the skb does. */
static __always_inline struct strp_msg part_of(struct __sk_buff *skb)
{
	struct sk_buff *own = bpf_cast_to_kern_ctx(skb);
	struct strp_msg part = {};
	struct sk_skb_cb *cb;

	cb = (void *)own->cb;
	bpf_core_read(&part.offset, sizeof(part.offset), &cb->strp.strp.offset);
	bpf_core_read(&part.full_len, sizeof(part.full_len), &cb->strp.strp.full_len);
	return part;
}

/* What the four bytes at @offset say; the most there is if they have not come. */
static __always_inline __u32 prefix_at(struct __sk_buff *skb, __u32 offset)
{
	__be32 prefix;

	return bpf_skb_load_bytes(skb, offset, &prefix, sizeof(prefix)) ? ~0U : bpf_ntohl(prefix);
}

static __always_inline void count_wrong(struct __sk_buff *skb, struct counts *count)
{
	__u64 cookie = bpf_get_socket_cookie(skb);
	__u8 yes = 1;

	if (!bpf_map_update_elem(&wrong, &cookie, &yes, BPF_NOEXIST))
		add(&count->too_long, 1);
}

/* Bytes of whole records from @offset to @end, and their number. */
static __always_inline __u32 whole_records(struct __sk_buff *skb, __u32 offset, __u32 end,
					   __u32 limit, __u32 *nr)
{
	__u32 at = offset, prefix;

	for (*nr = 0; *nr < MOST_TOGETHER && at + PREFIX_BYTES <= end; (*nr)++) {
		prefix = prefix_at(skb, at);
		if (prefix > limit || prefix > end - at - PREFIX_BYTES)
			break;
		at += PREFIX_BYTES + prefix;
	}
	return at - offset;
}

SEC("sockops")
int take(struct bpf_sock_ops *event)
{
	const struct settings *set = settings_now();
	struct counts *count = counts_here();
	__u64 cookie;

	if (event->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB || !set || !count ||
	    event->local_port != set->port)
		return 1;
	cookie = bpf_get_socket_cookie(event);
	if (bpf_sock_hash_update(event, &connections, &cookie, BPF_NOEXIST))
		add(&count->plain, 1);
	else
		add(&count->connections, 1);
	return 1;
}

/*
 * Returns how many bytes go on together. Until a record is whole that is 0, for which the
 * parser takes what has come out of the socket and asks again: poll() looks there. If it is
 * told how much is missing, it leaves the rest there, and poll() calls the socket readable.
 */
SEC("sk_skb/stream_parser")
int parse(struct __sk_buff *skb)
{
	const struct settings *set = settings_now();
	__u32 offset = part_of(skb).offset, nr, bytes;
	struct counts *count = counts_here();

	if (!set || !count)
		return -EMSGSIZE;
	bytes = whole_records(skb, offset, skb->len, set->limit, &nr);
	if (bytes || offset + PREFIX_BYTES > skb->len || prefix_at(skb, offset) <= set->limit)
		return bytes;
	count_wrong(skb, count);
	return -EMSGSIZE;
}

SEC("sk_skb/stream_verdict")
int pass(struct __sk_buff *skb)
{
	const struct settings *set = settings_now();
	struct strp_msg part = part_of(skb);
	struct counts *count = counts_here();
	__u32 nr;

	if (!set || !count)
		return SK_PASS;
	add(&count->bytes, whole_records(skb, part.offset, part.offset + part.full_len,
					 set->limit, &nr));
	add(&count->records, nr);
	add(&count->units, 1);
	return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
