/* What a scheduler has done so far, in numbers.
 *
 *   struct ex_counters counters;                  // PRIu64 is <inttypes.h>'s
 *   ex_scheduler_counters(scheduler, &counters);
 *   printf("%" PRIu64 " tasks are alive\n", counters.spawn_count - counters.return_count);
 *
 * They only grow. Each is exact; together they are of about one moment, exactly of one when no task
 * runs.
 *
 * Memory:  the caller's.
 * Threads: any.
 * Cost:    those that a task's every step would count are counted by turns; reading is a sum over
 *          the workers.
 */
#ifndef EXECUTOR_INCLUDE_EX_COUNTERS_H
#define EXECUTOR_INCLUDE_EX_COUNTERS_H

#include <stdint.h>

struct ex_counters {
    uint64_t spawn_count;  /* tasks */
    uint64_t return_count; /* of them have returned */
    uint64_t resume_count; /* times that a task ran until it had to wait, yielded or returned */
    uint64_t remote_count; /* wakes by other threads, those that found the task woken not counted */
    uint64_t timer_count;  /* sleeps and deadlines whose time came */
    uint64_t sleep_count;  /* times that a worker had nothing to do and slept */
    uint64_t steal_count;  /* times that a worker took ready tasks from another */
    uint64_t stolen_count; /* how many those were */
    uint64_t rescue_count; /* of the thefts, from a worker whose task does not give way */
    uint64_t overflow_count; /* times that a worker's queue was full and half of it went to all */
    uint64_t injected_count; /* tasks that a worker took from what is for all */
    uint64_t lifo_cap_count; /* times that what was woken last had to queue: it went first often */
};

#endif
