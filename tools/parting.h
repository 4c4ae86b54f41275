/* Where two runs that should be the same part: the first event that differs, and the last one that
 * both have.
 *
 *   checkpoints of both ─► the first block that differs ─┬─ still in both rings ─► compare there
 *                                                        └─ else run both again in fresh workers,
 *                                                           record the events around it, compare
 *
 * What differs need not differ at the same place when it is run again: then the checkpoints of the
 * new runs say where, and they are run once more.
 *
 * Memory:      borrows the records.
 * Errors:      what cannot be found stays not found.
 */
#ifndef TOOLS_PARTING_H
#define TOOLS_PARTING_H

#include "sim/machine/record.h"
#include "tools/runner.h"

#define PARTING_WHERE_SIZE 128

/* A run: what came out, how to ask for it alone, and how its worker was started. */
struct parting_side {
    const struct record *record;
    struct record_request request;
    struct runner_options options;
};

struct parting_step {
    bool exists; /* false: the run has ended before */
    struct event event;
    char node[DESCRIPTION_NAME_SIZE];
    char where[PARTING_WHERE_SIZE]; /* "file:line" of the call, or "" */
    char mark[LABEL_TEXT_SIZE];     /* the name of a mark, or "" */
};

struct parting {
    bool found;
    uint64_t at;                  /* events that both have; when not found, about */
    struct parting_step common;   /* the last of them */
    struct parting_step sides[2]; /* the first that differs, in the first run and in the second */
};

void parting_find(const char *module,
                  const struct parting_side *first,
                  const struct parting_side *second,
                  struct parting *parting);

#endif
