/* Work stealing: a worker without work takes half of another's ready queue.
 *
 *   1. take the victim's `theft` lock, raise its `thief` flag      (executor/ready.h: the bracket)
 *   2. barrier in all threads, wait until the victim is outside
 *   3. take the longest ready half; the thief owns it from now on
 *   4. lower the flag, unlock
 *
 * A worker that has been in one task for longer than a look apart (executor/idle.h) is robbed of
 * more: of what was woken last, and of what others woke meanwhile. So nothing ready is stranded
 * behind a task that does not give way.
 *
 * Fibers that have begun stay where they are.
 *
 * Threads: the thief's.
 */
#ifndef EXECUTOR_STEAL_H
#define EXECUTOR_STEAL_H

#include "executor/worker.h"

/* Something that a theft could take; a guess. */
bool ex_steal_is_worth(const struct ex_worker *victim, bool is_stuck);

/* How many roots changed their owner, now ready at the thief's. */
uint32_t ex_steal_take(struct ex_worker *thief, struct ex_worker *victim, bool is_stuck);

/* Between the two the queue of a shared worker is the caller's, and none of its tasks begins, ends
 * or is put back: steps 1 and 2, and 4, of the above. A local worker is not touched. */
void ex_steal_freeze(struct ex_worker *victim);
void ex_steal_thaw(struct ex_worker *victim);

#endif
