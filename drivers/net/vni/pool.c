// SPDX-License-Identifier: GPL-2.0
/*
 * Buffer manager of vni: pools of free buffers, caches in front of them.
 *
 * The state word of a buffer is the truth, a pool's list a hint guarded by
 * the pool's lock. Protocol and ordering: top of ring.c.
 */
#include "shared.h"

/**
 * vni_pool_rebuild() - make the free list anew from the state words
 * @port: of the node that holds the lock
 * @class: VNI_CLASS_*, its pool's lock held
 *
 * May be cut off at any point: the lock is then taken over, and whoever takes
 * it over comes here again.
 */
void vni_pool_rebuild(struct vni_port *port, unsigned int class)
{
	const struct vni_class *c = &port->geometry.classes[class];
	struct vni_pool *pool = vni_pool_of(port, class);
	u32 level = 0;
	u32 i;

	/*
	 * A buffer that becomes free behind the scan sets the flag again: the
	 * full barrier, flag before states, pairs with the release of the flag
	 * in vni_pool_put_unlisted().
	 */
	mint_xchg(&port->unlisted[class], 0);
	for (i = c->count; i-- > 0;) {
		/* Acquire pairs with the release in vni_pool_put_unlisted(). */
		if (mint_load_acquire(vni_state_of(port, c->first + i)) ==
		    VNI_STATE_POOL)
			mint_store(&pool->list[level++], c->first + i);
	}
	mint_store(&pool->first, 0U);
	mint_store_release(&pool->level, level);
}

/**
 * vni_pool_lock() - take a pool's lock, and repair the pool if need be
 * @port: of the node that becomes the lock's owner
 * @class: VNI_CLASS_*
 * @cpu: number of the calling CPU in its node
 *
 * Return: 0, or -EBUSY when the bound was reached, which is counted.
 */
int vni_pool_lock(struct vni_port *port, unsigned int class, u32 cpu)
{
	switch (vni_lock(port, &vni_pool_of(port, class)->lock, cpu)) {
	case MINT_LOCK_TAKEN:
		if (mint_load(&port->unlisted[class]))
			vni_pool_rebuild(port, class);
		return 0;
	case MINT_LOCK_TAKEN_OVER:
		vni_pool_rebuild(port, class);
		return 0;
	default:
		return -EBUSY;
	}
}

/* Does an entry of the list name a free buffer of the class? */
static bool vni_pool_entry_ok(const struct vni_port *port,
			      const struct vni_class *c, u32 handle)
{
	return handle >= c->first && handle - c->first < c->count &&
	       vni_state_get(port, handle) == VNI_STATE_POOL;
}

/*
 * The free list of a pool: @level handles from index @first on, as the shared
 * words said when they were read and checked. The pool's lock is held.
 */
struct vni_free_list {
	const struct vni_class *c;
	struct vni_pool *pool;
	u32 level;
	u32 first;
};

/*
 * Does a class hand out first the buffer that has been free for longest? Small
 * buffers are handed out last in, first out, as this CPU may still cache them.
 * Long frames rotate through all buffers of their class: a CPU that writes to
 * lines which another one has just read waits for each of them, and between
 * distant CPUs these waits are most of what such a frame costs.
 */
static bool vni_class_rotates(unsigned int class)
{
	return class != VNI_CLASS_SMALL;
}

/* The index of the handle that follows the first one after @i places. */
static u32 vni_list_index(const struct vni_free_list *list, u32 i)
{
	u32 at = list->first + i;

	return at < list->c->count ? at : at - list->c->count;
}

/* The handle to pop after @got others. */
static u32 vni_list_next(const struct vni_free_list *list, unsigned int class,
			 u32 got)
{
	u32 i = vni_class_rotates(class) ? got : list->level - 1 - got;

	return mint_load(&list->pool->list[vni_list_index(list, i)]);
}

/* Count a list that disagrees with the state words, and make it anew. */
static void vni_pool_mend(struct vni_port *port, unsigned int class)
{
	vni_fault_count(port, VNI_FAULT_POOL);
	vni_pool_rebuild(port, class);
}

