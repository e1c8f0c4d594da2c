// SPDX-License-Identifier: GPL-2.0
/*
 * Decrypts the datagrams for an address and port before a socket sees them, and drops what
 * no holder of the key has sent.
 *
 * It is a program of tc. One of XDP sees a frame of vni in the pool, where other nodes can
 * write: what it has checked, they could still change. Here the frame is in memory of this
 * node. What `rx-zerocopy` has left in the pool is copied first, by bpf_skb_pull_data().
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>
#include <stddef.h>
#include "crypto.h"
#include "guard.h"

#define LATER_FRAGMENT	0x1fff
#define MORE_FRAGMENTS	0x2000

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct guarded);
} guarded SEC(".maps");

/* Who has sent something that passed. The lock guards the window. */
struct sender {
	struct window window;
	struct bpf_spin_lock lock;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MOST_SENDERS);
	__type(key, __u32);
	__type(value, struct sender);
} senders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counts);
} counts SEC(".maps");

/* A datagram in a frame: where what is from where on, in bytes. */
struct datagram {
	struct iphdr ip;
	struct udphdr udp;
	__u32 udp_at;
	__u32 data_at;
	__u32 end;
};

/*
 * True if it is for the address and port. Of fragments only the first has a port; without
 * that, the others come to nothing.
 */
static __always_inline bool is_guarded(struct __sk_buff *skb, struct datagram *datagram)
{
	const struct guarded *wanted;
	__u32 zero = 0;

	wanted = bpf_map_lookup_elem(&guarded, &zero);
	if (!wanted || skb->protocol != bpf_htons(ETH_P_IP) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN, &datagram->ip, sizeof(datagram->ip)))
		return false;
	if (datagram->ip.protocol != IPPROTO_UDP || datagram->ip.daddr != wanted->address ||
	    datagram->ip.frag_off & bpf_htons(LATER_FRAGMENT))
		return false;
	datagram->udp_at = ETH_HLEN + datagram->ip.ihl * 4;
	return !bpf_skb_load_bytes(skb, datagram->udp_at, &datagram->udp, sizeof(datagram->udp)) &&
	       datagram->udp.dest == wanted->port;
}

/* PASSED if it is in one piece, and long enough. */
static __always_inline enum verdict measure(struct __sk_buff *skb, struct datagram *datagram)
{
	__u32 bytes = bpf_ntohs(datagram->udp.len);

	if (datagram->ip.frag_off & bpf_htons(MORE_FRAGMENTS) || skb->gso_segs)
		return PIECES;
	datagram->data_at = datagram->udp_at + sizeof(struct udphdr);
	datagram->end = datagram->udp_at + bytes;
	if (datagram->end != ETH_HLEN + bpf_ntohs(datagram->ip.tot_len) ||
	    datagram->end > skb->len || bytes < sizeof(struct udphdr))
		return MALFORMED;
	if (bytes < sizeof(struct udphdr) + MORE_BYTES)
		return SHORT;
	return PASSED;
}

static __always_inline int part(struct __sk_buff *skb, __u32 from, __u32 to,
				struct bpf_dynptr *dynptr)
{
	return bpf_dynptr_from_skb(skb, 0, dynptr) ?: bpf_dynptr_adjust(dynptr, from, to);
}

/*
 * Puts the text where the nonce begins, so that what is left over is at the end. Nothing is
 * written if the tag is wrong.
 */
static __always_inline enum verdict decrypt(struct __sk_buff *skb,
					    const struct datagram *datagram)
{
	__u32 nonce_at = datagram->data_at, text_at = nonce_at + sizeof(struct nonce);
	struct bpf_dynptr nonce, sealed, text;
	crypto_ctx *context = cipher_now();
	int error;

	if (!context)
		return FAILED;
	if (part(skb, nonce_at, text_at, &nonce) || part(skb, text_at, datagram->end, &sealed) ||
	    part(skb, nonce_at, datagram->end - sizeof(struct nonce), &text))
		return FAILED;
	error = bpf_crypto_decrypt(context, &sealed, &text, &nonce);
	if (error == -EBADMSG)
		return FORGED;
	return error ? FAILED : PASSED;
}

/* Only now, as a forged number must not move the window. */
static __always_inline enum verdict take_number(const struct nonce *nonce)
{
	__u64 number = bpf_be64_to_cpu(nonce->number);
	__u32 id = nonce->sender;
	struct sender *sender, empty = {};
	bool fresh;

	sender = bpf_map_lookup_elem(&senders, &id);
	if (!sender) {
		bpf_map_update_elem(&senders, &id, &empty, BPF_NOEXIST);
		sender = bpf_map_lookup_elem(&senders, &id);
		if (!sender)
			return CROWDED;
	}
	bpf_spin_lock(&sender->lock);
	fresh = window_take(&sender->window, number);
	bpf_spin_unlock(&sender->lock);
	return fresh ? PASSED : REPLAYED;
}

/* UDP goes without a checksum: the tag has shown more. */
static __always_inline enum verdict mend(struct __sk_buff *skb, const struct datagram *datagram)
{
	__be16 before = datagram->ip.tot_len, now = bpf_htons(bpf_ntohs(before) - MORE_BYTES);
	struct udphdr udp = datagram->udp;

	udp.len = bpf_htons(bpf_ntohs(udp.len) - MORE_BYTES);
	udp.check = 0;
	if (bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), before, now,
				sizeof(now)) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(struct iphdr, tot_len), &now,
				sizeof(now), 0) ||
	    bpf_skb_store_bytes(skb, datagram->udp_at, &udp, sizeof(udp), 0) ||
	    bpf_skb_change_tail(skb, datagram->end - MORE_BYTES, 0))
		return FAILED;
	return PASSED;
}

static __always_inline enum verdict judge(struct __sk_buff *skb, struct datagram *datagram)
{
	enum verdict verdict = measure(skb, datagram);
	struct nonce nonce;

	if (verdict != PASSED)
		return verdict;
	if (bpf_skb_pull_data(skb, skb->len) ||
	    bpf_skb_load_bytes(skb, datagram->data_at, &nonce, sizeof(nonce)))
		return FAILED;
	verdict = decrypt(skb, datagram);
	if (verdict == PASSED)
		verdict = take_number(&nonce);
	return verdict == PASSED ? mend(skb, datagram) : verdict;
}

SEC("tc")
int guard(struct __sk_buff *skb)
{
	struct datagram datagram;
	struct counts *count;
	enum verdict verdict;
	__u32 zero = 0;

	if (!is_guarded(skb, &datagram))
		return TC_ACT_UNSPEC;
	verdict = judge(skb, &datagram);
	count = bpf_map_lookup_elem(&counts, &zero);
	if (count && verdict < VERDICTS)
		count->of[verdict]++;
	return verdict == PASSED ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "GPL";
