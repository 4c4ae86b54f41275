/* A scheduler: what its workers share.
 *
 * Memory:  one block from malloc, or the beginning of the user's block.
 * Threads: each field says.
 */
#ifndef EXECUTOR_CREW_H
#define EXECUTOR_CREW_H

#include "executor/worker.h"

struct ex_scheduler {
    struct ex_memory memory;
    struct ex_worker *workers; /* a local scheduler has one */
    uint32_t worker_count;
    bool is_local;
    uint8_t is_stopped; /* from any thread */
#ifndef EX_SMALL
    pthread_mutex_t foreign_lock; /* for the two below */
#endif
    struct ex_slab foreign; /* memory of tasks spawned by threads that are none of its workers */
    size_t foreign_count;   /* how many were spawned so */
};

/* Slots of tasks for a thread that is none of the workers; NULL: out of memory. */
struct ex_strand *ex_crew_allocate_foreign(struct ex_scheduler *scheduler, size_t size);

/* Tasks that have not returned: exact when none is spawned or returns meanwhile. */
size_t ex_crew_live_count(const struct ex_scheduler *scheduler);

#endif
