// SPDX-License-Identifier: GPL-2.0
/*
 * Shows the functions of ring.h to the KUnit module. Apart from ring.c and
 * its companions because those compile in user space too.
 */
#include <kunit/visibility.h>

#include "ring.h"

EXPORT_SYMBOL_IF_KUNIT(vni_section_format);
EXPORT_SYMBOL_IF_KUNIT(vni_port_init);
EXPORT_SYMBOL_IF_KUNIT(vni_class_for);
EXPORT_SYMBOL_IF_KUNIT(vni_buf_alloc);
EXPORT_SYMBOL_IF_KUNIT(vni_buf_free);
EXPORT_SYMBOL_IF_KUNIT(vni_buf_data);
EXPORT_SYMBOL_IF_KUNIT(vni_buf_bytes);
EXPORT_SYMBOL_IF_KUNIT(vni_cache_flush);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_of);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_space);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_post);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_must_ring);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_wait_space);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_take);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_pending);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_arm);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_disarm);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_take_waiters);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_open);
EXPORT_SYMBOL_IF_KUNIT(vni_ring_close);
EXPORT_SYMBOL_IF_KUNIT(vni_port_bury);
EXPORT_SYMBOL_IF_KUNIT(vni_port_census);