/* Read where the handles are. -EPROTO: that was wrong, and has been mended. */
static int vni_list_read(struct vni_port *port, unsigned int class,
			 struct vni_free_list *list)
{
	list->c = &port->geometry.classes[class];
	list->pool = vni_pool_of(port, class);
	list->level = mint_load(&list->pool->level);
	list->first = mint_load(&list->pool->first);
	if (list->level <= list->c->count &&
	    (!list->first || list->first < list->c->count))
		return 0;
	vni_pool_mend(port, class);
	return -EPROTO;
}

/* Prefetch the state words of the next @n handles. */
static void vni_list_prefetch(const struct vni_port *port,
			      const struct vni_free_list *list, unsigned int class,
			      unsigned int n)
{
	while (n--)
		vni_state_prefetch(port, vni_list_next(list, class, n));
}

/*
 * Pop up to @n buffers, each marked as ours before the list lets go of it.
 * What was popped before the list turned out to be wrong is kept.
 */
static unsigned int vni_pool_pop(struct vni_port *port, unsigned int class,
				 u32 *handles, unsigned int n)
{
	u64 cached = vni_state_own(port, VNI_STATE_CACHED);
	struct vni_free_list list;
	unsigned int got;

	if (vni_list_read(port, class, &list))
		return 0;
	if (n > list.level)
		n = list.level;
	vni_list_prefetch(port, &list, class, n);
	for (got = 0; got < n; got++) {
		u32 handle = vni_list_next(&list, class, got);

		if (!vni_pool_entry_ok(port, list.c, handle)) {
			vni_pool_mend(port, class);
			return got;
		}
		vni_state_set(port, handle, cached);
		handles[got] = handle;
	}
	/* The states first: a popped buffer must never look free. */
	if (vni_class_rotates(class))
		mint_store_release(&list.pool->first, vni_list_index(&list, got));
	mint_store_release(&list.pool->level, list.level - got);
	return got;
}

/* Push @n buffers of ours, each marked as free before the list shows it. */
static void vni_pool_push(struct vni_port *port, unsigned int class,
			  const u32 *handles, unsigned int n)
{
	struct vni_free_list list;
	unsigned int i;

	for (i = 0; i < n; i++)
		vni_state_free(port, handles[i]);
	if (vni_list_read(port, class, &list))
		return;
	if (n > list.c->count - list.level) {
		vni_pool_mend(port, class);
		return;
	}
	for (i = 0; i < n; i++)
		mint_store(&list.pool->list[vni_list_index(&list, list.level + i)],
			   handles[i]);
	mint_store_release(&list.pool->level, list.level + n);
}

/*
 * Free buffers although the pool's lock cannot be had: write their states, and
 * note for this node that the list lacks them. The release pairs with the
 * acquire in vni_pool_rebuild().
 */
static void vni_pool_put_unlisted(struct vni_port *port, unsigned int class,
				  const u32 *handles, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		vni_state_free(port, handles[i]);
	mint_store_release(&port->unlisted[class], 1);
}

/* Return the last @n buffers of a cache to their pool. */
static void vni_cache_spill(struct vni_port *port, struct vni_cache *cache,
			    unsigned int class, unsigned int n)
{
	const u32 *handles = &cache->handles[class][cache->count[class] - n];

	if (vni_pool_lock(port, class, cache->cpu)) {
		vni_pool_put_unlisted(port, class, handles, n);
	} else {
		vni_pool_push(port, class, handles, n);
		vni_unlock(port, &vni_pool_of(port, class)->lock, cache->cpu);
	}
	cache->count[class] -= n;
}

/* Fill an empty cache from the pool, if that has anything and can be locked. */
static void vni_cache_refill(struct vni_port *port, struct vni_cache *cache,
			     unsigned int class)
{
	unsigned int bulk = port->bulk[class];
	unsigned int n;

	/* The lock does not bring the line of level with it. */
	prefetchw(&vni_pool_of(port, class)->level);
	if (vni_pool_lock(port, class, cache->cpu))
		return;
	n = vni_pool_pop(port, class, cache->handles[class], bulk);
	/* Once more, in case the list was wrong and has been rebuilt. */
	if (!n)
		n = vni_pool_pop(port, class, cache->handles[class], bulk);
	vni_unlock(port, &vni_pool_of(port, class)->lock, cache->cpu);
	cache->count[class] = n;
}

/**
 * vni_cache_put() - put a buffer that is ours alone into a cache
 * @port: of the node that owns the buffer
 * @cache: of the calling CPU; the surplus returns to the pool in bulk
 * @handle: the buffer, known to be below nr_bufs; its state is overwritten
 */
