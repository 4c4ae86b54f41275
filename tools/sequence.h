/* What came in a run, in order, and what came in another order elsewhere.
 *
 *   a case, observed ───────┐
 *   other runs, observed ───┴─► sequence_pairs ─► "this came before that, and where the run did not
 *                                                  fail it mostly did not"
 *
 * Memory:      the caller's.
 * Limits:      SEQUENCE_STEPS_MAX steps of a run, from its beginning; SEQUENCE_PAIRS_MAX pairs.
 * Errors:      none.
 * Threads:     one.
 * Source:      the predicates of Liblit, Aiken, Zheng, Jordan, "Bug isolation via remote program
 *              sampling" (2003), here orders of two occasions.
 */
#ifndef TOOLS_SEQUENCE_H
#define TOOLS_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/record.h"

#define SEQUENCE_STEPS_MAX RECORD_FACTS_MAX
#define SEQUENCE_PAIRS_MAX 32 /* bits of a word */

struct sequence {
    bool failed; /* with the bug that is looked for */
    uint32_t count;
    struct occasion steps[SEQUENCE_STEPS_MAX]; /* with their numbers and times */
};

/* `first` comes before `second`; `first` may be a time. */
struct sequence_pair {
    struct occasion first, second;
    int64_t score; /* how much rarer it is in other runs, in thousandths */
    uint32_t distance;
};

/* What came in the record's last run, which was observed. has_calls: each call and each end of a
 * wait, too; else what programs, messages, timers, threads and tasks do. */
void sequence_read(struct sequence *sequence, const struct record *record, bool has_calls);

/* The orders of the first sequence that tell it best from those that did not fail; returns how
 * many. What the others have and it has not is added to it: it would have come later. */
uint32_t sequence_pairs(struct sequence *sequences,
                        uint32_t count,
                        struct sequence_pair *pairs,
                        uint32_t pairs_max);

#endif
