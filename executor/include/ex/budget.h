/* Giving way: a task may complete only so many operations before the others get their turn.
 *
 *   resumed ──► 128 left ──each operation spends one──► none left ──► yields, resumed ──► 128 left
 *
 * A task that always finds its mutex free and its channel filled never waits, and without a budget
 * nobody else would run. Every operation of this library that may complete without waiting spends
 * one, and yields when none is left; the yield makes its strand ready again first, so that it is
 * not lost. A function that loops without such operations may do the same with EX_BUDGET().
 *
 * Memory:  a counter of the thread's, which is filled whenever a task is resumed.
 * Errors:  none.
 * Threads: inside a task; elsewhere there is always some left.
 */
#ifndef EXECUTOR_INCLUDE_EX_BUDGET_H
#define EXECUTOR_INCLUDE_EX_BUDGET_H

#include <ex/strand.h>

/* What the running task has left. */
#ifdef EX_SMALL
EX_PUBLIC extern int32_t ex_budget_left;
#else
EX_PUBLIC extern __thread int32_t ex_budget_left __attribute__((tls_model("initial-exec")));
#endif

/* Whether one who has none left may go on all the same: outside of tasks. */
EX_PUBLIC bool ex_budget_is_endless(void);

/* Spends one of what the running task has left; false: none was left, yield before going on. */
static inline bool ex_budget_spend(void) {
    if (__builtin_expect(ex_budget_left <= 0, 0)) {
        return ex_budget_is_endless();
    }
    ex_budget_left--;
    return true;
}

/* Spends one, inside a resume function; lets the others go first when none was left. */
#define EX_BUDGET()                                                                                \
    do {                                                                                           \
        if (!ex_budget_spend()) {                                                                  \
            EX_YIELD();                                                                            \
        }                                                                                          \
    } while (0)

#endif
