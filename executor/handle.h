/* Where a task and who holds its handle meet: the `up` of its outermost frame (executor/slot.h).
 *
 *   local:   plain                                  only its own thread handles the task
 *   shared:  own ──stolen, queued for all, or handled by another worker──► anybody's
 *             └─ plain, by its owner, inside the bracket        └─ exchanged
 *
 * So a task that is spawned, run and joined on one worker costs no locked instruction. A thief owns
 * what it takes, and makes its word anybody's at no cost. Who holds the handle of a task that runs
 * elsewhere and was never stolen pays for it as a thief does (executor/steal.h), once, if it has to
 * wait for that task; to look whether it has returned is a load.
 *
 * Counterexample that the bracket answers: (1) B joins A's task, reads that nobody waits, (2) A's
 * task returns, A reads the same, writes that it has returned, and wakes nobody; (3) B writes that
 * it waits, and waits for ever.
 *
 * Here words are without the bits that say who may handle the task, where nothing else is said.
 *
 * Threads: each function says; the handle's holder is one at a time.
 */
#ifndef EXECUTOR_HANDLE_H
#define EXECUTOR_HANDLE_H

#include "executor/slot.h"

/* The task has returned. What stood there, which stays if it is EX_TASK_UP_DETACHED. By the owner,
 * inside its bracket. */
uintptr_t ex_handle_return(struct ex_strand *root);

/* What stood there; `word` stands there now if that was `expected`. From any thread outside of any
 * bracket, with the handle. */
uintptr_t ex_handle_replace(struct ex_strand *root, uintptr_t expected, uintptr_t word);

#endif
