// SPDX-License-Identifier: GPL-2.0
/*
 * Buffer manager of vni: pools of free buffers, caches in front of them.
 *
 * The state word of a buffer is the truth, a pool's stack a hint guarded by
 * the pool's lock. Protocol and ordering: top of ring.c.
 */
#include "ring_priv.h"

/**
 * vni_cache_bulk() - how many buffers to move under one hold of a pool's lock
 * @class: VNI_CLASS_*
 * @count: how many buffers the class has
 *
 * The more the better, but a small pool must not end up in the caches of its
 * nodes.
 *
 * Return: at most VNI_CACHE_HANDLES / 2.
 */
unsigned int vni_cache_bulk(unsigned int class, __u32 count)
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
 * vni_pool_rebuild() - make the free stack anew from the state words
 * @port: the port
 * @class: VNI_CLASS_*, its pool's lock held
 *
 * May be cut off at any point: the lock is then taken over, and whoever takes
 * it over comes here again.
 */
void vni_pool_rebuild(struct vni_port *port, unsigned int class)
{
	const struct vni_class *c = &port->geometry.classes[class];
	struct vni_pool *pool = vni_pool_of(port, class);
	__u32 top = 0;
	__u32 i;

	/*
	 * What the scan misses is flagged after this: the full barrier pairs
	 * with the release of the flag in unstacked_put().
	 */
	mint_xchg(&port->unstacked[class], 0);
	for (i = c->count; i-- > 0;) {
		/* Acquire pairs with the release in unstacked_put(). */
		if (mint_load_acquire(vni_state_of(port, c->first + i)) ==
		    VNI_STATE_POOL)
			mint_store(&pool->stack[top++], c->first + i);
	}
	mint_store_release(&pool->top, top);
}

/**
 * vni_pool_lock() - take a pool's lock, and repair the pool if need be
 * @port: the port
 * @class: VNI_CLASS_*
 * @cpu: own CPU number
 *
 * Return: 0, or -EBUSY when the bound was reached, which is counted.
 */
int vni_pool_lock(struct vni_port *port, unsigned int class, __u32 cpu)
{
	switch (vni_lock(port, &vni_pool_of(port, class)->lock, cpu)) {
	case MINT_LOCK_TAKEN:
		if (mint_load(&port->unstacked[class]))
			vni_pool_rebuild(port, class);
		return 0;
	case MINT_LOCK_TAKEN_OVER:
		vni_pool_rebuild(port, class);
		return 0;
	default:
		return -EBUSY;
	}
}

/* Does an entry of the stack name a free buffer of the class? */
static int entry_ok(const struct vni_port *port, const struct vni_class *c,
		    __u32 handle)
{
	return handle >= c->first && handle - c->first < c->count &&
	       vni_state_get(port, handle) == VNI_STATE_POOL;
}

/* Have the state words of the last @n handles before @end fetched. */
static void states_prefetch(const struct vni_port *port, __u32 *end,
			    unsigned int n)
{
	while (n--)
		vni_state_prefetch(port, mint_load(--end));
}

/* A stack that does not agree with the state words is made anew. */
static void pool_mend(struct vni_port *port, unsigned int class)
{
	vni_fault(port, VNI_FAULT_POOL);
	vni_pool_rebuild(port, class);
}

/*
 * Pop up to @n buffers, each marked as ours before the stack lets go of it.
 * What was popped before the stack turned out to be wrong is kept.
 */
static unsigned int pool_pop(struct vni_port *port, unsigned int class,
			     __u32 *handles, unsigned int n)
{
	const struct vni_class *c = &port->geometry.classes[class];
	__u64 cached = vni_state_own(port, VNI_STATE_CACHED);
	struct vni_pool *pool = vni_pool_of(port, class);
	__u32 top = mint_load(&pool->top);
	unsigned int got;

	if (top > c->count) {
		pool_mend(port, class);
		return 0;
	}
	if (n > top)
		n = top;
	states_prefetch(port, &pool->stack[top], n);
	for (got = 0; got < n; got++) {
		__u32 handle = mint_load(&pool->stack[top - 1 - got]);

		if (!entry_ok(port, c, handle)) {
			pool_mend(port, class);
			return got;
		}
		vni_state_set(port, handle, cached);
		handles[got] = handle;
	}
	/* The states first: a popped buffer must never look free. */
	mint_store_release(&pool->top, top - got);
	return got;
}

/* Push @n buffers of ours, each marked as free before the stack shows it. */
static void pool_push(struct vni_port *port, unsigned int class,
		      const __u32 *handles, unsigned int n)
{
	const struct vni_class *c = &port->geometry.classes[class];
	struct vni_pool *pool = vni_pool_of(port, class);
	__u32 top = mint_load(&pool->top);
	unsigned int i;

	for (i = 0; i < n; i++)
		vni_state_free(port, handles[i]);
	if (top > c->count || n > c->count - top) {
		pool_mend(port, class);
		return;
	}
	for (i = 0; i < n; i++)
		mint_store(&pool->stack[top + i], handles[i]);
	mint_store_release(&pool->top, top + n);
}

/*
 * Free buffers without the lock: the states alone, and a note to ourselves
 * that the stack lacks them. Release pairs with the acquire in
 * vni_pool_rebuild().
 */
static void unstacked_put(struct vni_port *port, unsigned int class,
			  const __u32 *handles, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		vni_state_free(port, handles[i]);
	mint_store_release(&port->unstacked[class], 1);
}

