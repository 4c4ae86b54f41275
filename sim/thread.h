/* Simulated threads of all nodes: birth, end, join, detach.
 *
 *   threads_create ─► ready ─► runs … threads_finish ─► ended ─► threads_join takes the result
 *                                                       detached: nothing is left
 *
 * Ids follow creation order and are never used again in a run; pthread_t is made from them, so a
 * stale one is told from a living one.
 *
 * Memory:      a table in the world's arena.
 * Limits:      THREADS_MAX births a run; then the run ends with VERDICT_LIMIT.
 * Errors:      positive errno values, as pthreads return them.
 * Threads:     the world's only.
 * Determinism: ids and identities follow creation order.
 */
#ifndef SIM_THREAD_H
#define SIM_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/description.h"
#include "sim/schedule.h"

#define THREADS_MAX 65536u
#define THREAD_NAME_SIZE 16

enum thread_state { THREAD_ALIVE = 1, THREAD_ENDED, THREAD_JOINED };

struct thread {
    uint32_t agent; /* while THREAD_ALIVE */
    uint32_t node;
    uint32_t state; /* enum thread_state */
    uint32_t slot;  /* the machine's: stack and TLS, while THREAD_ALIVE */
    uint64_t identity;
    uint64_t result; /* THREAD_ENDED: what the thread returned */
    uint32_t joiner; /* id of the thread that joins it, 0 = none */
    bool detached;
    bool main;        /* the node's first thread */
    bool fork_resets; /* the machine's: SCHED_RESET_ON_FORK, policy and nice value */
    uint8_t policy;
    int8_t nice;
    uint64_t processors; /* the machine's: affinity, 0 = all */
    const void *site;    /* where it was created, NULL = unknown; for people */
    struct wait_queue joiners;
    uint32_t node_previous, node_next; /* living threads of the node */
    char name[THREAD_NAME_SIZE];
};

struct threads {
    struct pool table; /* index = id */
    struct schedule *schedule;
    uint32_t unjoined[DESCRIPTION_NODES_MAX + 1]; /* by node: neither joined nor detached, main not
                                                     counted; world_begin clears it */
};

void threads_init(struct threads *threads, struct arena *arena, struct schedule *schedule);
void threads_begin(struct threads *threads);

/* A new thread, ready to run; `parent` is the creating thread's id, 0 for a node's first thread,
 * whose identity is then derived from `node_identity`. Returns its id; 0 when a limit was reached
 * (the verdict is set). */
uint32_t threads_create(struct threads *threads,
                        uint32_t parent,
                        uint32_t node,
                        uint64_t node_identity,
                        bool detached);

static inline struct thread *threads_at(const struct threads *threads, uint32_t id) {
    return (struct thread *)pool_at(&threads->table, id);
}

/* True when the id was given out in this run. */
static inline bool threads_known(const struct threads *threads, uint64_t id) {
    return id != 0 && id <= threads->table.count;
}

/* The running thread's id. */
static inline uint32_t threads_self(const struct threads *threads) {
    return schedule_running(threads->schedule)->id;
}

/* The running thread has ended with a result; wakes its joiner. The caller then releases what the
 * machine holds and calls schedule_thread_end. */
void threads_finish(struct threads *threads, uint64_t result);

/* Waits for a thread's end. 0, ESRCH, EINVAL (detached or joined by another), EDEADLK (itself, or
 * a cycle of two), ETIMEDOUT, EBUSY (deadline 0: only try). */
int threads_join(struct threads *threads,
                 uint32_t id,
                 uint64_t deadline_ns,
                 uint64_t *result,
                 const void *site);

/* A thread of a node that can still be joined and that nobody joins; the running one is not meant.
 * 0 = none. */
uint32_t threads_left(const struct threads *threads, uint32_t node);

/* 0, ESRCH, EINVAL (already detached). */
int threads_detach(struct threads *threads, uint32_t id);

#endif
