// SPDX-License-Identifier: GPL-2.0
/*
 * Lending of vni: long frames are given to the stack where they lie.
 *
 * An skb holds references to the pages of a buffer of the shared pool, which
 * stays HELD by this node until they are gone. A page that nobody borrows has
 * one reference, that of its being reserved; so lent buffers wait in a queue
 * until their pages are back to it. See docs/vni.md.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <net/busy_poll.h>

#include "device.h"

/* What the stack parses is copied; it need not read headers from the pool. */
#define VNI_LEND_HEAD_BYTES	256
/* Most buffers of a class that are lent, and frames between two full scans. */
#define VNI_LEND_MAX		1024
#define VNI_LEND_SCAN		16

static_assert(VNI_LEND_HEAD_BYTES <= VNI_RX_LINEAR_BYTES);
static_assert(VNI_HEAD_END == PAGE_SIZE);
/* GRO would read headers in the first page if all that was copied is pulled. */
static_assert(VNI_MIN_HEAD > ETH_HLEN);

/**
 * vni_lend_fits() - is a frame of the kind that is lent?
 * @priv: the device
 * @frame: the frame, taken from the ring
 *
 * Not if it is short, nor if it leaves more than half of its buffer empty: a
 * socket is charged for the whole buffer.
 *
 * Return: true if so, and if the user wants it.
 */
bool vni_lend_fits(const struct vni_priv *priv, const struct vni_frame *frame)
{
	return READ_ONCE(priv->rx_zerocopy) &&
	       frame->length > VNI_RX_LINEAR_BYTES &&
	       frame->length >= vni_buf_bytes(&priv->port, frame->handle) / 2;
}

/*
 * Takes a reference to each page from @offset on, as far as @skb has room for
 * fragments. A page that is out already belongs to a buffer whose state another
 * node has scribbled on.
 *
 * Return: where the rest of the frame begins, or 0 if a page was out.
 */
static u32 vni_lend_pages(struct sk_buff *skb, const u8 *data, u32 offset,
			  u32 length)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	u32 begin = offset, in_page, bytes;

	/* What is written here every node can read: whoever writes copies first. */
	shinfo->flags |= SKBFL_SHARED_FRAG;
	for (; offset < length && shinfo->nr_frags < MAX_SKB_FRAGS;
	     offset += bytes) {
		/* Pages of one buffer may lie in two sections of memory. */
		struct page *page = virt_to_page(data + offset);

		if (unlikely(page_ref_count(page) != 1))
			return 0;
		get_page(page);
		in_page = offset_in_page(data + offset);
		bytes = min_t(u32, length - offset, PAGE_SIZE - in_page);
		skb_frag_fill_page_desc(&shinfo->frags[shinfo->nr_frags++],
					page, in_page, bytes);
	}
	skb->data_len += offset - begin;
	skb->len += offset - begin;
	return offset;
}

/* What is more than @head has room for goes into skbs that hang on it. */
static bool vni_lend_rest(struct sk_buff *head, const u8 *data, u32 offset,
			  u32 length)
{
	struct sk_buff **next = &skb_shinfo(head)->frag_list;

	while (offset && offset < length) {
		struct sk_buff *skb = alloc_skb(0, GFP_ATOMIC);

		if (unlikely(!skb))
			return false;
		*next = skb;
		next = &skb->next;
		offset = vni_lend_pages(skb, data, offset, length);
		head->data_len += skb->len;
		head->len += skb->len;
		head->truesize += skb->truesize;
	}
	return offset;
}

/* How much is copied: no more than its headers, if they end at a page border. */
static u32 vni_lend_head_bytes(const struct vni_frame *frame)
{
	return frame->slot.head ?: VNI_LEND_HEAD_BYTES;
}

