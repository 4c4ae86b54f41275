/* THREADS threads that add to shared words OPERATIONS times in all, atomically or, if PLAIN, by a
 * load and a store each: what a point below the calls costs, or, with few of them, a whole run. */
#include <pthread.h>
#include <stdatomic.h>

#include "sim/scenario.h"

#define WORDS 8

#ifdef PLAIN
static long words[WORDS];
#define ADD(word) (word)++
#define POINTS SIM_ACCESSES
#elif defined(APART)
static atomic_long words[WORDS];
#define ADD(word) atomic_store(&(word), atomic_load(&(word)) + 1)
#define POINTS SIM_ATOMICS
#else
static atomic_long words[WORDS];
#define ADD(word) atomic_fetch_add(&(word), 1)
#define POINTS SIM_ATOMICS
#endif

static void *work(void *unused) {
    (void)unused;
    for (int i = 0; i < OPERATIONS / THREADS; i++) {
        ADD(words[i % WORDS]);
    }
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[THREADS];
    for (int i = 1; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, work, NULL);
    }
    work(NULL);
    for (int i = 1; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, POINTS);
#ifndef RACES
    sim_ignore_races(world);
#endif
    sim_node(world, "main", "program", NULL);
    sim_limit_points(world, UINT64_C(1000000000));
}
