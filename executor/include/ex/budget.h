/* Giving way: a task may complete only so many operations before the others get their turn.
 *
 *   resumed ──► 128 left ──each operation spends one──► none left ──► yields, resumed ──► 128 left
 *
 * A task that always finds its mutex free and its channel filled never waits, and without a budget
 * nobody else would run. Every operation of this library that may complete without waiting spends
 * one, and yields when none is left; the yield makes its strand ready again first, so that it is
 * not lost. A function that loops without such operations may do the same with EX_BUDGET().
 *
 * Memory:  a counter of the worker's.
 * Errors:  none.
 * Threads: inside a task; elsewhere there is always some left.
 */
#ifndef EXECUTOR_INCLUDE_EX_BUDGET_H
#define EXECUTOR_INCLUDE_EX_BUDGET_H

#include <ex/strand.h>

/* Spends one of what the running task has left; false: none was left, yield before going on. */
EX_PUBLIC bool ex_budget_spend(void);

/* Spends one, inside a resume function; lets the others go first when none was left. */
#define EX_BUDGET()                                                                                \
    do {                                                                                           \
        if (!ex_budget_spend()) {                                                                  \
            EX_YIELD();                                                                            \
        }                                                                                          \
    } while (0)

#endif
