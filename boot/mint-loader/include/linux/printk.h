/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's log: one line, for who asked.
 */
#ifndef MINT_LOADER_LINUX_PRINTK_H
#define MINT_LOADER_LINUX_PRINTK_H

void mint_parameter_log(const char *format, ...) __attribute__((__format__(printf, 1, 2)));

#define pr_err(format, ...)	mint_parameter_log(pr_fmt(format), ##__VA_ARGS__)

#endif /* MINT_LOADER_LINUX_PRINTK_H */
