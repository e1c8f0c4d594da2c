// SPDX-License-Identifier: GPL-2.0
/*
 * Layout of the vni section: formatting it, and checking the layout found in
 * it before the first use.
 *
 * Formatting happens once, before any other node knows of the section. After
 * vni_port_init() only its private copy of the geometry is used.
 */
#include <linux/align.h>
#include <linux/log2.h>
#include <mint/part.h>

#include "shared.h"

#define VNI_PAGE_BYTES		4096
#define VNI_NR_PARTS		(3 + 2 * VNI_NR_CLASSES)
/* What a buffer costs beside its bytes: state word and place in the list. */
#define VNI_BYTES_PER_BUF	(sizeof(u64) + sizeof(u32))

static_assert(sizeof(struct vni_header) <= VNI_PAGE_BYTES);
static_assert(sizeof(struct vni_header) % sizeof(u64) == 0);

static u64 vni_pool_bytes(u32 count)
{
	return sizeof(struct vni_pool) + 4ULL * count;
}

static u64 vni_ring_bytes(u32 nr_slots)
{
	return sizeof(struct vni_ring) +
	       (u64)nr_slots * (sizeof(struct vni_slot) + sizeof(struct vni_rest));
}

static bool vni_shape_ok(u32 nr_nodes, u32 nr_queues, u32 nr_slots)
{
	return nr_nodes >= 1 && nr_nodes <= MINT_MAX_NODES &&
	       is_power_of_2(nr_queues) && nr_queues <= VNI_MAX_QUEUES &&
	       is_power_of_2(nr_slots) && nr_slots <= VNI_MAX_SLOTS;
}

static u64 vni_rings_bytes(const struct vni_header *h)
{
	return (u64)h->nr_nodes * h->nr_queues * h->ring_bytes;
}

/**
 * vni_ring_reset() - make a ring empty at a position
 * @ring: the ring, its lock held or nobody else knowing of it
 * @nr_slots: slots of it
 * @position: next one to be filled and taken
 *
 * Leaves the slots as if the lap before @position had gone through them, so
 * that none looks filled and the one before @position belongs to it.
 */
void vni_ring_reset(struct vni_ring *ring, u32 nr_slots, u32 position)
{
	u32 i;

	for (i = 0; i < nr_slots; i++) {
		u32 lap_before = position + i - nr_slots;

		mint_store(&ring->slots[lap_before & (nr_slots - 1)].word,
			   vni_slot_word(lap_before, 0, 0, 0));
	}
	mint_store(&ring->head, position);
	mint_store(&ring->tail, position);
}

/*
 * How many huge buffers fit into a quarter of the bytes. None if that is fewer
 * than four for each node, as the cache of a CPU keeps up to two of them.
 */
static u64 vni_plan_huge(const struct vni_header *h, u64 bytes)
{
	u64 huge = bytes / 4 / (VNI_HUGE_BYTES + VNI_BYTES_PER_BUF);

	if (huge > VNI_MAX_BUFS / 4)
		huge = VNI_MAX_BUFS / 4;
	return huge < 4 * h->nr_nodes ? 0 : huge;
}

/*
 * Divide the bytes that header and rings leave: half of them for small buffers,
 * the rest for large and huge ones.
 */
static int vni_plan_counts(struct vni_header *h, u64 bytes)
{
	const u64 slack = (1 + VNI_NR_CLASSES) * VNI_PAGE_BYTES +
			  VNI_NR_CLASSES * sizeof(struct vni_pool);
	u64 taken = VNI_PAGE_BYTES + vni_rings_bytes(h) + slack;
	u64 huge, large, small, longer;

	if (bytes < taken)
		return -EINVAL;
	bytes -= taken;
	huge = vni_plan_huge(h, bytes);
	longer = huge * (VNI_HUGE_BYTES + VNI_BYTES_PER_BUF);
	large = (bytes / 2 - longer) / (VNI_LARGE_BYTES + VNI_BYTES_PER_BUF);
	if (large > VNI_MAX_BUFS / 4)
		large = VNI_MAX_BUFS / 4;
	longer += large * (VNI_LARGE_BYTES + VNI_BYTES_PER_BUF);
	small = (bytes - longer) / (VNI_SMALL_BYTES + VNI_BYTES_PER_BUF);
	if (small > VNI_MAX_BUFS - large - huge)
		small = VNI_MAX_BUFS - large - huge;
	if (!large || !small)
		return -EINVAL;
	h->classes[VNI_CLASS_SMALL].count = small;
	h->classes[VNI_CLASS_LARGE].count = large;
	h->classes[VNI_CLASS_HUGE].count = huge;
	h->nr_bufs = small + large + huge;
	return 0;
}

