// SPDX-License-Identifier: GPL-2.0
/* Lets all frames pass, and says how many there were and how long the longest was. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum { FRAMES, LONGEST, NR_COUNTS };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NR_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("xdp")
int count(struct xdp_md *frame)
{
	__u64 bytes = frame->data_end - frame->data;
	__u32 frames_key = FRAMES, longest_key = LONGEST;
	__u64 *frames = bpf_map_lookup_elem(&counts, &frames_key);
	__u64 *longest = bpf_map_lookup_elem(&counts, &longest_key);

	if (!frames || !longest)
		return XDP_ABORTED;
	__sync_fetch_and_add(frames, 1);
	if (bytes > *longest)
		*longest = bytes;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
