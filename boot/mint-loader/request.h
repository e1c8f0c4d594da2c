/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to another node. */
#ifndef MINT_LOADER_REQUEST_H
#define MINT_LOADER_REQUEST_H

#include <mint/control.h>
#include <mint/dev.h>

struct node_view;
struct region;

int request_check(const struct node_view *node);
int request_send(const struct region *region, const struct node_view *node, __u32 verb,
		 const char *words, __u32 bytes);
int request_result(const struct node_view *node, const struct mint_ioc_result *result);

#endif /* MINT_LOADER_REQUEST_H */