static void vni_plan_offsets(struct vni_header *h)
{
	u64 offset = VNI_PAGE_BYTES;
	u32 first = 0;
	int i;

	h->ring_offset = offset;
	offset += vni_rings_bytes(h);
	h->state_offset = offset;
	offset = ALIGN(offset + 8ULL * h->nr_bufs, VNI_PAGE_BYTES);
	for (i = 0; i < VNI_NR_CLASSES; i++) {
		h->classes[i].first = first;
		first += h->classes[i].count;
		h->classes[i].pool_offset = offset;
		offset = ALIGN(offset + vni_pool_bytes(h->classes[i].count),
			       VNI_PAGE_BYTES);
	}
	for (i = 0; i < VNI_NR_CLASSES; i++) {
		h->classes[i].data_offset = offset;
		offset += (u64)h->classes[i].count * h->classes[i].buf_bytes;
	}
}

static void vni_pool_fill(char *section, const struct vni_class *class)
{
	struct vni_pool *pool = (void *)(section + class->pool_offset);
	u32 i;

	memset(pool, 0, sizeof(*pool));
	/* The first handle comes last. */
	for (i = 0; i < class->count; i++)
		pool->list[i] = class->first + class->count - 1 - i;
	pool->level = class->count;
}

/**
 * vni_section_format() - lay out a vni section
 * @section: the section, 64-byte aligned; nobody else uses it yet
 * @bytes: its size
 * @nr_nodes: nodes that get rings, 1 to MINT_MAX_NODES
 * @nr_queues: rings of each, a power of two up to VNI_MAX_QUEUES
 * @nr_slots: slots of a ring, a power of two up to VNI_MAX_SLOTS
 *
 * All buffers end up free and listed. About half of their bytes go to small
 * buffers, a quarter each to large and huge ones; or half to large ones, if
 * there are no huge ones because the section is small. The magic is written
 * last, with release: pairs with the acquire in vni_port_init().
 *
 * Return: 0, or -EINVAL for a bad shape or too small a section.
 */
int vni_section_format(void *section, u64 bytes, u32 nr_nodes, u32 nr_queues,
		       u32 nr_slots)
{
	struct vni_header *shared = section;
	struct vni_header h = {
		.version = VNI_VERSION,
		.nr_nodes = nr_nodes,
		.nr_queues = nr_queues,
		.nr_slots = nr_slots,
	};
	u32 i;

	if (!vni_shape_ok(nr_nodes, nr_queues, nr_slots))
		return -EINVAL;
	h.ring_bytes = ALIGN(vni_ring_bytes(nr_slots), VNI_PAGE_BYTES);
	h.classes[VNI_CLASS_SMALL].buf_bytes = VNI_SMALL_BYTES;
	h.classes[VNI_CLASS_LARGE].buf_bytes = VNI_LARGE_BYTES;
	h.classes[VNI_CLASS_HUGE].buf_bytes = VNI_HUGE_BYTES;
	if (vni_plan_counts(&h, bytes))
		return -EINVAL;
	vni_plan_offsets(&h);

	memset(section, 0, VNI_PAGE_BYTES);
	for (i = 0; i < nr_nodes * nr_queues; i++) {
		struct vni_ring *ring = (void *)((char *)section + h.ring_offset +
						 (u64)i * h.ring_bytes);

		memset(ring, 0, h.ring_bytes);
		vni_ring_reset(ring, nr_slots, 0);
	}
	memset((char *)section + h.state_offset, 0, 8ULL * h.nr_bufs);
	for (i = 0; i < VNI_NR_CLASSES; i++)
		vni_pool_fill(section, &h.classes[i]);
	memcpy(section, &h, sizeof(h));
	mint_store_release(&shared->magic, VNI_MAGIC);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vni_section_format);

static bool vni_classes_ok(const struct vni_header *h)
{
	u32 first = 0, bytes = 0;
	int i;

	for (i = 0; i < VNI_NR_CLASSES; i++) {
		const struct vni_class *class = &h->classes[i];

		if (class->first != first ||
		    (!class->count && i != VNI_CLASS_HUGE) ||
		    class->count > VNI_MAX_BUFS - first ||
		    class->buf_bytes <= bytes ||
		    class->buf_bytes % VNI_PAGE_BYTES)
			return false;
		first += class->count;
		bytes = class->buf_bytes;
	}
	return first == h->nr_bufs;
}

