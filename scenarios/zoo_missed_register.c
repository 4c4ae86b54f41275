/* One consumer waits until all producers have arrived. It looks, registers its waker, looks again
 * and sleeps. A producer arrives, and then takes the waker: who finds one wakes the consumer.
 *
 * PLANTED: the consumer does not look again after it has registered:
 *   1  the consumer looks: one is missing     2  that one arrives, and then finds no waker
 *   3  the consumer registers, and sleeps for ever
 * The contract of wakers that are registered while others wake, as of AtomicWaker in futures-rs.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "scenarios/zoo.h"

#define PRODUCERS 3

static atomic_int arrived;
static atomic_bool registered; /* the waker */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static bool awake;

static void sleep_until_woken(void) {
    pthread_mutex_lock(&mutex);
    while (!awake) {
        pthread_cond_wait(&woken, &mutex);
    }
    awake = false;
    pthread_mutex_unlock(&mutex);
}

static void wake(void) {
    if (atomic_exchange(&registered, false)) {
        pthread_mutex_lock(&mutex);
        awake = true;
        pthread_cond_signal(&woken);
        pthread_mutex_unlock(&mutex);
    }
}

static bool all_arrived(void) {
    return atomic_load(&arrived) == PRODUCERS;
}

static bool registers(void) {
    atomic_store(&registered, true);
#ifdef PLANTED
    return true;
#else
    return !all_arrived();
#endif
}

static void *consume(void *unused) {
    (void)unused;
    zoo_chores();
    while (!all_arrived() && registers()) {
        sleep_until_woken();
    }
    zoo_chores();
    return NULL;
}

static void *produce(void *unused) {
    (void)unused;
    zoo_chores();
    atomic_fetch_add(&arrived, 1);
    zoo_some_chores(6);
    wake();
    zoo_chores();
    return NULL;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    zoo_run((zoo_body *[]){consume, produce, produce, produce}, 1 + PRODUCERS);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "workers", "work", NULL);
}