/* Return the last @n buffers of a cache to their pool. */
static void cache_spill(struct vni_port *port, struct vni_cache *cache,
			unsigned int class, unsigned int n)
{
	const __u32 *handles = &cache->handles[class][cache->count[class] - n];

	if (vni_pool_lock(port, class, cache->cpu)) {
		unstacked_put(port, class, handles, n);
	} else {
		pool_push(port, class, handles, n);
		vni_unlock(port, &vni_pool_of(port, class)->lock, cache->cpu);
	}
	cache->count[class] -= n;
}

static void cache_refill(struct vni_port *port, struct vni_cache *cache,
			 unsigned int class)
{
	unsigned int bulk = port->bulk[class];
	unsigned int n;

	/* The lock does not bring the line of top with it. */
	prefetchw(&vni_pool_of(port, class)->top);
	if (vni_pool_lock(port, class, cache->cpu))
		return;
	n = pool_pop(port, class, cache->handles[class], bulk);
	/* Once more, in case the stack was wrong and has been rebuilt. */
	if (!n)
		n = pool_pop(port, class, cache->handles[class], bulk);
	vni_unlock(port, &vni_pool_of(port, class)->lock, cache->cpu);
	cache->count[class] = n;
}

/**
 * vni_cache_put() - put a buffer that is ours alone into a cache
 * @port: the port
 * @cache: the cache
 * @handle: the buffer, known to be below nr_bufs; its state is overwritten
 */
void vni_cache_put(struct vni_port *port, struct vni_cache *cache,
		   __u32 handle)
{
	unsigned int class = vni_class_of(port, handle);
	unsigned int bulk = port->bulk[class];

	if (cache->count[class] >= 2 * bulk)
		cache_spill(port, cache, class, bulk);
	vni_state_set(port, handle, vni_state_own(port, VNI_STATE_CACHED));
	cache->handles[class][cache->count[class]++] = handle;
}

/**
 * vni_buf_alloc() - take a free buffer
 * @port: the port
 * @cache: where to take it from; refilled in bulk when empty
 * @class: VNI_CLASS_*
 *
 * Return: its handle, now in state ALLOC, or VNI_NO_BUF when the class has
 * none or its lock cannot be had.
 */
__u32 vni_buf_alloc(struct vni_port *port, struct vni_cache *cache,
		    unsigned int class)
{
	__u32 handle;

	if (class >= VNI_NR_CLASSES)
		return VNI_NO_BUF;
	if (!cache->count[class])
		cache_refill(port, cache, class);
	if (!cache->count[class])
		return VNI_NO_BUF;
	handle = cache->handles[class][--cache->count[class]];
	vni_state_set(port, handle, vni_state_own(port, VNI_STATE_ALLOC));
	return handle;
}
EXPORT_SYMBOL_IF_KUNIT(vni_buf_alloc);

/**
 * vni_buf_free() - give a buffer back
 * @port: the port
 * @cache: where it goes; the surplus returns to the pool in bulk
 * @handle: the buffer, ALLOC or HELD by this node; nothing is done for
 *	VNI_NO_BUF, which inline frames have
 *
 * A handle that is not ours to free is counted and left alone.
 */
void vni_buf_free(struct vni_port *port, struct vni_cache *cache,
		  __u32 handle)
{
	if (handle == VNI_NO_BUF)
		return;
	if (handle >= port->geometry.nr_bufs) {
		vni_fault(port, VNI_FAULT_HANDLE);
		return;
	}
	if (!vni_state_mine(port, vni_state_get(port, handle))) {
		vni_fault(port, VNI_FAULT_STATE);
		return;
	}
	vni_cache_put(port, cache, handle);
}
EXPORT_SYMBOL_IF_KUNIT(vni_buf_free);

/**
 * vni_cache_flush() - return all buffers of a cache to their pools
 * @port: the port
 * @cache: the cache; empty afterwards
 */
void vni_cache_flush(struct vni_port *port, struct vni_cache *cache)
{
	unsigned int class;

	for (class = 0; class < VNI_NR_CLASSES; class++)
		if (cache->count[class])
			cache_spill(port, cache, class, cache->count[class]);
}
EXPORT_SYMBOL_IF_KUNIT(vni_cache_flush);

/**
 * vni_pool_level() - how many buffers of a class are in the pool
 * @port: the port
 * @class: VNI_CLASS_*
 *
 * Takes no lock: a hint. What nodes keep in their caches is not in it.
 *
 * Return: handles in the free stack, at most the count of the class.
 */
__u32 vni_pool_level(const struct vni_port *port, unsigned int class)
{
	__u32 top = mint_load(&vni_pool_of(port, class)->top);
	__u32 count = port->geometry.classes[class].count;

	return top < count ? top : count;
}
EXPORT_SYMBOL_IF_KUNIT(vni_pool_level);

/**
 * vni_port_census() - count all buffers by state word
 * @port: the port
 * @census: filled in
 *
 * Takes no lock: while nodes work, the sum is right and the parts are about
 * right.
 */
void vni_port_census(struct vni_port *port, struct vni_census *census)
{
	unsigned int class;
	__u32 i;

	memset(census, 0, sizeof(*census));
	for (i = 0; i < port->geometry.nr_bufs; i++) {
		__u32 state = vni_state_kind(mint_load(vni_state_of(port, i)));

		if (state <= VNI_STATE_BAD)
			census->state[state]++;
		else
			census->invalid++;
	}
	for (class = 0; class < VNI_NR_CLASSES; class++)
		census->stacked += mint_load(&vni_pool_of(port, class)->top);
}
EXPORT_SYMBOL_IF_KUNIT(vni_port_census);
