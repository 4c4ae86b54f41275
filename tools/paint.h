/* Colour, and lines that are drawn again: only on a terminal that can, and colour only where the
 * user has not set NO_COLOR.
 *
 * Memory:      none.
 * Source:      https://no-color.org
 */
#ifndef TOOLS_PAINT_H
#define TOOLS_PAINT_H

#include <stdbool.h>
#include <stdio.h>

enum paint_kind { PAINT_GOOD, PAINT_BAD, PAINT_DOUBT };

/* Prints the word, in colour where that is wanted. */
void paint_word(FILE *out, enum paint_kind kind, const char *word);

/* True when lines of `out` can be drawn again. */
bool paint_draws(FILE *out);

/* Removes what stands in the current line of such a terminal; nothing elsewhere. */
void paint_wipe(FILE *out);

#endif
