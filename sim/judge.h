/* What a run's histories mean when it ends well: nothing, or that they are not linearizable.
 *
 *   history ─► each group ─► linear_check ─┬─► yes
 *                                          ├─► no         VERDICT_PROPERTY: what, after what
 *                                          └─► undecided  VERDICT_LIMIT
 *
 * The message names the operation whose return completes the shortest history that is wrong, and
 * the first return that it contradicts. Which two they are varies between runs that show one bug:
 * the verdict's `named` leaves them out of what tells bugs apart.
 *
 * Memory:      tables in the world's arena, sized once, and only if a scenario declares objects.
 * Limits:      JUDGE_STEPS_MAX for all groups together, and as many again for the message.
 * Errors:      none; what is wrong becomes the verdict.
 * Threads:     the world's only.
 * Determinism: groups are judged in order of their first operation, and the first finding wins.
 */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "sim/history.h"
#include "sim/linear.h"

#define JUDGE_STEPS_MAX (UINT64_C(1) << 22)

struct judge {
    const struct history *history;
    struct linear linear;
    struct linear_operation *operations; /* of the group in question */
    uint32_t *numbers;                   /* of these in the history */
};

uint64_t judge_arena_size(const struct description *description);
void judge_init(struct judge *judge, struct arena *arena, const struct history *history);

/* Judges all groups and sets the verdict, unless there is one or nothing is wrong. */
void judge_end(struct judge *judge);

#endif
