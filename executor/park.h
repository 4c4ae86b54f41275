/* How a worker waits when it has nothing but other threads and the clock to wait for.
 *
 * Memory:  one parking place for each worker, in the worker.
 * Threads: wait by the owner, notify by any.
 */
#ifndef EXECUTOR_PARK_H
#define EXECUTOR_PARK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct ex_park {
    pthread_mutex_t mutex;
    pthread_cond_t condition; /* on CLOCK_MONOTONIC */
    bool is_notified;
};

void ex_park_init(struct ex_park *park);
void ex_park_deinit(struct ex_park *park);

/* Until a notify (also one from before), or the monotonic clock shows `deadline_ns`; UINT64_MAX:
 * none. */
void ex_park_wait(struct ex_park *park, uint64_t deadline_ns);

/* Takes a notice that is there already, without waiting. By the owner. */
bool ex_park_take(struct ex_park *park);

void ex_park_notify(struct ex_park *park);

#endif
