/* SPDX-License-Identifier: GPL-2.0 */
/* Included before each file of the module: see the Makefile. */
#include <kunit/visibility.h>

#undef EXPORT_SYMBOL_IF_KUNIT
#define EXPORT_SYMBOL_IF_KUNIT(symbol)	static_assert(sizeof(#symbol))
