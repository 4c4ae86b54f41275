/* Three threads add to one total.
 *
 * PLANTED: without the lock. Two load the same total, and one of the sums is lost: no call and no
 * atomic operation lies between a load and its store.
 */
#include <pthread.h>

#include "sim/scenario.h"

#define THREADS 3
#define TURNS 5

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long total;

static void add(long amount) {
#ifndef PLANTED
    pthread_mutex_lock(&mutex);
#endif
    total += amount;
#ifndef PLANTED
    pthread_mutex_unlock(&mutex);
#endif
}

static void *teller(void *unused) {
    (void)unused;
    for (int turn = 0; turn < TURNS; turn++) {
        add(1);
    }
    return NULL;
}

int count(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, teller, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_mutex_lock(&mutex);
    sim_count("total", total);
    pthread_mutex_unlock(&mutex);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ACCESSES);
    sim_node(world, "bank", "count", NULL);
    sim_finally(world, "no amount is lost", "total", sim_equal(THREADS * TURNS));
}