static struct sk_buff *vni_lend_skb(struct vni_lender *lender,
				    const struct vni_frame *frame)
{
	struct vni_port *port = &lender->priv->port;
	const u8 *data = vni_frame_data(port, frame);
	u32 head = vni_lend_head_bytes(frame);
	struct sk_buff *skb;
	u32 offset;

	skb = napi_alloc_skb(lender->napi, VNI_LEND_HEAD_BYTES);
	if (unlikely(!skb))
		return NULL;
	skb_put_data(skb, data, head);
	offset = vni_lend_pages(skb, data, head, frame->length);
	if (unlikely(!vni_lend_rest(skb, data, offset, frame->length))) {
		dev_kfree_skb_any(skb);
		return NULL;
	}
	skb->truesize += vni_buf_bytes(port, frame->handle);
	return skb;
}

static struct vni_lent *vni_lent_at(struct vni_lender *lender, u32 position)
{
	return &lender->queue[position & (lender->size - 1)];
}

/* The first buffer that goes out keeps the module and starts the timer. */
static bool vni_lend_first(struct vni_lender *lender)
{
	if (!try_module_get(THIS_MODULE))
		return false;
	schedule_delayed_work_on(smp_processor_id(), &lender->work,
				 msecs_to_jiffies(VNI_CHECK_MS));
	return true;
}

static bool vni_lend_begin(struct vni_lender *lender,
			   const struct vni_frame *frame)
{
	struct vni_priv *priv = lender->priv;
	unsigned int class = vni_class_of(&priv->port, frame->handle);
	u32 count = lender->count;

	if (lender->lent[class] * priv->nr_rxqs >= lender->limit[class] ||
	    vni_pool_level(&priv->port, class) <= lender->reserve[class])
		return false;
	if (!count && !vni_lend_first(lender))
		return false;
	*vni_lent_at(lender, lender->first + count) = (struct vni_lent){
		.handle = frame->handle,
		.pages = DIV_ROUND_UP(vni_frame_start(frame) + frame->length,
				      PAGE_SIZE),
		/* A first page with nothing but headers stays here. */
		.back = !!frame->slot.head,
	};
	lender->lent[class]++;
	WRITE_ONCE(lender->count, count + 1);
	return true;
}

static void vni_lend_end(struct vni_lender *lender, u32 handle)
{
	lender->lent[vni_class_of(&lender->priv->port, handle)]--;
	WRITE_ONCE(lender->count, lender->count - 1);
	if (!lender->count)
		module_put(THIS_MODULE);
}

/*
 * Are all its pages back? One that was found to be back is not asked again.
 * A page that a process has mapped has a reference for each mapping, which is
 * dropped last, when no CPU can reach the page by it any more.
 */
static bool vni_lent_is_back(const struct vni_lender *lender,
			     struct vni_lent *lent)
{
	const u8 *data = vni_buf_data(&lender->priv->port, lent->handle);

	for (; lent->back < lent->pages; lent->back++)
		if (page_ref_count(virt_to_page(data + lent->back * PAGE_SIZE)) > 1)
			return false;
	/* The last borrower's accesses come before those of the next owner. */
	smp_acquire__after_ctrl_dep();
	return true;
}

/* Returns what is back; without @all, only as far as the oldest ones are. */
static void vni_lend_scan(struct vni_lender *lender, bool all,
			  void (*put)(struct vni_priv *priv, u32 handle))
{
	u32 n = lender->count, kept = 0, i;

	for (i = 0; i < n; i++) {
		struct vni_lent *lent = vni_lent_at(lender, lender->first + i);

		if (vni_lent_is_back(lender, lent)) {
			vni_lend_end(lender, lent->handle);
			put(lender->priv, lent->handle);
		} else if (all) {
			*vni_lent_at(lender, lender->first + kept++) = *lent;
		} else {
			break;
		}
	}
	if (!all)
		lender->first += i;
}

/**
 * vni_lend_reclaim() - return lent buffers that nobody borrows any more
 * @lender: the lender
 *
 * Costs a look at the oldest one; at all of them once in a number of frames
 * that grows with theirs, and when the timer wants it.
 *
 * Context: NAPI.
 */
void vni_lend_reclaim(struct vni_lender *lender)
{
	bool all = READ_ONCE(lender->scan_due) ||
		   lender->frames > VNI_LEND_SCAN + lender->count / 2;

	if (all) {
		WRITE_ONCE(lender->scan_due, false);
		lender->frames = 0;
	}
	vni_lend_scan(lender, all, vni_buf_put);
}

