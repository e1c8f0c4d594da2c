// SPDX-License-Identifier: GPL-2.0
/*
 * What a burst to one destination that does not read costs in frames, with one
 * pool for all destinations and with one for each.
 *
 * Prints a line of JSON for each layout and length of burst: how many frames
 * of the burst found no buffer, and how many of those sent to the other
 * destinations meanwhile. No clock is involved: the numbers are exact.
 */
#include "layouts.h"

#define SLOTS		4096
#define OTHERS_EACH	64

static struct bench bench;

/* Send @n frames; how many found no buffer? */
static unsigned int send_lossy(struct way *way, unsigned int n)
{
	struct vni_frame frames[VNI_BATCH];
	unsigned int lost = 0;

	while (n) {
		unsigned int want = n < VNI_BATCH ? n : VNI_BATCH;
		unsigned int got = way_fill(&bench, way, frames, want);

		way_post(way, frames, got);
		lost += want - got;
		n -= want;
	}
	return lost;
}

static void try_layout(const struct scheme *scheme, unsigned int frames)
{
	unsigned int lost, lost_others = 0;
	int i;

	scheme->setup(&bench);
	lost = send_lossy(&ways[0], frames);
	for (i = 1; i < DESTINATIONS; i++)
		lost_others += send_lossy(&ways[i], OTHERS_EACH);
	printf("{\"layout\": \"%s\", \"burst\": %u, \"lost\": %u, ",
	       scheme->name, frames, lost);
	printf("\"others\": %u, \"lost_others\": %u}\n",
	       (DESTINATIONS - 1) * OTHERS_EACH, lost_others);
}

int main(void)
{
	unsigned int frames;

	bench.bytes = 1500;
	bench.slots = SLOTS;
	bench.memory_bytes = 64 << 20;
	bench.memory = aligned_alloc(4096, bench.memory_bytes);
	REQUIRE(bench.memory);
	for (frames = 256; frames <= 4096; frames *= 2) {
		try_layout(&shared_scheme, frames);
		try_layout(&split_scheme, frames);
	}
	return 0;
}