static void vni_parts_list(const struct vni_header *h, struct mint_part *parts)
{
	int i;

	*parts++ = (struct mint_part){ 0, sizeof(*h), 64 };
	*parts++ = (struct mint_part){ h->ring_offset, vni_rings_bytes(h), 64 };
	*parts++ = (struct mint_part){ h->state_offset, 8ULL * h->nr_bufs, 64 };
	for (i = 0; i < VNI_NR_CLASSES; i++) {
		const struct vni_class *class = &h->classes[i];

		*parts++ = (struct mint_part){ class->pool_offset,
			vni_pool_bytes(class->count), 64 };
		*parts++ = (struct mint_part){ class->data_offset,
			(u64)class->count * class->buf_bytes, VNI_PAGE_BYTES };
	}
}

static bool vni_geometry_ok(const struct vni_header *h, u64 section_bytes)
{
	struct mint_part parts[VNI_NR_PARTS];

	vni_parts_list(h, parts);
	return vni_shape_ok(h->nr_nodes, h->nr_queues, h->nr_slots) &&
	       h->ring_bytes >= vni_ring_bytes(h->nr_slots) &&
	       h->ring_bytes % 64 == 0 && vni_classes_ok(h) &&
	       mint_parts_fit(parts, VNI_NR_PARTS, section_bytes);
}

/*
 * How many buffers of a class move under one hold of its pool's lock, at most
 * VNI_CACHE_HANDLES / 2. The more the better, but a small pool must not end up
 * in the caches of its nodes.
 */
static unsigned int vni_cache_bulk(unsigned int class, u32 count)
{
	unsigned int share = count / 64;

	if (class == VNI_CLASS_HUGE)
		return 1;
	if (class == VNI_CLASS_LARGE)
		return 4;
	if (share < VNI_BATCH)
		return VNI_BATCH;
	return share < VNI_CACHE_HANDLES / 2 ? share : VNI_CACHE_HANDLES / 2;
}

/**
 * vni_port_init() - attach to a formatted section as one node
 * @port: filled in; unusable when an error is returned
 * @section: the section, 64-byte aligned
 * @bytes: its size as the caller knows it, not as the section says
 * @node: own node id
 * @generation: own generation, from 1
 * @dead: tells whether an incarnation is fenced
 * @dead_context: handed to @dead
 *
 * The geometry is copied, then every part of it is checked to lie within the
 * section and apart from all others. @port->lock_spins gets a default which
 * the caller may change: some milliseconds.
 *
 * Return: 0, -EPROTO for another version, -EINVAL for anything else that
 * does not fit.
 */
int vni_port_init(struct vni_port *port, void *section, u64 bytes, u32 node,
		  u32 generation, mint_owner_dead_fn dead, void *dead_context)
{
	struct vni_header *shared = section;
	struct vni_header h;
	u32 i;

	memset(port, 0, sizeof(*port));
	if (bytes < VNI_PAGE_BYTES || (unsigned long)section % 64)
		return -EINVAL;
	/* Pairs with the release in vni_section_format(). */
	if (mint_load_acquire(&shared->magic) != VNI_MAGIC)
		return -EINVAL;
	mint_header_read(&h, section, sizeof(h));
	if (h.version != VNI_VERSION)
		return -EPROTO;
	if (!vni_geometry_ok(&h, bytes) || node >= h.nr_nodes || !generation)
		return -EINVAL;
	port->base = section;
	port->geometry = h;
	port->node = node;
	port->generation = generation;
	port->lock_spins = 1U << 16;
	while (1U << port->queue_shift < h.nr_queues)
		port->queue_shift++;
	port->own = vni_state_make(0, node, generation);
	for (i = 0; i < VNI_NR_CLASSES; i++)
		port->bulk[i] = vni_cache_bulk(i, h.classes[i].count);
	for (i = 0; i < h.nr_queues; i++) {
		u32 number = vni_ring_number(port, node, i);

		port->rx[i].ring_offset = h.ring_offset +
					  (u64)h.ring_bytes * number;
		port->rx[i].state = vni_state_to(number, generation);
	}
	port->dead = dead;
	port->dead_context = dead_context;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vni_port_init);
