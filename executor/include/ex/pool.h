/* What lies in a frame while a thread of the scheduler's pool works for it. It is here for its size
 * alone; ex/blocking.h is what programs use.
 *
 * Memory:  the frame's.
 * Threads: under the pool's lock.
 */
#ifndef EXECUTOR_INCLUDE_EX_POOL_H
#define EXECUTOR_INCLUDE_EX_POOL_H

#include <stdint.h>

struct ex_pool_job {
    struct ex_pool_job *next; /* valid while it is queued */
    struct ex_pool_job *previous;
    void (*run)(struct ex_pool_job *job); /* on the pool's thread; ends by ex_pool_end */
    uint8_t state;                        /* EX_POOL_… */
};

enum { EX_POOL_QUEUED, EX_POOL_RUNS, EX_POOL_ENDED };

#endif
