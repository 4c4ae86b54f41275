/* Threads that change words of their own, each access compared with those before: what looking for
 * data races costs where there is nothing to switch to. */
#include "tools/bench_modules/race.h"

#include <pthread.h>

#include "sim/scenario.h"

static long words[RACE_THREADS][RACE_WORDS];

static void *work(void *mine) {
    long *own = mine;
    for (int turn = 0; turn < RACE_TURNS; turn++) {
        for (int i = 0; i < RACE_WORDS; i++) {
            own[i]++;
        }
    }
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[RACE_THREADS];
    for (int i = 1; i < RACE_THREADS; i++) {
        pthread_create(&threads[i], NULL, work, words[i]);
    }
    work(words[0]);
    for (int i = 1; i < RACE_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "main", "program", NULL);
}
