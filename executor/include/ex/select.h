/* Select: the first branch that returns wins, and the others end.
 *
 *   ex_branch_init(&self->branches[0], receive(&self->receive, channel));
 *   ex_branch_init(&self->branches[1], ex_sleep_for(&self->sleep, EX_TIMER_S));
 *   EX_AWAIT(ex_select(&self->select, self->branches, 2));
 *   switch ((int)value) {                       // an int: an await in here is refused
 *   case 0:
 *       element = self->branches[0].result;
 *
 *             ┌── one returned ──► the others are told ──► all have returned ──► its index
 *   ex_select ┴── the task is told to cancel ──► so are they ──────────────────► -ECANCELED
 *
 * Branches run in their order: of two that could return at once the first does. The losers have
 * returned when ex_select does. One that had its result already when it was told keeps it, in its
 * `result` (a received element is never lost): whoever must not drop anything looks at each, where
 * ex_branch_began. A loser that has not begun has received nothing.
 *
 * Counterexample that the wait for the losers answers ("futurelock", RFD 609 of Oxide): (1) a loser
 * queues for a fair lock; (2) the select returns, and the loser is kept, not resumed; (3) the lock
 * is handed to the loser; (4) the winner's path awaits the same lock, for ever.
 *
 * Memory:  the branches are the caller's until it goes on.
 * Errors:  -ECANCELED; a select of no branches panics, for nothing could end it.
 * Threads: the task's own.
 */
#ifndef EXECUTOR_INCLUDE_EX_SELECT_H
#define EXECUTOR_INCLUDE_EX_SELECT_H

#include <ex/branch.h>

struct ex_select {
    struct ex_frame frame;
    struct ex_branch_set set;
};

/* Awaitable: the index of the winner among the `count` initialised branches. */
EX_PUBLIC struct ex_frame *
ex_select(struct ex_select *self, struct ex_branch *branches, size_t count);

#endif
