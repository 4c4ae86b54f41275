/* A pool hands out SEATS seats to THREADS threads.
 *
 * Planted bug (PLANTED): whether a seat is free is checked under the lock, but the seat is taken
 * under another holding of it:
 *   1  thread 1 sees one seat left      2  thread 2 sees one seat left      3  both take it
 */
#include <pthread.h>
#include <stdbool.h>

#include "sim/scenario.h"

#define SEATS 2
#define THREADS 3

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int taken;

static bool is_free(void) {
    pthread_mutex_lock(&mutex);
    const bool result = taken < SEATS;
    pthread_mutex_unlock(&mutex);
    return result;
}

static bool take_seat(void) {
#ifdef PLANTED
    if (!is_free()) {
        return false;
    }
    pthread_mutex_lock(&mutex);
    taken++;
    pthread_mutex_unlock(&mutex);
    return true;
#else
    if (!is_free()) { /* a cheap look first; it decides nothing */
        return false;
    }
    pthread_mutex_lock(&mutex);
    const bool result = taken < SEATS;
    taken += result;
    pthread_mutex_unlock(&mutex);
    return result;
#endif
}

static void *guest(void *unused) {
    (void)unused;
    if (take_seat()) {
        sim_count("seats taken", 1);
    }
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t guests[THREADS];
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&guests[i], NULL, guest, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(guests[i], NULL);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "hall", "program", NULL);
    sim_always(world, "no seat is taken twice", "seats taken", sim_at_most(SEATS));
    sim_finally(world, "every seat is used", "seats taken", sim_equal(SEATS));
}
