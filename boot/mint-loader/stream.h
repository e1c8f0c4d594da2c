/* SPDX-License-Identifier: GPL-2.0 */
/* Text streams of the region: logs and console outputs. */
#ifndef MINT_LOADER_STREAM_H
#define MINT_LOADER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <mint/abi.h>

struct buffer;
struct node_view;
struct region;

/**
 * struct stream_look - one look at a stream, in itself consistent
 * @start: where the node's present start began
 * @head: bytes ever written
 * @zero_tsc: see struct mint_stream
 * @stamp_khz: see struct mint_stream
 * @bytes: capacity, a power of two
 */
struct stream_look {
	__u64 start;
	__u64 head;
	__u64 zero_tsc;
	__u32 stamp_khz;
	__u32 bytes;
};

const struct mint_stream *stream_find(const struct region *region, __u32 section, __u32 node,
				      size_t *room);
bool stream_look(const struct mint_stream *stream, size_t room, struct stream_look *look);
int stream_failed(const struct mint_stream *stream);
int stream_copy(const struct mint_stream *stream, const struct stream_look *look, __u64 from,
		__u64 end, struct buffer *text);
void stream_age(const struct node_view *node);

#endif /* MINT_LOADER_STREAM_H */
