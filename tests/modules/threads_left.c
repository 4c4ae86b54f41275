/* Ends a program in one way while threads are left, chosen by WHAT. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define RUNNING 1        /* a leak: it still runs */
#define ENDED 2          /* a leak: it has ended, nobody joined it */
#define EXIT 3           /* a leak: exit(0) is as good as a return */
#define DETACHED 4       /* none: it may go on until the process ends */
#define DETACHED_LATER 5 /* none */
#define JOINED_AT_EXIT 6 /* none: a function of atexit() joins it */
#define QUICK 7          /* none: _exit() ends everything as it is */
#define ALLOWED 8        /* none: the scenario says so */
#define MAIN_FIRST 9     /* none: the last thread ends the process, main joined or not */

static pthread_t thread;

static void *run(void *unused) {
    const struct timespec some = {0, WHAT == ENDED ? 1000 : 50000000};
    nanosleep(&some, NULL);
    return unused;
}

static void join(void) {
    pthread_join(thread, NULL);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (WHAT == DETACHED) {
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    }
    if (WHAT == JOINED_AT_EXIT) {
        atexit(join);
    }
    pthread_t other;
    pthread_create(&other, NULL, run, NULL); /* one that is cared for */
    pthread_join(other, NULL);
    pthread_create(&thread, &attributes, run, NULL);
    const struct timespec little = {0, 1000000};
    nanosleep(&little, NULL);
    switch (WHAT) {
    case EXIT:
        exit(0);
    case QUICK:
        _exit(0);
    case DETACHED_LATER:
        pthread_detach(thread);
        break;
    case MAIN_FIRST:
        pthread_exit(NULL);
    default:
        break;
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    if (WHAT == ALLOWED) {
        sim_allow_leaks(world);
    }
}
