/* SPDX-License-Identifier: GPL-2.0 */
/* What the program of units and its loader tell each other. */
#ifndef UNITS_H
#define UNITS_H

#include <linux/types.h>

#define MOST_CONNECTIONS	1024
/* Before each record, in network order: how many bytes follow. */
#define PREFIX_BYTES		4

struct settings {
	__u32 port;		/* of this node, in host order */
	__u32 limit;		/* bytes of a record that may follow its prefix */
};

struct counts {
	__u64 connections;	/* that are read by records */
	__u64 plain;		/* that are not: one too many, or somebody else has them */
	__u64 records;		/* passed to a reader, whole */
	__u64 bytes;		/* of them, prefixes included */
	__u64 units;		/* in so many pieces, of one record or more */
	__u64 too_long;		/* connections that ended by a record over the limit */
};

#endif /* UNITS_H */
