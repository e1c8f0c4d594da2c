// SPDX-License-Identifier: GPL-2.0
/*
 * Lending of vni: the stack reads long frames in the buffers they came in.
 *
 * An skb holds references to the pages of a buffer of the shared pool. The
 * buffer stays HELD by this node until they are dropped. A page that nobody
 * borrows has one reference, as any reserved page; lent buffers wait in a queue
 * until all their pages are back to one. See docs/vni.md.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <net/busy_poll.h>

#include "device.h"
#include "trace.h"

/* Bytes copied into the linear part, so that the stack parses no pool page. */
#define VNI_LEND_HEAD_BYTES	256
/* Most buffers of one class that are lent. */
#define VNI_LEND_MAX		1024
/* Fewest frames between two scans of all that is lent. */
#define VNI_LEND_SCAN		16
/* Period of the scans when no frames come. */
#define VNI_LEND_SCAN_MS	100

static_assert(VNI_LEND_HEAD_BYTES <= VNI_RX_LINEAR_BYTES);
static_assert(VNI_HEAD_END == PAGE_SIZE);
/*
 * More than the Ethernet header is in the linear part: GRO would read headers in
 * the first fragment of an skb whose linear part is all pulled.
 */
static_assert(VNI_MIN_HEAD > ETH_HLEN);

/**
 * vni_lend_fits() - is a frame of the kind that is lent?
 * @priv: the device that received it
 * @frame: the frame, taken from the ring
 *
 * A short frame is cheaper to copy. One that leaves more than half of its
 * buffer empty is copied too, since a socket is charged for the whole buffer.
 *
 * Return: true if the frame may be lent and the user wants it.
 */
bool vni_lend_fits(const struct vni_priv *priv, const struct vni_frame *frame)
{
	return READ_ONCE(priv->rx_zerocopy) &&
	       frame->length > VNI_RX_LINEAR_BYTES &&
	       frame->length >= vni_buf_bytes(&priv->port, frame->handle) / 2;
}

/*
 * Takes a reference to each page from @offset on, as far as @skb has room for
 * fragments. A page that is out already shows that another node has overwritten
 * the state word of its buffer.
 *
 * Returns where the rest of the frame begins, or 0 if a page was out.
 */
static u32 vni_lend_pages(struct sk_buff *skb, const u8 *data, u32 offset,
			  u32 length)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	u32 begin = offset, in_page, bytes;

	/* Every node can read these pages: the stack must copy before it writes. */
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

/* Puts what @head has no room for into further skbs, its fragment list. */
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

/* Bytes to copy: just the headers, if they end at a page border. */
static u32 vni_lend_head_bytes(const struct vni_frame *frame)
{
	return frame->slot.head ?: VNI_LEND_HEAD_BYTES;
}

static struct sk_buff *vni_lend_skb(struct vni_rxq *rxq,
				    const struct vni_frame *frame)
{
	struct vni_port *port = &rxq->priv->port;
	const u8 *data = vni_frame_data(port, frame);
	u32 head = vni_lend_head_bytes(frame);
	struct sk_buff *skb;
	u32 offset;

	skb = napi_alloc_skb(&rxq->napi, VNI_LEND_HEAD_BYTES);
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

/* The first buffer that is lent holds the module and starts the work. */
static bool vni_lend_first(struct vni_lender *lender)
{
	if (!try_module_get(THIS_MODULE))
		return false;
	schedule_delayed_work_on(smp_processor_id(), &lender->work,
				 msecs_to_jiffies(VNI_LEND_SCAN_MS));
	return true;
}

static bool vni_lend_begin(struct vni_rxq *rxq, const struct vni_frame *frame)
{
	struct vni_lender *lender = &rxq->lender;
	struct vni_priv *priv = rxq->priv;
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
		/* A first page with nothing but headers is not given away. */
		.back = !!frame->slot.head,
	};
	lender->lent[class]++;
	WRITE_ONCE(lender->count, count + 1);
	trace_vni_lend(rxq->queue, frame->handle, count + 1);
	return true;
}

static void vni_lend_end(struct vni_rxq *rxq, u32 handle)
{
	struct vni_lender *lender = &rxq->lender;

	lender->lent[vni_class_of(&rxq->priv->port, handle)]--;
	WRITE_ONCE(lender->count, lender->count - 1);
	trace_vni_return(rxq->queue, handle, lender->count);
	if (!lender->count)
		module_put(THIS_MODULE);
}

/*
 * Are all pages back? A page that was back at an earlier look is skipped. Each
 * mapping of a process holds a reference to its page, and drops it only when no
 * CPU can reach the page through the mapping any more.
 */
static bool vni_lent_is_back(const struct vni_port *port, struct vni_lent *lent)
{
	const u8 *data = vni_buf_data(port, lent->handle);

	for (; lent->back < lent->pages; lent->back++)
		if (page_ref_count(virt_to_page(data + lent->back * PAGE_SIZE)) > 1)
			return false;
	/*
	 * The last borrower's accesses come before those of the next owner:
	 * pairs with the full barrier in put_page().
	 */
	smp_acquire__after_ctrl_dep();
	return true;
}

