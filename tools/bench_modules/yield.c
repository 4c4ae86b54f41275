/* THREADS threads that yield YIELDS times in all: the cost of one scheduling step in runs that are
 * as long as the longer ones of the scenarios, so that caches hold what they record. */
#include <pthread.h>
#include <sched.h>

#include "sim/scenario.h"

#define YIELDS 20000

static void *spin(void *unused) {
    (void)unused;
    for (int i = 0; i < YIELDS / THREADS; i++) {
        sched_yield();
    }
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[THREADS];
    for (int i = 1; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, spin, NULL);
    }
    spin(NULL);
    for (int i = 1; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_limit_points(world, UINT64_C(1000000000));
}
