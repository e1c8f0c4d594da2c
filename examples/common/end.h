/* SPDX-License-Identifier: GPL-2.0 */
/* How a program that stays finds out that it is to end. */
#ifndef END_H
#define END_H

void wait_for_end(void);

#endif /* END_H */
