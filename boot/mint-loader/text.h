/* SPDX-License-Identifier: GPL-2.0 */
/* Words for sizes, CPUs and PCI functions. */
#ifndef MINT_LOADER_TEXT_H
#define MINT_LOADER_TEXT_H

#include <stddef.h>
#include <mint/abi.h>

const char *size_text(__u64 bytes, char text[24]);
const char *scaled_text(__u64 value, unsigned int unit, char text[8]);
const char *cpus_text(const __u64 *cpus, char *text, size_t room);
const char *function_text(__u32 function, char text[24]);
const char *pci_text(const struct mint_pci *entry, char text[24]);
const char *functions_text(const __u32 *functions, unsigned int nr, char *text, size_t room);

#endif /* MINT_LOADER_TEXT_H */
