/* Two threads that lock and unlock one mutex LOCKS times in all. */
#include <pthread.h>

#include "sim/scenario.h"

#define LOCKS 200000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *unused) {
    (void)unused;
    for (int i = 0; i < LOCKS / 2; i++) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t other;
    pthread_create(&other, NULL, work, NULL);
    work(NULL);
    pthread_join(other, NULL);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_limit_points(world, UINT64_C(1000000000));
}
