/* An object that three threads share: who gives the last reference back destroys it.
 *
 * PLANTED: who gives one back looks afterwards whether there are others; two may see that there are
 * none. No call lies between: only a switch between two atomic operations shows it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sim/scenario.h"

#define THREADS 3

struct object {
    atomic_int references;
    atomic_int uses;
};

static void give_back(struct object *object) {
#ifdef PLANTED
    atomic_fetch_sub(&object->references, 1);
    if (atomic_load(&object->references) == 0) {
#else
    if (atomic_fetch_sub(&object->references, 1) == 1) {
#endif
        sim_count("destroyed", 1);
    }
}

static void *use(void *argument) {
    struct object *object = argument;
    for (int i = 0; i < 7; i++) {
        atomic_fetch_add_explicit(&object->uses, 1, memory_order_relaxed);
    }
    give_back(object);
    return NULL;
}

int share(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct object *object = calloc(1, sizeof *object);
    pthread_t threads[THREADS];
    atomic_init(&object->references, THREADS);
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, use, object);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    sim_count("uses", atomic_load(&object->uses));
    free(object);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "sharers", "share", NULL);
    sim_finally(world, "the object is destroyed once", "destroyed", sim_equal(1));
    sim_finally(world, "each use is counted", "uses", sim_equal(7 * THREADS));
}