/* Puts the buffers that are back; without @all, up to the first that is not. */
static void vni_lend_scan(struct vni_rxq *rxq, bool all,
			  void (*put)(struct vni_priv *priv, u32 handle))
{
	struct vni_lender *lender = &rxq->lender;
	u32 n = lender->count, kept = 0, i;

	for (i = 0; i < n; i++) {
		struct vni_lent *lent = vni_lent_at(lender, lender->first + i);

		if (vni_lent_is_back(&rxq->priv->port, lent)) {
			vni_lend_end(rxq, lent->handle);
			put(rxq->priv, lent->handle);
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
 * @rxq: the queue that has lent them
 *
 * Looks at the oldest ones up to the first that is still out. Looks at all of
 * them once in a number of frames that grows with their own number, and when
 * the work asks for it.
 *
 * Context: NAPI.
 */
void vni_lend_reclaim(struct vni_rxq *rxq)
{
	struct vni_lender *lender = &rxq->lender;
	bool all = READ_ONCE(lender->scan_due) ||
		   lender->frames > VNI_LEND_SCAN + lender->count / 2;

	if (all) {
		WRITE_ONCE(lender->scan_due, false);
		lender->frames = 0;
	}
	vni_lend_scan(rxq, all, vni_buf_put);
}

/**
 * vni_lend() - give a frame to the stack in the buffer in which it came
 * @rxq: the queue it came on
 * @frame: a frame that vni_lend_fits(), taken from the ring
 *
 * Return: the frame, whose buffer is lent now; NULL if too many buffers are
 * lent, too few are free, or memory is short, so that the frame must be copied.
 *
 * Context: NAPI.
 */
struct sk_buff *vni_lend(struct vni_rxq *rxq, const struct vni_frame *frame)
{
	struct sk_buff *skb;

	rxq->lender.frames++;
	vni_lend_reclaim(rxq);
	if (!vni_lend_begin(rxq, frame))
		return NULL;
	skb = vni_lend_skb(rxq, frame);
	if (unlikely(!skb))
		vni_lend_end(rxq, frame->handle);
	return skb;
}

/* NAPI of a closed interface takes no buffers: the caller holds the lock. */
static void vni_lend_put_closed(struct vni_priv *priv, u32 handle)
{
	vni_buf_free(&priv->port, &priv->slow_cache, handle);
}

/**
 * vni_lend_reclaim_closed() - return to the pool all lent buffers that are back
 * @rxq: a queue of a closed interface, or one not in use; the device's lock is
 *	held
 *
 * Context: process.
 */
void vni_lend_reclaim_closed(struct vni_rxq *rxq)
{
	struct vni_priv *priv = rxq->priv;

	lockdep_assert_held(&priv->lock);
	/*
	 * skbs that were freed on this CPU wait for its next poll, and hold
	 * their pages until then. The interface polls no more: poll once.
	 */
	if (IS_ENABLED(CONFIG_NET_RX_BUSY_POLL))
		napi_busy_loop(rxq->napi.napi_id, NULL, NULL, false, 1);
	guard(irqsave)();
	priv->slow_cache.cpu = smp_processor_id();
	vni_lend_scan(rxq, true, vni_lend_put_closed);
	vni_cache_flush(&priv->port, &priv->slow_cache);
}

static void vni_lend_work(struct work_struct *work)
{
	struct vni_lender *lender = container_of(to_delayed_work(work),
						 struct vni_lender, work);
	struct vni_rxq *rxq = container_of(lender, struct vni_rxq, lender);
	struct vni_priv *priv = rxq->priv;

	mutex_lock(&priv->lock);
	if (priv->open && rxq->queue < priv->nr_rxqs) {
		WRITE_ONCE(lender->scan_due, true);
		vni_napi_kick(rxq);
	} else {
		vni_lend_reclaim_closed(rxq);
	}
	mutex_unlock(&priv->lock);
	if (READ_ONCE(lender->count))
		schedule_delayed_work_on(smp_processor_id(), &lender->work,
					 msecs_to_jiffies(VNI_LEND_SCAN_MS));
}

/**
 * vni_lender_init() - prepare to lend
 * @rxq: the queue, its lender zeroed
 *
 * All queues together lend at most a quarter of the buffers of each class, and
 * none while no more than a quarter are free.
 *
 * Return: 0 or -ENOMEM.
 */
int vni_lender_init(struct vni_rxq *rxq)
{
	struct vni_lender *lender = &rxq->lender;
	u32 class, total = 0;

	for (class = 0; class < VNI_NR_CLASSES; class++) {
		u32 quarter = rxq->priv->port.geometry.classes[class].count / 4;

		lender->reserve[class] = quarter;
		lender->limit[class] = min(quarter, VNI_LEND_MAX);
		total += lender->limit[class];
	}
	lender->size = roundup_pow_of_two(max(total, 1));
	lender->queue = kvcalloc(lender->size, sizeof(*lender->queue),
				 GFP_KERNEL);
	INIT_DELAYED_WORK(&lender->work, vni_lend_work);
	return lender->queue ? 0 : -ENOMEM;
}

/**
 * vni_lender_destroy() - undo vni_lender_init()
 * @rxq: the queue; nothing is lent any more
 */
void vni_lender_destroy(struct vni_rxq *rxq)
{
	cancel_delayed_work_sync(&rxq->lender.work);
	kvfree(rxq->lender.queue);
}
