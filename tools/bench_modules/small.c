/* Two threads with five operations each: a complete run with set-up and tear-down. */
#include <pthread.h>
#include <sched.h>

#include "sim/scenario.h"

#define OPERATIONS 5

static void *work(void *unused) {
    (void)unused;
    for (int i = 0; i < OPERATIONS; i++) {
        sched_yield();
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
}