void vni_cache_put(struct vni_port *port, struct vni_cache *cache, u32 handle)
{
	unsigned int class = vni_class_of(port, handle);
	unsigned int bulk = port->bulk[class];

	if (cache->count[class] >= 2 * bulk)
		vni_cache_spill(port, cache, class, bulk);
	vni_state_set(port, handle, vni_state_own(port, VNI_STATE_CACHED));
	cache->handles[class][cache->count[class]++] = handle;
}

/**
 * vni_buf_alloc() - take a free buffer
 * @port: of the node that will own it
 * @cache: where to take it from; refilled in bulk when empty
 * @class: VNI_CLASS_*
 *
 * Return: its handle, now in state ALLOC, or VNI_NO_BUF when the class has
 * none or its lock cannot be had.
 */
u32 vni_buf_alloc(struct vni_port *port, struct vni_cache *cache,
		  unsigned int class)
{
	u32 handle;

	if (class >= VNI_NR_CLASSES)
		return VNI_NO_BUF;
	if (!cache->count[class])
		vni_cache_refill(port, cache, class);
	if (!cache->count[class])
		return VNI_NO_BUF;
	handle = cache->handles[class][--cache->count[class]];
	vni_state_set(port, handle, vni_state_own(port, VNI_STATE_ALLOC));
	return handle;
}
EXPORT_SYMBOL_IF_KUNIT(vni_buf_alloc);

/**
 * vni_buf_free() - give a buffer back
 * @port: of the node that owns it
 * @cache: where it goes; the surplus returns to the pool in bulk
 * @handle: the buffer, ALLOC or HELD by this node; nothing is done for
 *	VNI_NO_BUF, which inline frames have
 *
 * A handle that is not ours to free is counted and left alone.
 */
void vni_buf_free(struct vni_port *port, struct vni_cache *cache, u32 handle)
{
	if (handle == VNI_NO_BUF)
		return;
	if (handle >= port->geometry.nr_bufs) {
		vni_fault_count(port, VNI_FAULT_HANDLE);
		return;
	}
	if (!vni_state_mine(port, vni_state_get(port, handle))) {
		vni_fault_count(port, VNI_FAULT_STATE);
		return;
	}
	vni_cache_put(port, cache, handle);
}
EXPORT_SYMBOL_IF_KUNIT(vni_buf_free);

/**
 * vni_cache_flush() - return all buffers of a cache to their pools
 * @port: of the node that owns them
 * @cache: of any CPU that does not use it meanwhile; empty afterwards
 */
void vni_cache_flush(struct vni_port *port, struct vni_cache *cache)
{
	unsigned int class;

	for (class = 0; class < VNI_NR_CLASSES; class++)
		if (cache->count[class])
			vni_cache_spill(port, cache, class,
					cache->count[class]);
}
EXPORT_SYMBOL_IF_KUNIT(vni_cache_flush);

/**
 * vni_pool_level() - how many buffers of a class are in the pool
 * @port: own view of the section
 * @class: VNI_CLASS_*
 *
 * Takes no lock: a hint. What nodes keep in their caches is not in it.
 *
 * Return: handles in the free list, at most the count of the class.
 */
u32 vni_pool_level(const struct vni_port *port, unsigned int class)
{
	u32 level = mint_load(&vni_pool_of(port, class)->level);
	u32 count = port->geometry.classes[class].count;

	return level < count ? level : count;
}
EXPORT_SYMBOL_IF_KUNIT(vni_pool_level);

/**
 * vni_port_census() - count all buffers by state word
 * @port: own view of the section
 * @census: filled in
 *
 * Takes no lock: while nodes work, the sum is right and the parts are about
 * right.
 */
void vni_port_census(struct vni_port *port, struct vni_census *census)
{
	unsigned int class;
	u32 i;

	memset(census, 0, sizeof(*census));
	for (i = 0; i < port->geometry.nr_bufs; i++) {
		u32 state = vni_state_kind(vni_state_get(port, i));

		if (state <= VNI_STATE_BAD)
			census->state[state]++;
		else
			census->invalid++;
	}
	for (class = 0; class < VNI_NR_CLASSES; class++)
		census->listed += mint_load(&vni_pool_of(port, class)->level);
}
EXPORT_SYMBOL_IF_KUNIT(vni_port_census);