/**
 * vni_lend() - give a frame to the stack in the buffer in which it came
 * @lender: the lender
 * @frame: a frame that vni_lend_fits(), taken from the ring
 *
 * Return: the frame, its buffer now being lent; or NULL if it is to be copied
 * because too many are out, too few are free, or memory is short.
 *
 * Context: NAPI.
 */
struct sk_buff *vni_lend(struct vni_lender *lender,
			 const struct vni_frame *frame)
{
	struct sk_buff *skb;

	lender->frames++;
	vni_lend_reclaim(lender);
	if (!vni_lend_begin(lender, frame))
		return NULL;
	skb = vni_lend_skb(lender, frame);
	if (unlikely(!skb))
		vni_lend_end(lender, frame->handle);
	return skb;
}

/* On a closed interface nobody else takes buffers. */
static void vni_lend_put_closed(struct vni_priv *priv, u32 handle)
{
	vni_buf_free(&priv->port, &priv->bury_cache, handle);
}

/**
 * vni_lend_reclaim_closed() - the same while the interface is closed
 * @lender: the lender; the device's lock is held
 *
 * All that is back goes to the pool.
 *
 * Context: process.
 */
void vni_lend_reclaim_closed(struct vni_lender *lender)
{
	struct vni_priv *priv = lender->priv;

	lockdep_assert_held(&priv->lock);
	/* Freed skbs wait on this CPU for its next poll. There is none. */
	if (IS_ENABLED(CONFIG_NET_RX_BUSY_POLL))
		napi_busy_loop(lender->napi->napi_id, NULL, NULL, false, 1);
	guard(irqsave)();
	priv->bury_cache.cpu = smp_processor_id();
	vni_lend_scan(lender, true, vni_lend_put_closed);
	vni_cache_flush(&priv->port, &priv->bury_cache);
}

static void vni_lend_work(struct work_struct *work)
{
	struct vni_lender *lender = container_of(to_delayed_work(work),
						 struct vni_lender, work);
	struct vni_rxq *rxq = container_of(lender, struct vni_rxq, lender);
	struct vni_priv *priv = lender->priv;

	mutex_lock(&priv->lock);
	if (priv->open && rxq->queue < priv->nr_rxqs) {
		WRITE_ONCE(lender->scan_due, true);
		vni_napi_kick(rxq);
	} else {
		vni_lend_reclaim_closed(lender);
	}
	mutex_unlock(&priv->lock);
	if (READ_ONCE(lender->count))
		schedule_delayed_work_on(smp_processor_id(), &lender->work,
					 msecs_to_jiffies(VNI_CHECK_MS));
}

/**
 * vni_lender_init() - prepare to lend
 * @lender: the lender, zeroed
 * @priv: its device, its port set
 * @napi: the context that lends
 *
 * All queues together may lend a quarter of each class, and leave a quarter to
 * the others.
 *
 * Return: 0 or -ENOMEM.
 */
int vni_lender_init(struct vni_lender *lender, struct vni_priv *priv,
		    struct napi_struct *napi)
{
	u32 class, total = 0;

	for (class = 0; class < VNI_NR_CLASSES; class++) {
		u32 quarter = priv->port.geometry.classes[class].count / 4;

		lender->reserve[class] = quarter;
		lender->limit[class] = min(quarter, VNI_LEND_MAX);
		total += lender->limit[class];
	}
	lender->priv = priv;
	lender->napi = napi;
	lender->size = roundup_pow_of_two(max(total, 1));
	lender->queue = kvcalloc(lender->size, sizeof(*lender->queue),
				 GFP_KERNEL);
	INIT_DELAYED_WORK(&lender->work, vni_lend_work);
	return lender->queue ? 0 : -ENOMEM;
}

/**
 * vni_lender_destroy() - the end of lending; nothing is lent any more
 * @lender: the lender
 */
void vni_lender_destroy(struct vni_lender *lender)
{
	cancel_delayed_work_sync(&lender->work);
	kvfree(lender->queue);
}
