/* What the programs of orders.c and race.c share: threads that start and are joined. */
#ifndef TESTS_MODULES_ORDERS_H
#define TESTS_MODULES_ORDERS_H

#include <pthread.h>
#include <stddef.h>

#include "sim/scenario.h"

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            sim_fail("line %d: %s", __LINE__, #condition);                                         \
        }                                                                                          \
    } while (0)

typedef void *body(void *);

/* Runs up to three at a time, and waits for all. */
static inline void orders_run(body *first, body *second, body *third) {
    body *const all[] = {first, second, third};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        if (all[i] != NULL) {
            MUST(pthread_create(&threads[i], NULL, all[i], NULL) == 0);
        }
    }
    for (int i = 0; i < 3; i++) {
        if (all[i] != NULL) {
            MUST(pthread_join(threads[i], NULL) == 0);
        }
    }
}

#endif
