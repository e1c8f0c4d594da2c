// SPDX-License-Identifier: GPL-2.0
/*
 * Two nodes on one section: formats it, attaches them, opens their rings.
 */
#include "node.h"

struct node nodes[2];

static int nobody_dead(void *context, __u32 node, __u32 generation)
{
	(void)context;
	(void)node;
	(void)generation;
	return 0;
}

/* Attach a node to a formatted section, and open its ring. */
void node_attach(struct node *node, void *section, size_t bytes, __u32 id)
{
	static const struct vni_receiver receiver = { .max_frame = VNI_MAX_FRAME };

	memset(node, 0, sizeof(*node));
	REQUIRE(!vni_port_init(&node->port, section, bytes, id, GENERATION,
			       nobody_dead, NULL));
	/* Nobody dies here, but one of the two may be put off its CPU. */
	node->port.lock_spins = 1u << 30;
	REQUIRE(!vni_ring_open(&node->port, 0, 0, &receiver));
	/* In ringbench-bare it has no owner who could have given it back. */
	mint_store(&vni_ring_of(&node->port, id)->lock.word, 0ULL);
}

/* scheme.setup */
void nodes_setup(struct bench *b)
{
	__u32 i;

	REQUIRE(!vni_section_format(b->memory, b->memory_bytes, 2, 1, b->slots));
	for (i = 0; i < 2; i++)
		node_attach(&nodes[i], b->memory, b->memory_bytes, i);
}

/* Post all of a batch, however long it takes, and consider the doorbell. */
void post_batch(const struct vni_frame *frames, unsigned int n)
{
	struct vni_port *port = &nodes[SENDER].port;
	unsigned int done = 0;

	while (done < n) {
		int posted = vni_ring_post(port, 0, RECEIVER, GENERATION,
					   frames + done, n - done);

		REQUIRE(posted >= 0);
		done += posted;
		if (posted)
			REQUIRE(!vni_ring_needs_kick(port, RECEIVER));
		else
			__builtin_ia32_pause();
	}
}
