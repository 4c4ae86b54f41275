/* Joins: wait for every branch.
 *
 *   ex_branch_init(&self->branches[0], fetch(&self->left, "a"));
 *   ex_branch_init(&self->branches[1], fetch(&self->right, "b"));
 *   EX_AWAIT(ex_join_try(&self->join, self->branches, 2));
 *   if (value < 0) …                            // one failed, the other has ended too
 *
 *                ┌── each returned ──────────────────────────────────────► 0
 *   ex_join_all ─┴── the task is told to cancel ──► so is each branch ───► -ECANCELED
 *   ex_join_try ──── and if one returns an error ─► so is each other ────► that error
 *
 * In every case all branches have returned, and each has its result (ex/branch.h). A cancel that
 * no branch hears, since none awaited anything after it, is kept for the next await.
 *
 * Memory:  the branches are the caller's until it goes on. No branches at all: returns at once.
 * Errors:  -ECANCELED; ex_join_try: the first negative result, equal times in branch order.
 * Threads: the task's own.
 */
#ifndef EXECUTOR_INCLUDE_EX_JOIN_H
#define EXECUTOR_INCLUDE_EX_JOIN_H

#include <ex/branch.h>

struct ex_join {
    struct ex_frame frame;
    struct ex_branch_set set;
};

/* Awaitable: 0 once each of the initialised branches has returned, with whatever result. */
EX_PUBLIC struct ex_frame *
ex_join_all(struct ex_join *self, struct ex_branch *branches, size_t count);

/* Awaitable: 0 once each has returned a result of 0 or more. The first error tells the others to
 * cancel, and is returned when they have. */
EX_PUBLIC struct ex_frame *
ex_join_try(struct ex_join *self, struct ex_branch *branches, size_t count);

#endif
