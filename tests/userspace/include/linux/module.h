/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a module says of itself, which nobody asks a program.
 */
#ifndef TESTS_USERSPACE_LINUX_MODULE_H
#define TESTS_USERSPACE_LINUX_MODULE_H

#define MODULE_IMPORT_NS(ns)		static_assert(sizeof(#ns))
#define MODULE_DESCRIPTION(text)	static_assert(sizeof(text))
#define MODULE_LICENSE(text)		static_assert(sizeof(text))

#endif /* TESTS_USERSPACE_LINUX_MODULE_H */
