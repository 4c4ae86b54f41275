/* How branches are run, by the frame that waits for them.
 *
 * Threads: the worker's own.
 */
#ifndef EXECUTOR_BRANCH_H
#define EXECUTOR_BRANCH_H

#include <ex/branch.h>

/* Puts the branch below the strand that runs it. */
static inline void ex_branch_adopt(struct ex_branch *branch, struct ex_strand *parent) {
    branch->parent = parent;
    branch->root = ex_strand_root(parent);
}

/* The branch of an index, NULL after the last: for dumps. */
static inline struct ex_branch *ex_branch_at(const struct ex_branch_set *set, size_t index) {
    return index < set->count ? &set->branches[index] : NULL;
}

/* The branches of `set` begin below `strand`, at the next ex_branch_run. */
void ex_branch_begin(struct ex_branch_set *set, struct ex_strand *strand);

/* Resumes each that is ready. True when all have returned; false: suspend, and call it again. */
bool ex_branch_run(struct ex_branch_set *set, struct ex_strand *strand);

/* All have returned. -ECANCELED when they were told to cancel because the task was, and one of them
 * heard it; else 0, and a cancel that none heard is the task's again. */
int64_t ex_branch_end(const struct ex_branch_set *set, struct ex_strand *strand);

#endif
