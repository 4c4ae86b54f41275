/* Marks that a scenario waits for, and those that its nodes came to: which one is misspelt.
 *
 *   lanes ──marks_count──► board ──marks_print──► "mark tmieout of client never came; …"
 *
 * Memory:      part of the board, shared by the processes of the campaign. All zero: none.
 * Limits:      MARKS_MAX of them; what comes after that is not told.
 * Threads:     one process at a time counts.
 */
#ifndef TOOLS_MARKS_H
#define TOOLS_MARKS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/machine/record.h"

#define MARKS_MAX 256

struct marks_one {
    uint32_t node; /* 0 = any */
    char name[LABEL_TEXT_SIZE];
};

struct marks {
    uint32_t wanted_count, count;
    char nodes[DESCRIPTION_NODES_MAX + 1][DESCRIPTION_NAME_SIZE];
    struct marks_one
        wanted[OCCASIONS_MAX];       /* that a constraint, a fault or a `sometimes` is about */
    struct marks_one all[MARKS_MAX]; /* that somebody came to */
};

/* Adds what the record's worker has met so far. */
void marks_count(struct marks *marks, const struct record *record);

/* A line for each that is waited for and never came. */
void marks_print(FILE *out, bool json, const char *scenario, const struct marks *marks);

#endif
