/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs have in common with who attaches them. */
#ifndef TESTS_XDP_PROGRAMS_H
#define TESTS_XDP_PROGRAMS_H

/* Keys of the map `counts`. */
enum count { FRAMES, LONGEST, ERRORS, GUARDED, NR_COUNTS };

/* Keys of the map `settings`: the values on the command line, in this order. */
enum setting { FIRST, SECOND, NR_SETTINGS };

#endif
