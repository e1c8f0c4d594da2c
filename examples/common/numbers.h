/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers as users write them. */
#ifndef NUMBERS_H
#define NUMBERS_H

unsigned int number_of(const char *text, unsigned int least, unsigned int most);

#endif /* NUMBERS_H */
