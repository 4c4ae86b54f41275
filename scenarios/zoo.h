/* What the models of known bugs (zoo_*.c) have in common: each is the shape of a bug that an async
 * executor had, among operations that have nothing to do with it.
 *
 *   zoo_chores();            before and after what matters
 *   zoo_some_chores(count)   fewer, where they keep others waiting
 *   zoo_run(bodies, count)   starts a thread for each, and waits for all
 *
 * Errors:  whatever a call refuses is a finding.
 */
#ifndef SCENARIOS_ZOO_H
#define SCENARIOS_ZOO_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "sim/scenario.h"

#define ZOO_CHORES 20
#define ZOO_THREADS_MAX 8

#define ZOO_REQUIRE(condition, ...)                                                                \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            sim_fail(__VA_ARGS__);                                                                 \
        }                                                                                          \
    } while (0)

typedef void *zoo_body(void *unused);

/* Operations on a word of the thread's own. */
static inline void zoo_some_chores(int count) {
    static _Thread_local atomic_int done;
    for (int i = 0; i < count; i++) {
        atomic_fetch_add(&done, 1);
    }
}

static inline void zoo_chores(void) {
    zoo_some_chores(ZOO_CHORES);
}

static inline void zoo_run(zoo_body *const bodies[], int count) {
    pthread_t threads[ZOO_THREADS_MAX];
    for (int i = 0; i < count; i++) {
        ZOO_REQUIRE(pthread_create(&threads[i], NULL, bodies[i], NULL) == 0, "no thread starts");
    }
    for (int i = 0; i < count; i++) {
        ZOO_REQUIRE(pthread_join(threads[i], NULL) == 0, "a thread cannot be joined");
    }
}

#endif
