/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nothing: a program exports no symbols. See kunit/visibility.h.
 */
